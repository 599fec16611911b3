### The words of the page, in Project Fluent's syntax: https://projectfluent.org/fluent/guide/
###
### `{ $name }` is a value that the code gives; where it counts things the message selects on it. docs/LANGUAGES.md says how a message is added.
### The build stops where a language lacks a message that another has, or has another value in it.

## number

number-point = .
number-percent = { $n }%
number-unknown = unknown

## time

time-month-1 = January
time-month-2 = February
time-month-3 = March
time-month-4 = April
time-month-5 = May
time-month-6 = June
time-month-7 = July
time-month-8 = August
time-month-9 = September
time-month-10 = October
time-month-11 = November
time-month-12 = December
time-day = { $day } { $month } { $year }
time-moment = { $day }, { $clock } UTC
time-under-a-millisecond = under 1 ms
time-milliseconds = { $n } ms
time-seconds = { $n } s
time-minutes = { $minutes } min { $seconds } s

## unit

unit-picture =
    { $n ->
        [one] { $n } picture
       *[other] { $n } pictures
    }
unit-source =
    { $n ->
        [one] { $n } source
       *[other] { $n } sources
    }

## list

list-last = { $list } and { $last }

## shell

shell-description = Compares a face with the faces in pictures you may search, ranks what it finds and shows why.
shell-skip = Skip to the content
shell-navigation = Main
shell-language = Language
shell-new-search = New search
shell-pools = Pools
shell-dashboard = Dashboard
shell-interface = API
shell-caution = A similarity is a measurement, not a proof. Two people can look alike, and one person can look different: compare the faces yourself before you act.
shell-own = This page loads nothing from other sites.
shell-no-browser = This needs a browser.

## problem

problem-no-reason = The server gave no reason.
problem-no-face = No face found in your photo
problem-low-quality = The face in your photo is too poor
problem-failed = The search failed
problem-tip-turned = Use a photo where the face is turned to the camera and at least 40 pixels wide.
problem-tip-light = Avoid strong backlight, sunglasses and heavy blur.
problem-tip-crop = Crop away what is far from the person.
problem-another-photo = Try another photo
problem-code = Code: { $code }. Asked { $asked }.
problem-unreachable = The server cannot be reached. Check the connection and try again.
problem-unreadable-answer = The server's answer could not be read: reload the page.
problem-unreadable-form = The form could not be read: reload the page and try again.
problem-answered = The server answered { $status }. Try again in a moment.

## home

home-title = One face, found among many pictures.
home-lead = Give the engine a photo. It compares the face with every face in the pictures it may search, ranks what it finds, and shows you why.
home-find = Find
home-find-how = People and faces are found in your photo and in each picture searched.
home-compare = Compare
home-compare-how = Each face becomes a vector; the similarity of two vectors is a number up to 1.
home-judge = Judge
home-judge-how = You see both faces side by side, the thresholds and the source. You decide.
home-photo = What happens to your photo
home-forgotten = Every result page names the day on which all of it is forgotten.
home-erase = Erase deletes it at once: photo, vectors, crops and results.
home-address = Whoever has the address of a result can open it. Share it with care.
home-work = What does the work
home-engine = Engine
home-models = Models
home-searches = Searches in
home-searches-nothing = nothing yet: no source is set up
home-queue = Queue
home-queue-now = { $queued } waiting, { $running } running
home-version = Version

## sent

sent-server-only = Your photo is sent to this server only, and examined there.
sent-to-sources = Your photo is sent to this server, and a smaller copy of it to { $sources }, unless you untick them under Options.
sent-words-to = Words that you give are sent to { $sources }.
sent-picture = gets your photo
sent-picture-url = gets your photo's public address
sent-words = gets your words
sent-nothing = stays on this server

## upload

upload-form = New search
upload-why = Why are you searching?
upload-why-example = For example: sorting our family archive
upload-why-kept = Kept with the search, in your words.
upload-consent = The search is lawful and the person in the photo agreed to it, or I have another legal ground.
upload-consent-why = Faces are biometric data. Without this no search is made.
upload-search = Search
upload-sending-one = Sending your photo…
upload-sending-several = Sending your photos…
upload-no-photo = Choose a photo first.
upload-no-purpose = Say in a few words why you are searching.
upload-no-consent = A face may only be searched with consent: tick the box if you have it.

## pick

pick-kinds = JPEG, PNG, WebP or GIF, up to { $mb } MB each; up to { $most } photos, all of the same person
pick-drop = Drop a photo, paste it, or
pick-choose = choose a file
pick-add = Drop or paste to add photos of the same person.
pick-yours = Your photo
pick-several =
    { $n ->
        [one] { $n } photo of one person
       *[other] { $n } photos of one person
    }
pick-size-one = { $mb } MB. Click to choose another.
pick-size-several = { $mb } MB. Click to choose others.
pick-photo = Photo { $n }
pick-who = Shows who is meant
pick-remove = Remove
pick-chosen = Chosen photos
pick-not-a-file = That was not a file: drop a picture saved on this device.
pick-this-file = This file
pick-unreadable = { $name } could not be read: choose it again.
pick-empty = { $name } is empty: choose another picture.
pick-too-large = { $name } has { $mb } MB; the limit is { $limit } MB. Save it smaller and try again.
pick-heic = { $name } is a HEIC or AVIF picture, which is not read yet: export it as JPEG.
pick-no-picture = { $name } is not a picture we can read: choose a JPEG, PNG, WebP or GIF.
pick-too-many = A search takes at most { $most } photos of one person: the first { $most } are kept.

## options

options-title = Options
options-face = Face
options-largest = The largest in the photo
options-face-by-size = Face { $n } (by size)
options-words = Words about the picture
options-words-example = optional, for sources that search by words
options-addresses = Addresses of pictures to compare with
options-addresses-example = optional, one per line
options-threshold = Leave out below
options-threshold-none = no limit
options-threshold-hint = Match starts at { $match }, possible at { $possible }. Empty: show all.
options-poor = Faces too poor to be sure of
options-poor-hint = Small, blurred, dark or covered: chance alone can make two of them alike.
options-poor-standard = Mark them: two are never a match
options-poor-strict = Leave them out
options-poor-off = Give them no say
options-most-faces = Faces to show at most
options-most-pictures = Pictures to look at, at most
options-sources = Where to search
options-not-set-up = Not set up on this server: { $n }
options-metered = limited or paid for

## request

request-waiting = Waiting for its turn
request-searching = Searching…
request-failed = Failed
request-in-time = in { $time }
request-copy = Copy link
request-copied = Copied
request-address = The address of this page
request-erase = Erase
request-erase-question = Erase this search?
request-erase-what = These are deleted from the server now:
request-erase-keep = Keep it
request-erase-all = Erase everything
request-erasing = Erasing…
request-erase-script = Erasing from this page needs JavaScript. A program can do it:

## state

state-queued = Waiting
state-running = Searching
state-completed = Completed
state-failed = Failed
state-expired = Erased

## stage

stage-validate = Read your photo
stage-discover = Find pictures
stage-analyse = Compare faces
stage-rank = Rank
stage-artifacts = Save crops
stage-to-come = to come
stage-done-of = { $done } of { $total }
stage-now = now
stage-failed = failed
stage-failed-after = failed after { $time }
stage-done-in = { $done } in { $time }
stage-done = done
stage-bar = Pictures looked at
stage-lost = The connection was lost. The search goes on; this page reconnects by itself.

## progress

progress-looked =
    { $n ->
        [one] { $n } picture looked at
       *[other] { $n } pictures looked at
    }
progress-looked-of = { $done } of { $total } pictures looked at
progress-compared =
    { $n ->
        [one] { $n } face compared
       *[other] { $n } faces compared
    }
progress-unusable =
    { $n ->
        [one] { $n } could not be used
       *[other] { $n } could not be used
    }

## outcome

outcome-none = No match found
outcome-possible =
    { $n ->
        [one] { $n } possible match
       *[other] { $n } possible matches
    }
outcome-matches =
    { $n ->
        [one] { $n } match
       *[other] { $n } matches
    }
outcome-and-possible =
    { $n ->
        [one] { $matches } and { $n } possible
       *[other] { $matches } and { $n } possible
    }

## badge

badge-match = Match
badge-possible = Possible
badge-no-match = No match

## verdict

verdict-match = At or above the match threshold. Very likely the same person; look yourself before you act on it.
verdict-possible = Between the two thresholds. A person should compare the two faces.
verdict-no-match = Below both thresholds. Most likely another person.
verdict-held-back = Similar enough for a match, but the faces are poor evidence ({ $reasons }): a person should compare them.

## gallery

gallery-title = Compared faces
gallery-show = Show
gallery-all = All
gallery-waiting = Faces appear here as soon as they are compared.
gallery-nothing = Nothing to show
gallery-nothing-why = No picture was left to compare with, or none reached the similarity you asked for. Search again with a lower threshold, or let the engine search more pictures.

## card

card-no-picture = No picture
card-whole = Whole picture: no face found in it
card-thumbnail = Thumbnail only
card-thumbnail-why = Only a small copy of the picture could be had
card-also-at =
    { $n ->
        [one] Also at { $n } place
       *[other] Also at { $n } places
    }
card-compare = Compare
card-compare-with = with the face in { $name }
card-scale = Similarity { $similarity } on a scale to 1. Possible from { $possible }, match from { $match }.

## opened

opened-close = Close
opened-yours = Your photo
opened-yours-alt = The face from your photo
opened-found = Found
opened-found-alt = The face found in { $name }
opened-no-crop = No crop
opened-limits = Possible from { $possible }, match from { $match }.
opened-thresholds = Thresholds:
opened-whole = The whole picture, with what was found outlined
opened-whole-alt = { $name } with the person and the face outlined
opened-similarity = Similarity (cosine)
opened-face-found = Face found with
opened-no-face = no face: the whole picture stood in
opened-confidence = { $share } confidence
opened-pose = Pose
opened-light = Light
opened-not-known = not known
opened-sharpness = Sharpness
opened-face-size = Face size
opened-pixels = { $width } × { $height } pixels
opened-person-found = Person found with
opened-no-person = face stands outside every person
opened-found-by = Found by
opened-compared = Compared
opened-picture = Picture
opened-page = On the page
opened-licence = Licence
opened-sha = SHA-256 of the file
opened-from-picture = the picture itself
opened-from-rendition = another size of the picture
opened-from-thumbnail = a small copy: the picture could not be had
opened-from-page = the picture that its page shows of itself

## place

place-not-stated = not stated
place-its-page = its page

## probe

probe-title = Your photo
probe-waiting = Your face crop appears when the search is done.
probe-purpose = Purpose
probe-no-face = No face was found: the whole picture stands in.
probe-found = Face found with { $share } confidence
probe-found-outside = Face found with { $share } confidence, outside every person found
probe-alt = The face that is searched for
probe-whole = See the whole photo
probe-whole-alt = Your photo with the faces outlined
probe-faces =
    { $n ->
        [one] { $n } face in your photo; face { $chosen } was compared.
       *[other] { $n } faces in your photo; face { $chosen } was compared.
    }
probe-photo-alt = The face in photo { $n }
probe-weight = weight { $share }
probe-similarity = similarity { $similarity }
probe-one-face = { $n } photos make the one face that is compared. A photo that counts less is a poorer one; one that is less similar may show somebody else.

## how

how-title = How this was found
how-stood-in = Something had to stand in for the usual in this run: it is listed below, and the cards concerned carry a flag.
how-engine = Engine
how-pack = Model pack
how-person = Person detector
how-face = Face detector
how-embedding = Face embedding
how-thresholds = Thresholds
how-thresholds-are = match from { $match }, possible from { $possible } (cosine)
how-calibration = Calibration
how-ranking = Ranking
how-ranking-is = by similarity; within { $tie } good faces before poor ones, then by sharpness, face size and source
how-time = Time taken
how-tries = Tries
how-asked = Asked
how-forgotten = Forgotten on
how-unusual = Out of the ordinary

## quality

quality-bar = Quality of the face
quality-quality = Quality { $summary }
quality-small = small
quality-blurred = blurred
quality-turned-away = turned away
quality-dark = too dark
quality-bright = too bright
quality-low-contrast = little contrast
quality-occluded = partly covered
quality-uncertain = hardly a face
quality-held-back = Held back: { $reasons }
quality-poor = Poor: { $reasons }
quality-straight = Looks straight ahead
quality-looks = Looks { $where }
quality-leans = { $looks }, leans { $where }
quality-right = { $degrees }° to the right
quality-left = { $degrees }° to the left
quality-up = { $degrees }° up
quality-down = { $degrees }° down
quality-light = Brightness { $brightness }, contrast { $contrast } of 255
quality-hint = The face in your photo is poor evidence ({ $reasons }). Another photo of the person may find more.

## backup

backup-named = { $name } (the backup)
backup-pack = The backup did the work, because { $why }
backup-face-detector = The backup face detector looked for faces, because the usual one failed
backup-why-memory = memory is short
backup-why-model-not-loaded = the usual networks could not be loaded
backup-why-out-of-memory = the usual networks ran out of memory
backup-why-engine-timeout = the usual networks took too long
backup-why-device-lost = the usual networks lost their device
backup-why-unusable-output = the usual networks gave numbers that make no sense
backup-why-failed = the usual networks failed
backup-switched = In the middle of the search { $why }, so everything was compared again with the backup
backup-pack-is = pack { $pack }
backup-pack-in-place = pack { $pack }, in place of { $primary }
backup-pack-stands-by = pack { $pack }; { $backup } stands by
backup-degraded-backup = The backup networks do the work, because { $why }: searches may be slower or find less.
backup-degraded = The service is degraded: searches may be slow or fail.

## diagnostic

diagnostic-no-face = no face found, so the whole picture was compared
diagnostic-no-person = no person found, so the full frame was searched for faces
diagnostic-low-quality = left out, as every face in them is too poor to be sure of
diagnostic-backup-detector = the face detector failed, so its backup looked for faces
diagnostic-no-person-in-query = Your photo: no person found, so the full frame was searched for faces
diagnostic-photos-disagree =
    { $n ->
        [one] { $n } photo of yours: the face is unlike those in the others, so it may be somebody else's
       *[other] { $n } photos of yours: the face is unlike those in the others, so it may be somebody else's
    }
diagnostic-face-again =
    { $n ->
        [one] { $n } further look for faces: failed; what the others showed was compared
       *[other] { $n } further looks for faces: failed; what the others showed was compared
    }
diagnostic-times = { $what } ({ $n } times)

## absence

absence-had-not = What could not be had: { $what }
absence-had-not-and-unasked = What could not be had: { $what }; { $sources } not asked
absence-unasked = Not asked: { $sources }
absence-not-set-up = Not set up on this server: { $sources }
absence-source-provider-not-configured = no key is set for it on this server
absence-source-unknown-provider = not known to this server
absence-source-provider-unavailable = could not be reached
absence-source-provider-refused = refused the search
absence-source-provider-unauthorized = did not accept this server's key
absence-source-provider-quota-spent = has no searches left for this server
absence-source-provider-rate-limited = asked for fewer searches
absence-source-provider-timeout = took too long to answer
absence-source-provider-answer = answered something that could not be understood
absence-source-provider-needs-more = not asked, because it needs words or an address that this search did not give
absence-source-provider-interrupted = asked when the search was cut off, and not asked again, which could cost twice
absence-picture-deadline = the search ran out of time before they arrived
absence-picture-not-found = not there any more
absence-picture-timeout = took too long to arrive
absence-picture-interrupted = the connection broke off
absence-picture-unreachable = their site could not be reached
absence-picture-host-down = their site failed again and again and was left alone
absence-picture-rate-limited = their site asked for fewer requests
absence-picture-forbidden = their site does not give them to us
absence-picture-server-error = their site answered with an error
absence-picture-too-many-redirects = their address leads from one place to another without end
absence-picture-refused-host = their address leads into a private network and was refused
absence-picture-refused-address = their address is of a kind that is not opened here
absence-picture-outside-pool = they lie outside their folder
absence-picture-too-large = too large
absence-picture-too-many-pixels = too many pixels
absence-picture-not-a-picture = what came was not a picture we can read
absence-picture-unreadable-image = damaged or cut short
absence-picture-engine-failed = the networks failed on them
absence-picture-out-of-memory = the networks ran out of memory on them
absence-picture-engine-timeout = the networks took too long over them

## tools

tools-filters = Filter and sort the faces
tools-least = Similarity at least
tools-any = any
tools-source = Source
tools-every-source = Every source
tools-licence = Licence
tools-every-licence = Every licence
tools-sort = Sort by
tools-by-similarity = Similarity
tools-by-found = Order found
tools-by-source = Source
tools-by-quality = Quality of the face
tools-shown = { $n } of { $total } faces shown
tools-apply = Apply
tools-clear = Clear the filters
tools-none-left = No face passes the filters
tools-none-left-why = All { $n } faces are hidden by what you have chosen above.
tools-keys = Keys
tools-key-next = next or previous face, where a face has the focus; letters begin anywhere
tools-key-row = the row below or above
tools-key-open = open the face
tools-key-turn = in an opened face: the next or previous one
tools-key-close = close it
tools-key-keys = show these keys
tools-letters = Letters are keys
tools-letters-why = Turn them off if you speak to your computer, or press letters by accident.
tools-previous = Previous face
tools-next = Next face
tools-aligned = Aligned
tools-aligned-why = Turned and scaled so that the eyes lie in the same place: what the network compares.
tools-outlines = Outline the face, its landmarks and the person
tools-all-outlined = All faces and people outlined
tools-plain-alt = The picture { $name }
tools-face = Face
tools-quality = Quality
tools-eyes = Between the eyes
tools-eyes-are = { $n } pixels
tools-covered = Covered, at a guess
tools-address = Address
tools-size = Size
tools-retrieved = Had at
tools-places = Where it was found
tools-made-by = What compared them
tools-copy = Copy
tools-share = Share
tools-share-title = Share this result
tools-share-what = Whoever has the link sees the faces, the sources and the numbers. They cannot erase the search, share it further in your name or learn its address.
tools-share-rules = There is one link at a time: a new one ends the one before. It ends at the latest when the search is forgotten, on { $day }.
tools-share-for = The link works for
tools-hour = 1 hour
tools-day = 1 day
tools-week = 1 week
tools-month = 30 days
tools-share-make = Create a link
tools-share-again = Create another link
tools-share-later = A search can be shared when it is done.
tools-share-made = The link works until { $until }. Copy it now: it is shown only this once.
tools-share-address = The link to share
tools-share-end = End the link
tools-share-ended = The link has ended. Whoever opens it now is told so.
tools-share-none = There is no open link: nobody but you can read this result.
tools-share-script = Sharing from this page needs JavaScript. A program can do it:
tools-export = Export
tools-export-title = Take the result along
tools-export-shown = The faces shown now, in this order: { $n }
tools-export-all = The whole result, as programs get it
tools-as-csv = CSV
tools-as-json = JSON
tools-as-zip = ZIP
tools-evidence = Evidence bundle: crops, sources, times, the hash of every file, and a manifest of it all
tools-manifest = SHA-256 of its manifest:
tools-erase-photo = your photo and its face vectors
tools-erase-result = every crop, the results and the evidence bundle
tools-erase-links = the address of this page and any link that you have shared: both stop working for everyone
tools-erase-final = This cannot be undone.

## given

given-camera = Take a photo
given-address = Or its address on the web
given-address-example = https://example.org/photo.jpg
given-address-hint = This server fetches it from there. Beside a photo of yours, the address is only told to sources that search by address.
given-bad-address = This is not an address on the web: it begins with https:// or http://.
given-again = Try again

## which

which-face = Face { $n } of { $total }
which-photo = Your photo with { $n } faces outlined
which-how = If another person is meant, choose the face in the photo: click it, or use the arrow keys.
which-kept = Another face is another person, so this is asked again. Photo, purpose and options stay the same.
which-search = Search with this face

## cancel

cancel-do = Cancel the search
cancel-how = It stops, and your photo and all that was found are erased.
cancel-doing = Stopping…
cancel-title = The search is cancelled
cancel-done = It was stopped. Your photo, the face vectors and all that was found until then are erased from this server.
