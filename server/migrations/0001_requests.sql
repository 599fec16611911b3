-- Requests, what they tell while they run, and what is left after they are forgotten.
-- Times are milliseconds since 1970 in UTC.

CREATE TABLE requests (
    id           TEXT    NOT NULL PRIMARY KEY,
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- A queued request is not taken before this time: the pause before a retry.
    not_before   INTEGER NOT NULL,
    retry_count  INTEGER NOT NULL DEFAULT 0,
    -- Name of the query picture among the request's objects: made from its digest, never the uploaded name.
    query_name   TEXT    NOT NULL,
    -- JSON: MatchOptions with purpose and consent.
    options      TEXT    NOT NULL,
    -- JSON: StageReport[], Counts, ErrorDetail, MatchResult.
    stages       TEXT    NOT NULL DEFAULT '[]',
    counts       TEXT    NOT NULL DEFAULT '{"candidates":0,"processed":0,"failed":0,"faces":0,"matches":0}',
    error        TEXT,
    result       TEXT
) STRICT;

CREATE INDEX requests_by_age ON requests (created_at DESC, id DESC);
CREATE INDEX requests_to_do ON requests (state, created_at, id);
CREATE INDEX requests_by_expiry ON requests (expires_at);

CREATE TABLE events (
    request_id TEXT    NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    -- JSON: EventKind.
    kind       TEXT    NOT NULL,
    PRIMARY KEY (request_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
    request_id TEXT    NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    message    TEXT    NOT NULL,
    PRIMARY KEY (request_id, seq)
) STRICT, WITHOUT ROWID;

-- Idempotency-Key headers, as SHA-256: a key may carry something personal.
CREATE TABLE idempotency (
    key_hash   TEXT NOT NULL PRIMARY KEY,
    body_hash  TEXT NOT NULL,
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_request ON idempotency (request_id);

-- What is left of an erased or expired request: that it was, and when it was forgotten.
CREATE TABLE tombstones (
    id        TEXT    NOT NULL PRIMARY KEY,
    erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Objects still to be deleted: of erased requests, and of uploads that are not queued (yet).
CREATE TABLE erasures (
    id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
