-- Events that wait to be published. seq counts the events of one aggregate (k).
CREATE TABLE IF NOT EXISTS mercer_outbox (
    position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    part INT NOT NULL,
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    version INT NOT NULL,
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    trace VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY outbox_id (id),
    UNIQUE KEY outbox_seq (k, seq),
    KEY outbox_part (part, position)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS mercer_event_seq (
    k VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
) ENGINE = InnoDB;

-- Commands that count once. state: 1 done, 2 undone; was: the state before the last try.
CREATE TABLE IF NOT EXISTS mercer_once (
    op VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    k VARCHAR(150) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state INT NOT NULL,
    was INT NOT NULL,
    tries INT NOT NULL,
    PRIMARY KEY (op, k)
) ENGINE = InnoDB;
