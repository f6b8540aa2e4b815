package memstore

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Inbox is an outbox.Inbox.
type Inbox struct{ *DB }

var _ outbox.Inbox = Inbox{}

func (i Inbox) entered() table[time.Time]     { return table[time.Time]{i.DB, "inbox"} }
func (i Inbox) cursors() table[int64]         { return table[int64]{i.DB, "inbox_cursor"} }
func (i Inbox) letters() table[outbox.Letter] { return table[outbox.Letter]{i.DB, "dead_letter"} }

// Enter implements outbox.Inbox.
func (i Inbox) Enter(ctx context.Context, consumer, eventID string, at time.Time) (first bool, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		_, err := i.entered().get(ctx, compound(consumer, eventID))
		if first = errors.Is(err, errNoRow); first {
			return i.entered().put(ctx, compound(consumer, eventID), at)
		}
		return err
	})
	return first, err
}

// Cursor implements outbox.Inbox.
func (i Inbox) Cursor(ctx context.Context, consumer, key string) (int64, error) {
	seq, err := i.cursors().get(ctx, compound(consumer, key))
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return seq, err
}

// Advance implements outbox.Inbox.
func (i Inbox) Advance(ctx context.Context, consumer, key string, seq int64) error {
	return i.Do(ctx, func(ctx context.Context) error {
		old, err := i.Cursor(ctx, consumer, key)
		if err != nil || old >= seq {
			return err
		}
		return i.cursors().put(ctx, compound(consumer, key), seq)
	})
}

// Fail implements outbox.Inbox.
func (i Inbox) Fail(ctx context.Context, l outbox.Letter) (tries int, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		old, err := i.Letter(ctx, l.Consumer, l.Event.ID)
		if err != nil && !errors.Is(err, outbox.ErrNoLetter) {
			return err
		}
		if err == nil {
			l.First = old.First
			if old.State != outbox.Dead {
				l.State = old.State
			}
		}
		l.Tries = old.Tries + 1
		tries = l.Tries
		return i.letters().put(ctx, compound(l.Consumer, l.Event.ID), l)
	})
	return tries, err
}

// Bury implements outbox.Inbox.
func (i Inbox) Bury(ctx context.Context, consumer, eventID string) error {
	return i.Do(ctx, func(ctx context.Context) error {
		l, err := i.Letter(ctx, consumer, eventID)
		if err != nil {
			return err
		}
		l.State = outbox.Dead
		return i.letters().put(ctx, compound(consumer, eventID), l)
	})
}

// Clear implements outbox.Inbox.
func (i Inbox) Clear(ctx context.Context, consumer, eventID string) error {
	return i.letters().delete(ctx, compound(consumer, eventID))
}

// Letter implements outbox.Inbox.
func (i Inbox) Letter(ctx context.Context, consumer, eventID string) (outbox.Letter, error) {
	l, err := i.letters().get(ctx, compound(consumer, eventID))
	if errors.Is(err, errNoRow) {
		return l, outbox.ErrNoLetter
	}
	return l, err
}

// Letters implements outbox.Inbox.
func (i Inbox) Letters(ctx context.Context, q outbox.Letters) (page.Page[outbox.Letter], error) {
	var after [2]string
	if _, err := page.Decode(q.Cursor, &after); err != nil {
		return page.Page[outbox.Letter]{}, err
	}
	rows, err := i.letters().all(ctx, func(_ string, l outbox.Letter) bool {
		later := l.Consumer > after[0] || l.Consumer == after[0] && l.Event.ID > after[1]
		return l.State == outbox.Dead && later && (q.Consumer == "" || q.Consumer == l.Consumer)
	})
	if err != nil {
		return page.Page[outbox.Letter]{}, err
	}
	return page.Of(rows[:min(len(rows), q.Size()+1)], q.Size(), func(l outbox.Letter) any { return [2]string{l.Consumer, l.Event.ID} }), nil
}

// Dead implements outbox.Inbox.
func (i Inbox) Dead(ctx context.Context) (out []outbox.DeadCount, err error) {
	rows, err := i.letters().all(ctx, func(_ string, l outbox.Letter) bool { return l.State == outbox.Dead })
	for _, l := range rows { // in order of consumers
		if len(out) == 0 || out[len(out)-1].Consumer != l.Consumer {
			out = append(out, outbox.DeadCount{Consumer: l.Consumer})
		}
		out[len(out)-1].Count++
	}
	return out, err
}

// Redrive implements outbox.Inbox.
func (i Inbox) Redrive(ctx context.Context, consumer, eventID string) error {
	return i.Do(ctx, func(ctx context.Context) error {
		l, err := i.Letter(ctx, consumer, eventID)
		if err == nil && l.State != outbox.Dead {
			err = outbox.ErrNoLetter
		}
		if err != nil {
			return err
		}
		l.State, l.Tries = outbox.Redone, 0
		if err := i.letters().put(ctx, compound(consumer, eventID), l); err != nil {
			return err
		}
		position, err := i.next(ctx, i.counters(), "outbox")
		if err != nil {
			return err
		}
		i.recorded()
		return Outbox(i).putBack(ctx, outboxRow{position, l.Event})
	})
}

// PruneInbox implements outbox.Inbox.
func (i Inbox) PruneInbox(ctx context.Context, before time.Time) (n int64, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		for key := range i.tables["inbox"] {
			at, err := i.entered().get(ctx, key)
			if err != nil {
				return err
			}
			if at.Before(before) {
				n++
				if err := i.entered().delete(ctx, key); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, err
}

// PruneLetters implements outbox.Inbox.
func (i Inbox) PruneLetters(ctx context.Context, before time.Time) (n int64, err error) {
	err = i.Do(ctx, func(ctx context.Context) error {
		old, err := i.letters().all(ctx, func(_ string, l outbox.Letter) bool { return l.State != outbox.Dead && l.Last.Before(before) })
		n = int64(len(old))
		for _, l := range old {
			err = errors.Join(err, i.Clear(ctx, l.Consumer, l.Event.ID))
		}
		return err
	})
	return n, err
}
