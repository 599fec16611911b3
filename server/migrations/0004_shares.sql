-- Links by which a result is read without an account. A token is stored as its SHA-256.

CREATE TABLE shares (
    request_id TEXT    NOT NULL PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    token_hash TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that were revoked, replaced, or ended with their request: they answer "gone" and not "unknown".
CREATE TABLE ended_shares (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    ended_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
