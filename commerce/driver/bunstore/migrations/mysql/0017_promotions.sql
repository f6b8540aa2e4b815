-- doc is the promotion as JSON text, but for used and version; the columns beside it
-- are what it is found and guarded by. An archived one has no code. automatic: it
-- applies by itself, now.
CREATE TABLE IF NOT EXISTS mercer_promotion (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    code VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    automatic TINYINT NOT NULL,
    archived TINYINT NOT NULL,
    usage_limit BIGINT NULL,
    used BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY promotion_code (code),
    KEY promotion_automatic (automatic, id),
    CONSTRAINT mercer_promotion_used CHECK (used >= 0),
    CONSTRAINT mercer_promotion_limit CHECK (usage_limit IS NULL OR used <= usage_limit),
    CONSTRAINT mercer_promotion_version CHECK (version > 0)
) ENGINE = InnoDB;

-- Uses by orders that are not canceled; k is of the run that placed the order. slot
-- is from 1 to the limit of one buyer, if the promotion has one.
CREATE TABLE IF NOT EXISTS mercer_promotion_use (
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    promotion_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    buyer VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    slot INT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (k, promotion_id),
    UNIQUE KEY promotion_use_slot (promotion_id, buyer, slot),
    CONSTRAINT mercer_promotion_use_slot CHECK (slot >= 1)
) ENGINE = InnoDB;
