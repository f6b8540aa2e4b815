-- Secret keys. hash is the SHA-256 of the secret in hexadecimal; the secret itself
-- is nowhere. revoked and last_used change on their own, doc never does.
CREATE TABLE IF NOT EXISTS mercer_api_key (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    hash CHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY api_key_hash (hash),
    KEY api_key_created (created, id)
) ENGINE = InnoDB;
