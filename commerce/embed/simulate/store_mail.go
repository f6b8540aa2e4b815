package simulate

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// mailStore is a notification.Store whose calls are steps of a schedule.
type mailStore struct {
	notification.Store
	*database
}

var _ notification.Store = mailStore{}

// Scope implements notification.Store.
func (s mailStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s mailStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "mails.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Add implements notification.Store.
func (s mailStore) Add(ctx context.Context, d notification.Delivery) (bool, error) {
	s.w.written("mails", d.ID, d.Data)
	return ask(ctx, s.database, "mails.add", writes, func() (bool, error) { return s.Store.Add(ctx, d) })
}

// Delivery implements notification.Store.
func (s mailStore) Delivery(ctx context.Context, id string) (notification.Delivery, error) {
	return ask(ctx, s.database, "mails.delivery", reads, func() (notification.Delivery, error) { return s.Store.Delivery(ctx, id) })
}

// Save implements notification.Store.
func (s mailStore) Save(ctx context.Context, d *notification.Delivery) error {
	return tell(ctx, s.database, "mails.save", writes, func() error { return s.Store.Save(ctx, d) })
}

// Due implements notification.Store.
func (s mailStore) Due(ctx context.Context, now time.Time, limit int) ([]notification.Delivery, error) {
	return ask(ctx, s.database, "mails.due", reads, func() ([]notification.Delivery, error) { return s.Store.Due(ctx, now, limit) })
}

// List implements notification.Store.
func (s mailStore) List(ctx context.Context, f notification.Filter, created time.Time, id string, limit int) ([]notification.Delivery, error) {
	return ask(ctx, s.database, "mails.list", reads, func() ([]notification.Delivery, error) { return s.Store.List(ctx, f, created, id, limit) })
}

// Prune implements notification.Store.
func (s mailStore) Prune(ctx context.Context, before time.Time) (int64, error) {
	return ask(ctx, s.database, "mails.prune", writes, func() (int64, error) { return s.Store.Prune(ctx, before) })
}
