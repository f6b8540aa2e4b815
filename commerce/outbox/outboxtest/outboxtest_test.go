package outboxtest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/outbox/outboxtest"
)

// store is an outbox without one of its guards.
type store struct {
	memstore.Outbox
	without string
	reached map[int]int64 // by part
}

func (s store) Pending(ctx context.Context, part int, after int64, limit int) ([]outbox.Row, error) {
	if s.without == "PendingByPresence" {
		after = max(after, s.reached[part])
	}
	rows, err := s.Outbox.Pending(ctx, part, after, limit)
	if s.without == "PendingInOrder" {
		slices.Reverse(rows)
	}
	return rows, err
}

func (s store) Lease(ctx context.Context, part int, owner string, now, until time.Time) (int64, bool, error) {
	if s.without == "LeaseExcludes" || s.without == "OneLeases" && part == 5 {
		now = now.Add(24 * time.Hour)
	}
	return s.Outbox.Lease(ctx, part, owner, now, until)
}

func (s store) Archive(ctx context.Context, part int, fence int64, positions []int64, at time.Time) error {
	if s.without == "ArchiveFenced" {
		return nil
	}
	err := s.Outbox.Archive(ctx, part, fence, positions, at)
	for _, p := range positions {
		s.reached[part] = max(s.reached[part], p)
	}
	if s.without == "ArchiveKeeps" {
		_, err = s.Prune(ctx, at.Add(time.Hour))
	}
	return err
}

// inbox is an inbox without one of its guards.
type inbox struct {
	memstore.Inbox
	without string
	entered map[string]bool // outside of units of work
}

func (i inbox) Enter(ctx context.Context, consumer, id string, at time.Time) (bool, error) {
	first, err := i.Inbox.Enter(ctx, consumer, id, at)
	switch i.without {
	case "EnterJoins":
		first = !i.entered[consumer+id]
		i.entered[consumer+id] = true
	case "EnterOnce":
		return true, err
	}
	return first, err
}

func (i inbox) Advance(ctx context.Context, consumer, key string, seq int64) error {
	if i.without == "CursorNeverBack" && seq == 2 {
		seq = 9
	}
	return i.Inbox.Advance(ctx, consumer, key, seq)
}

func (i inbox) Fail(ctx context.Context, l outbox.Letter) (int, error) {
	if i.without == "FailCounts" {
		if err := i.Clear(ctx, l.Consumer, l.Event.ID); err != nil {
			return 0, err
		}
	}
	return i.Inbox.Fail(ctx, l)
}

func (i inbox) Redrive(ctx context.Context, consumer, id string) error {
	if i.without == "RedriveOnce" {
		_ = i.Inbox.Redrive(ctx, consumer, id)
		return nil
	}
	return i.Inbox.Redrive(ctx, consumer, id)
}

func (s store) Of(ctx context.Context, keys []string, limit int) ([]outbox.Sent, error) {
	all, err := s.Outbox.Of(ctx, keys, limit)
	if s.without == "Of" {
		all = slices.DeleteFunc(all, func(e outbox.Sent) bool { return e.Published == nil })
	}
	return all, err
}

func (i inbox) Deliveries(ctx context.Context, eventIDs []string) ([]outbox.Delivery, error) {
	all, err := i.Inbox.Deliveries(ctx, eventIDs)
	if i.without == "Deliveries" {
		all = slices.DeleteFunc(all, func(d outbox.Delivery) bool { return d.State != outbox.Taken })
	}
	return all, err
}

func TestOutbox(t *testing.T) {
	guards := []string{"PendingByPresence", "PendingInOrder", "LeaseExcludes", "OneLeases", "ArchiveFenced", "ArchiveKeeps", "Wakes",
		"EnterOnce", "EnterJoins", "CursorNeverBack", "FailCounts", "RedriveOnce", "Of", "Deliveries"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		outboxtest.Run(t, func(*testing.T) outboxtest.Harness {
			db := memstore.New()
			h := outboxtest.Harness{Scope: db, Recorder: db, OnRecord: db.OnRecord,
				Store: store{memstore.Outbox{DB: db}, without, map[int]int64{}}, Inbox: inbox{memstore.Inbox{DB: db}, without, map[string]bool{}}}
			if without == "Wakes" {
				h.OnRecord = func(func()) {}
			}
			return h
		})
	})
}
