-- Notices of payment providers (webhooks), one for each of their events. What they
-- say is never believed and not kept: only whose payment to look after. due is
-- NULL when a notice is over.
CREATE TABLE IF NOT EXISTS mercer_webhook_inbox (
    provider VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    payment_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    provider_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    state VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    attempts BIGINT NOT NULL,
    received BIGINT NOT NULL,
    due BIGINT NULL,
    error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (provider, event_id),
    KEY webhook_inbox_due (due, received),
    KEY webhook_inbox_over (state, received)
) ENGINE = InnoDB;
