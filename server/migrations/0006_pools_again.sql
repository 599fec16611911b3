-- Pools again: which one of its name a pool is, what it holds, whether it is on its way out; and what the workers compare with.

-- Made anew with every pool: vectors in memory of one that was deleted are not those of the next of its name.
ALTER TABLE pools ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
-- 1: it is deleted, and its pictures go one portion after the other; nobody sees it any more.
ALTER TABLE pools ADD COLUMN going INTEGER NOT NULL DEFAULT 0;
-- Pictures with an analysis, their faces, and pictures without one: kept by whoever changes them, so that nobody has to count.
ALTER TABLE pools ADD COLUMN pictures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN faces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0;
UPDATE pools SET
    pictures = (SELECT count(*) FROM pool_pictures c WHERE c.pool = pools.name AND c.failure = ''),
    faces = (SELECT coalesce(sum(c.faces), 0) FROM pool_pictures c WHERE c.pool = pools.name),
    unreadable = (SELECT count(*) FROM pool_pictures c WHERE c.pool = pools.name AND c.failure <> '');

-- Analyses of deleted pools, by their keys: every machine takes them out of its cache. Nothing of a picture can be read from a
-- key. The numbers come in order, so that a machine remembers the last one that it has seen and nothing else.
CREATE TABLE pool_notes (
    number    INTEGER NOT NULL PRIMARY KEY,
    key       TEXT    NOT NULL,
    erased_at INTEGER NOT NULL
) STRICT;
INSERT INTO pool_notes (number, key, erased_at)
    SELECT row_number() OVER (ORDER BY erased_at, key), key, erased_at FROM pool_erasures;
DROP TABLE pool_erasures;

-- One row: the number of the last note. Whoever writes notes takes the numbers here first, so that notes are seen in the order of
-- their numbers: the row is held until they are.
CREATE TABLE pool_notes_taken (
    id     INTEGER NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;
INSERT INTO pool_notes_taken (id, number) SELECT 1, coalesce(max(number), 0) FROM pool_notes;

-- What the networks of each process that works would compare with now. A process that says nothing for a while counts no more.
CREATE TABLE contracts (
    worker   TEXT    NOT NULL PRIMARY KEY,
    -- The embedding network's name, to be shown.
    name     TEXT    NOT NULL,
    -- Digest, preprocessing, dimension, as `pools.contract`.
    contract TEXT    NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
