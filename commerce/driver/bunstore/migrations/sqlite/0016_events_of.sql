-- People look at the events of one thing.
CREATE INDEX IF NOT EXISTS mercer_outbox_archive_of ON mercer_outbox_archive (k);
