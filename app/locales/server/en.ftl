# Words of the pages that the server renders alone: they are not in the program that the browser loads.

alone-as-of = As of { $moment }
alone-clock = { $clock } UTC
alone-refresh = Refresh
alone-refresh-self = Refresh by itself
alone-lost = The server did not answer: what is shown here is older. It is asked again by itself.

dashboard-title = Dashboard
dashboard-well = All is well
dashboard-degraded = Degraded
dashboard-away = The database cannot be reached just now, so searches and pools are not shown. Nothing that was accepted is lost.
dashboard-queue = Queue
dashboard-room = room for { $n }
dashboard-workers =
    { $n ->
        [one] { $n } worker
       *[other] { $n } workers
    }
dashboard-speed = Throughput and latency
dashboard-window = How far back
dashboard-hour = 1 hour
dashboard-day = 24 hours
dashboard-week = 7 days
dashboard-cut = Only the newest { $n } searches are counted.
dashboard-throughput = Searches that ended
dashboard-throughput-is = Bars over time: { $completed } completed, { $failed } failed. The numbers are in the table below.
dashboard-latency = Time to the result, waiting included
dashboard-latency-is = Spans over time from the median to what 95 of 100 stay within, { $most } at most. The numbers are in the table below.
dashboard-median = Median
dashboard-slowest = 95 of 100 stay within
dashboard-nothing = Nothing yet.
dashboard-none = –
dashboard-now = now
dashboard-as-table = As a table
dashboard-from = From
dashboard-stages = Where the time goes
dashboard-stages-are = Mean of each stage on this server, since it was started.
dashboard-stage = Stage
dashboard-mean = Mean
dashboard-searches = Searches
dashboard-newest = Newest searches
dashboard-no-ids = Without photos, purposes and addresses: this page is open to everybody who reaches the server.
dashboard-asked = Asked
dashboard-state = State
dashboard-took = Took
dashboard-engine = Engine and networks
dashboard-database = Database
dashboard-objects = Files
dashboard-ok = reachable
dashboard-not-reached = not reachable
dashboard-stuck =
    { $n ->
        [one] { $n } thread hangs in the engine.
       *[other] { $n } threads hang in the engine.
    }
dashboard-networks = Networks, one by one
dashboard-network = Network
dashboard-warm-up = Warm-up
dashboard-batch = At once
dashboard-to-pools = All about the pools
dashboard-providers = Sources
dashboard-provider = Source
dashboard-ready = ready
dashboard-unset = not set up
dashboard-note = What it searches
dashboard-sent = What it gets

pools-lead = Collections of your own pictures. Each is looked at once; from then on a search compares with its faces and computes nothing of them again.
pools-none = There are no pools yet
pools-none-why = A pool is a folder or a bucket of pictures that searches may compare with.
pools-name = Name
pools-name-hint = 1 to 40 letters, digits, - or _. A search asks for the pool by it.
pools-place = Place
pools-place-hint = A folder of the server, like /srv/photos, or s3://bucket/prefix, below a place that the operator has set aside.
pools-pictures = Pictures
pools-faces = Faces
pools-last = Last synced
pools-never = never
pools-progress = { $done } of { $total } looked at
pools-failed =
    { $n ->
        [one] { $n } picture could not be looked at; the next sync tries it again.
       *[other] { $n } pictures could not be looked at; the next sync tries them again.
    }
pools-unreadable =
    { $n ->
        [one] { $n } file is no picture that can be read.
       *[other] { $n } files are no pictures that can be read.
    }
pools-sync = Sync
pools-delete = Delete
pools-delete-question = Delete the pool { $name }?
pools-delete-what = Everything that was stored of it goes: its list, the analyses and the face vectors. The pictures stay where they are.
pools-delete-settings = Its name stands in the server's settings: it stays in the list and is synced again by the next start.
pools-keep = Keep it
pools-delete-all = Delete the pool
pools-add = Add a pool
pools-add-now = Add
pools-may-not-add = Pools are added here where the operator has set aside a place for them (POOL_ROOTS).
pools-done-added = The pool is added. Sync it, so that searches find its faces at once.
pools-done-asked = The sync was asked for; it goes on in the background.
pools-done-deleted = The pool is deleted: nothing of it is stored any more.
pools-state-new = Not synced yet
pools-state-queued = Waiting to sync
pools-state-syncing = Syncing
pools-state-synced = Synced
pools-state-failed = Sync failed
pools-state-outdated = Outdated
pools-state-not-allowed = Not allowed
pools-help-new = Until it is synced, a search looks at each of its pictures.
pools-help-outdated = Its faces were computed by other networks than those that run now: it is searched again after the next sync.
pools-help-not-allowed = The server's settings do not let it be looked at any more.
pools-help-failed = The last sync ended early. What was stored before stays; sync it again.

shared-title = A shared result
shared-preview = The result of a search for a face, shared by link. Open it to see what was compared and how sure it is.
shared-pill = Shared with you, to read
shared-dates = Searched on { $made }. This link ends on { $ends }.
shared-searched = Searched for
shared-ended = Link ended
shared-ended-title = This link has ended
shared-ended-why = It was revoked, is past its time, or what it showed was erased. Ask whoever gave it to you.
shared-unknown-title = There is nothing behind this link
shared-unknown-why = Check that it was copied whole.

trouble-old-link = Old link
trouble-old-link-title = This link is too old
trouble-old-link-why = Links to pictures open for a short while. Open the page of the search again: it has new ones.
trouble-away-title = This cannot be shown right now
trouble-again = Try again in a moment. Nothing that was accepted is lost.
trouble-again-in = Try again in { $seconds } seconds. Nothing that was accepted is lost.
trouble-failed = Failed
trouble-failed-title = Something failed inside the service
trouble-failed-why = It is not your doing. Try again; if it stays so, tell the operator.
trouble-operator = The operator finds it in the log by this id: { $id }
trouble-refused = Refused
trouble-refused-title = This was not done
trouble-reload = Try again

problem-not-found = Not found
problem-no-page = There is no page here
problem-no-page-why = The address may be mistyped, or cut off where it was copied from.
problem-erased = Erased
problem-erased-title = This search is erased
problem-erased-why = It was erased on demand or reached the end of its time. The photo, the face vectors, the crops and the results are gone from this server.
problem-no-search = No search has this address
problem-no-search-why = Check that the whole address was copied. Searches are forgotten after a while, too.
problem-out-of-reach = Out of reach
