-- Several processes share the work: who has a request in hand, what a later run goes on from, and what all of them must know.

-- A token made anew whenever a worker takes the request up; a write by an older one changes nothing.
ALTER TABLE requests ADD COLUMN claim TEXT;

-- What a running request has kept: answers of providers, candidates that were looked at. It goes when the request ends.
CREATE TABLE kept (
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (request_id, key)
) STRICT, WITHOUT ROWID;

-- Why a search was made, and that it was said to be lawful: the record of it stands as long as the request does.
CREATE TABLE consents (
    request_id TEXT    NOT NULL PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    purpose    TEXT    NOT NULL,
    given_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets that all machines share.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Objects are not deleted before this time: an upload is going on until then, or a worker elsewhere may write a last one.
ALTER TABLE erasures ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
