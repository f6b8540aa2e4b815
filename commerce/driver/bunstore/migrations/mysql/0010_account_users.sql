-- People. email is the normalized address; doc has it as it was written. password
-- is what the hasher made of it, nowhere else.
CREATE TABLE IF NOT EXISTS mercer_account_user (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    kind VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    created BIGINT NOT NULL,
    password VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY account_user_email (kind, email),
    KEY account_user_created (kind, created, id),
    CHECK (kind IN ('customer', 'staff')),
    CHECK (version > 0)
) ENGINE = InnoDB;

-- Sign-ins. Refresh tokens are derived from nonce, generation and a secret that is
-- not in the database.
CREATE TABLE IF NOT EXISTS mercer_account_session (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    device VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    nonce VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    generation BIGINT NOT NULL,
    created BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    KEY account_session_user (user_id, created, id),
    KEY account_session_expires (expires),
    CHECK (generation > 0)
) ENGINE = InnoDB;

-- Mails about accounts. hash is the SHA-256 of the code in hexadecimal; the code
-- itself is nowhere. used changes on its own, doc never does.
CREATE TABLE IF NOT EXISTS mercer_account_challenge (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    hash CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    user_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY account_challenge_hash (hash),
    KEY account_challenge_user (user_id, kind),
    KEY account_challenge_expires (expires)
) ENGINE = InnoDB;

-- What was tried under a key since the window opened that closes at until.
CREATE TABLE IF NOT EXISTS mercer_account_attempt (
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    n INT NOT NULL,
    until BIGINT NOT NULL,
    KEY account_attempt_until (until)
) ENGINE = InnoDB;
