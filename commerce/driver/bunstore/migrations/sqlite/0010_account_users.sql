-- People. email is the normalized address; doc has it as it was written. password
-- is what the hasher made of it, nowhere else.
CREATE TABLE IF NOT EXISTS mercer_account_user (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'staff')),
    email TEXT NOT NULL,
    created INTEGER NOT NULL,
    password TEXT NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (kind, email)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_account_user_created ON mercer_account_user (kind, created, id);

-- Sign-ins. Refresh tokens are derived from nonce, generation and a secret that is
-- not in the database.
CREATE TABLE IF NOT EXISTS mercer_account_session (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    device TEXT NOT NULL,
    nonce TEXT NOT NULL,
    generation INTEGER NOT NULL CHECK (generation > 0),
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ended INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_account_session_user ON mercer_account_session (user_id, created, id);
CREATE INDEX IF NOT EXISTS mercer_account_session_expires ON mercer_account_session (expires);

-- Mails about accounts. hash is the SHA-256 of the code in hexadecimal; the code
-- itself is nowhere. used changes on its own, doc never does.
CREATE TABLE IF NOT EXISTS mercer_account_challenge (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_account_challenge_user ON mercer_account_challenge (user_id, kind);
CREATE INDEX IF NOT EXISTS mercer_account_challenge_expires ON mercer_account_challenge (expires);

-- What was tried under a key since the window opened that closes at until.
CREATE TABLE IF NOT EXISTS mercer_account_attempt (
    k TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_account_attempt_until ON mercer_account_attempt (until);
