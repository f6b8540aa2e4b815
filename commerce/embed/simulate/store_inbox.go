package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// inboxStore is a outbox.Inbox whose calls are steps of a schedule.
type inboxStore struct {
	outbox.Inbox
	*database
}

var _ outbox.Inbox = inboxStore{}

// Scope implements outbox.Inbox.
func (s inboxStore) Scope() txn.Scope { return s.scope }

// Enter implements outbox.Inbox.
func (s inboxStore) Enter(ctx context.Context, consumer, eventID string, at time.Time) (bool, error) {
	return ask(ctx, s.database, "inbox.enter", writes, func() (bool, error) { return s.Inbox.Enter(ctx, consumer, eventID, at) })
}

// Cursor implements outbox.Inbox.
func (s inboxStore) Cursor(ctx context.Context, consumer, key string) (int64, error) {
	return ask(ctx, s.database, "inbox.cursor", reads, func() (int64, error) { return s.Inbox.Cursor(ctx, consumer, key) })
}

// Advance implements outbox.Inbox.
func (s inboxStore) Advance(ctx context.Context, consumer, key string, seq int64) error {
	return tell(ctx, s.database, "inbox.advance", writes, func() error { return s.Inbox.Advance(ctx, consumer, key, seq) })
}

// Fail implements outbox.Inbox.
func (s inboxStore) Fail(ctx context.Context, l outbox.Letter) (int, error) {
	s.w.writtenJSON("letters", l.Consumer+" "+l.Event.ID, l)
	return ask(ctx, s.database, "inbox.fail", writes, func() (int, error) { return s.Inbox.Fail(ctx, l) })
}

// Bury implements outbox.Inbox.
func (s inboxStore) Bury(ctx context.Context, consumer, eventID string) error {
	return tell(ctx, s.database, "inbox.bury", writes, func() error { return s.Inbox.Bury(ctx, consumer, eventID) })
}

// Clear implements outbox.Inbox.
func (s inboxStore) Clear(ctx context.Context, consumer, eventID string) error {
	return tell(ctx, s.database, "inbox.clear", writes, func() error { return s.Inbox.Clear(ctx, consumer, eventID) })
}

// Letter implements outbox.Inbox.
func (s inboxStore) Letter(ctx context.Context, consumer, eventID string) (outbox.Letter, error) {
	return ask(ctx, s.database, "inbox.letter", reads, func() (outbox.Letter, error) { return s.Inbox.Letter(ctx, consumer, eventID) })
}

// Letters implements outbox.Inbox.
func (s inboxStore) Letters(ctx context.Context, q outbox.Letters) (page.Page[outbox.Letter], error) {
	return ask(ctx, s.database, "inbox.letters", reads, func() (page.Page[outbox.Letter], error) { return s.Inbox.Letters(ctx, q) })
}

// Dead implements outbox.Inbox.
func (s inboxStore) Dead(ctx context.Context) ([]outbox.DeadCount, error) {
	return ask(ctx, s.database, "inbox.dead", reads, func() ([]outbox.DeadCount, error) { return s.Inbox.Dead(ctx) })
}

// Deliveries implements outbox.Inbox.
func (s inboxStore) Deliveries(ctx context.Context, eventIDs []string) ([]outbox.Delivery, error) {
	return ask(ctx, s.database, "inbox.deliveries", reads, func() ([]outbox.Delivery, error) { return s.Inbox.Deliveries(ctx, eventIDs) })
}

// Redrive implements outbox.Inbox.
func (s inboxStore) Redrive(ctx context.Context, consumer, eventID string) error {
	return tell(ctx, s.database, "inbox.redrive", writes, func() error { return s.Inbox.Redrive(ctx, consumer, eventID) })
}

// PruneInbox implements outbox.Inbox.
func (s inboxStore) PruneInbox(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "inbox.prune_inbox", writes, func() (int64, error) { return s.Inbox.PruneInbox(ctx, before) })
}

// PruneLetters implements outbox.Inbox.
func (s inboxStore) PruneLetters(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "inbox.prune_letters", writes, func() (int64, error) { return s.Inbox.PruneLetters(ctx, before) })
}
