-- Notices of payment providers (webhooks), one for each of their events. What they
-- say is never believed and not kept: only whose payment to look after. due is
-- NULL when a notice is over.
CREATE TABLE IF NOT EXISTS mercer_webhook_inbox (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    received INTEGER NOT NULL,
    due INTEGER,
    error TEXT NOT NULL,
    PRIMARY KEY (provider, event_id)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_webhook_inbox_due ON mercer_webhook_inbox (due, received, provider, event_id);
CREATE INDEX IF NOT EXISTS mercer_webhook_inbox_over ON mercer_webhook_inbox (state, received);
