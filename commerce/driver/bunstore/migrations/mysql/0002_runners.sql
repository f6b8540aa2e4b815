-- What is known of each run of a flow. err is 'null' unless the run is undone.
CREATE TABLE IF NOT EXISTS mercer_journal (
    flow VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    id VARCHAR(150) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version BIGINT NOT NULL,
    phase VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    next_step VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    last_step VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    input VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    err MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    touched BIGINT NOT NULL,
    PRIMARY KEY (flow, id),
    KEY journal_stale (flow, phase, touched)
) ENGINE = InnoDB;

-- Which relay publishes a part of the outbox. fence counts the owners.
CREATE TABLE IF NOT EXISTS mercer_outbox_lease (
    part INT NOT NULL,
    owner VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    PRIMARY KEY (part)
) ENGINE = InnoDB;

-- Events that were published, to publish them again.
CREATE TABLE IF NOT EXISTS mercer_outbox_archive (
    position BIGINT NOT NULL,
    part INT NOT NULL,
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version INT NOT NULL,
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    trace VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    published BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY outbox_archive_position (position),
    KEY outbox_archive_published (published)
) ENGINE = InnoDB;

-- Events that a consumer has taken.
CREATE TABLE IF NOT EXISTS mercer_inbox (
    consumer VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id),
    KEY inbox_at (at)
) ENGINE = InnoDB;

-- The last event of an aggregate (k) that a consumer in order has taken.
CREATE TABLE IF NOT EXISTS mercer_inbox_cursor (
    consumer VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (consumer, k)
) ENGINE = InnoDB;

-- Events that a consumer failed on. state: trying, dead, again.
CREATE TABLE IF NOT EXISTS mercer_dead_letter (
    consumer VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    error TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    tries INT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, event_id),
    KEY dead_letter_state (state, last_at)
) ENGINE = InnoDB;

-- Idempotency keys. state: running, applied, done. memo is the result of the unit of work, answer what was answered.
CREATE TABLE IF NOT EXISTS mercer_idem (
    scope VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    k VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    fingerprint VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    fence BIGINT NOT NULL,
    until BIGINT NOT NULL,
    memo_type VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    memo MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    answer MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    at BIGINT NOT NULL,
    saves BIGINT NOT NULL,
    PRIMARY KEY (scope, k),
    KEY idem_at (at),
    KEY idem_state (state, until)
) ENGINE = InnoDB;

-- Periodic work. fence counts the owners; last_error is empty after a success.
CREATE TABLE IF NOT EXISTS mercer_job (
    name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    owner VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    last_start BIGINT NOT NULL,
    last_end BIGINT NOT NULL,
    last_error TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    runs BIGINT NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB;
