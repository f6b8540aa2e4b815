-- Mails, one for each event, kind and recipient. data is the payload of the event
-- and never changes; doc has neither the text of the mail nor a code. due is NULL
-- when the mail is out or given up.
CREATE TABLE IF NOT EXISTS mercer_notification (
    id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    event_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    role VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    created BIGINT NOT NULL,
    data MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    recipient VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    requested BIGINT NOT NULL,
    due BIGINT NULL,
    version BIGINT NOT NULL,
    doc MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    UNIQUE KEY notification_event (event_id, kind, role),
    KEY notification_due (due, id),
    KEY notification_over (due, requested),
    KEY notification_created (created, id),
    KEY notification_recipient (recipient, created, id),
    CONSTRAINT mercer_notification_version CHECK (version > 0)
) ENGINE = InnoDB;
