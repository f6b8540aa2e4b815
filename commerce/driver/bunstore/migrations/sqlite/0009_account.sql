-- Secret keys. hash is the SHA-256 of the secret in hexadecimal; the secret itself
-- is nowhere. revoked and last_used change on their own, doc never does.
CREATE TABLE IF NOT EXISTS mercer_api_key (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_api_key_created ON mercer_api_key (created, id);
