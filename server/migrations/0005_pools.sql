-- Pools: collections of the operator's own pictures, and what the networks have made of each picture.

CREATE TABLE pools (
    name          TEXT    NOT NULL PRIMARY KEY,
    -- `s3://bucket/prefix`, or a folder; of a pool of the settings the settings' word counts.
    place         TEXT    NOT NULL,
    -- `settings` or `route`.
    origin        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    -- Counts up with every change of its pictures: whoever holds vectors in memory sees that they are old.
    version       INTEGER NOT NULL DEFAULT 0,
    -- Numbers of pictures are never used again: a picture that has changed is a new one.
    next_number   INTEGER NOT NULL DEFAULT 1,
    -- Which networks made the vectors that are searched; empty: there was no sync yet.
    contract      TEXT    NOT NULL DEFAULT '',
    synced_at     INTEGER NOT NULL DEFAULT 0,
    -- A sync was asked for; 0: none is.
    wanted_at     INTEGER NOT NULL DEFAULT 0,
    -- Whoever syncs it now, made anew for each sync; taken over by others after this time.
    claim         TEXT    NOT NULL DEFAULT '',
    claimed_until INTEGER NOT NULL DEFAULT 0,
    -- Of the newest sync: pictures that had to be looked at, and those that were; those that could not be looked at.
    to_do         INTEGER NOT NULL DEFAULT 0,
    done          INTEGER NOT NULL DEFAULT 0,
    failed        INTEGER NOT NULL DEFAULT 0,
    -- Why the newest sync ended early: a sentence for the operator.
    error         TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE pool_pictures (
    pool     TEXT    NOT NULL REFERENCES pools (name) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    -- Path below the folder, with `/`; or the object's key.
    place    TEXT    NOT NULL,
    -- The store's, or size and time of change.
    etag     TEXT    NOT NULL,
    -- Of the file, hex; empty where it could not be had.
    sha256   TEXT    NOT NULL,
    -- Everything that decides what becomes of a picture, but for the engine: where it differs, the picture is looked at anew.
    networks TEXT    NOT NULL,
    contract TEXT    NOT NULL,
    -- The key of the analysis; empty where there is none.
    key      TEXT    NOT NULL,
    faces    INTEGER NOT NULL,
    -- Why there is no analysis, and will be none while the file stays as it is; else empty.
    failure  TEXT    NOT NULL,
    -- People, faces with boxes, landmarks and quality, and their vectors, in the format of the cache of analyses.
    analysis BLOB    NOT NULL,
    PRIMARY KEY (pool, number),
    UNIQUE (pool, place)
) STRICT;

CREATE INDEX pool_pictures_by_key ON pool_pictures (key);

-- Analyses of deleted pools, by their keys: every machine takes them out of its cache. Nothing of a picture can be read from a key.
CREATE TABLE pool_erasures (
    key       TEXT    NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (key, erased_at)
) STRICT, WITHOUT ROWID;
