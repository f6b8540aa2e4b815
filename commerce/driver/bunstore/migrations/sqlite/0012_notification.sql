-- Mails, one for each event, kind and recipient. data is the payload of the event
-- and never changes; doc has neither the text of the mail nor a code. due is NULL
-- when the mail is out or given up.
CREATE TABLE IF NOT EXISTS mercer_notification (
    id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    created INTEGER NOT NULL,
    data TEXT NOT NULL,
    state TEXT NOT NULL,
    recipient TEXT NOT NULL,
    requested INTEGER NOT NULL,
    due INTEGER,
    version INTEGER NOT NULL CHECK (version > 0),
    doc TEXT NOT NULL,
    UNIQUE (event_id, kind, role)
) STRICT;
CREATE INDEX IF NOT EXISTS mercer_notification_due ON mercer_notification (due, id);
CREATE INDEX IF NOT EXISTS mercer_notification_over ON mercer_notification (due, requested);
CREATE INDEX IF NOT EXISTS mercer_notification_created ON mercer_notification (created, id);
CREATE INDEX IF NOT EXISTS mercer_notification_recipient ON mercer_notification (recipient, created, id);
