package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Inbox is an outbox.Inbox.
type Inbox struct{ *DB }

var _ outbox.Inbox = Inbox{}

// Enter implements outbox.Inbox.
func (i Inbox) Enter(ctx context.Context, consumer, eventID string, at time.Time) (bool, error) {
	_, err := i.exec(ctx, `INSERT INTO {inbox} (consumer, event_id, at) VALUES (?, ?, ?)`, consumer, eventID, micros(at))
	switch {
	case isDuplicate(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("inbox %s %s: %w", consumer, eventID, err)
	}
	return true, nil
}

// Cursor implements outbox.Inbox. It writes the row if it is not there, so that
// two units cannot both find none.
func (i Inbox) Cursor(ctx context.Context, consumer, key string) (seq int64, err error) {
	if err := i.Advance(ctx, consumer, key, 0); err != nil {
		return 0, err
	}
	err = i.scan(ctx, &seq, `SELECT seq FROM {inbox_cursor} WHERE consumer = ? AND k = ?`+i.locked(ctx), consumer, key)
	if err != nil {
		return 0, fmt.Errorf("inbox %s %s: %w", consumer, key, err)
	}
	return seq, nil
}

// Advance implements outbox.Inbox.
func (i Inbox) Advance(ctx context.Context, consumer, key string, seq int64) error {
	q := `INSERT INTO {inbox_cursor} (consumer, k, seq) VALUES (?, ?, ?)` +
		i.upsert("inbox_cursor", "consumer, k", "seq = CASE WHEN new(seq) > old(seq) THEN new(seq) ELSE old(seq) END")
	if _, err := i.exec(ctx, q, consumer, key, seq); err != nil {
		return fmt.Errorf("inbox %s %s: %w", consumer, key, err)
	}
	return nil
}

type letterRow struct {
	Consumer string `bun:"consumer"`
	EventID  string `bun:"event_id"`
	State    string `bun:"state"`
	Event    string `bun:"event"`
	Error    string `bun:"error"`
	Tries    int    `bun:"tries"`
	First    int64  `bun:"first_at"`
	Last     int64  `bun:"last_at"`
}

const letterColumns = `consumer, event_id, state, event, error, tries, first_at, last_at`

func (r letterRow) letter() (outbox.Letter, error) {
	l := outbox.Letter{Consumer: r.Consumer, State: outbox.LetterState(r.State), Error: r.Error, Tries: r.Tries, First: fromMicros(r.First), Last: fromMicros(r.Last)}
	if err := json.Unmarshal([]byte(r.Event), &l.Event); err != nil {
		return l, fmt.Errorf("dead letter %s %s: %w", r.Consumer, r.EventID, err)
	}
	return l, nil
}

// Fail implements outbox.Inbox.
func (i Inbox) Fail(ctx context.Context, l outbox.Letter) (tries int, err error) {
	doc, err := json.Marshal(l.Event)
	if err != nil {
		return 0, fmt.Errorf("dead letter %s %s: %w", l.Consumer, l.Event.ID, err)
	}
	err = i.Do(ctx, func(ctx context.Context) error {
		q := `INSERT INTO {dead_letter} (` + letterColumns + `) VALUES (?, ?, ?, ?, ?, 1, ?, ?)` +
			i.upsert("dead_letter", "consumer, event_id", "state = CASE WHEN old(state) = 'dead' THEN new(state) ELSE old(state) END",
				"error = new(error)", "tries = old(tries) + 1", "last_at = new(last_at)")
		_, err := i.exec(ctx, q, l.Consumer, l.Event.ID, string(l.State), string(doc), l.Error, micros(l.First), micros(l.Last))
		if err != nil {
			return err
		}
		return i.scan(ctx, &tries, `SELECT tries FROM {dead_letter} WHERE consumer = ? AND event_id = ?`+i.locked(ctx), l.Consumer, l.Event.ID)
	})
	if err != nil {
		return 0, fmt.Errorf("dead letter %s %s: %w", l.Consumer, l.Event.ID, err)
	}
	return tries, nil
}

// Bury implements outbox.Inbox.
func (i Inbox) Bury(ctx context.Context, consumer, eventID string) error {
	return i.changeLetter(ctx, `UPDATE {dead_letter} SET state = 'dead' WHERE consumer = ? AND event_id = ?`, consumer, eventID)
}

// Clear implements outbox.Inbox.
func (i Inbox) Clear(ctx context.Context, consumer, eventID string) error {
	return i.changeLetter(ctx, `DELETE FROM {dead_letter} WHERE consumer = ? AND event_id = ?`, consumer, eventID)
}

func (i Inbox) changeLetter(ctx context.Context, query, consumer, eventID string) error {
	if _, err := i.exec(ctx, query, consumer, eventID); err != nil {
		return fmt.Errorf("dead letter %s %s: %w", consumer, eventID, err)
	}
	return nil
}

// Letter implements outbox.Inbox.
func (i Inbox) Letter(ctx context.Context, consumer, eventID string) (outbox.Letter, error) {
	var r letterRow
	err := i.scan(ctx, &r, `SELECT `+letterColumns+` FROM {dead_letter} WHERE consumer = ? AND event_id = ?`+i.locked(ctx), consumer, eventID)
	switch {
	case noRows(err):
		return outbox.Letter{}, outbox.ErrNoLetter
	case err != nil:
		return outbox.Letter{}, fmt.Errorf("dead letter %s %s: %w", consumer, eventID, err)
	}
	return r.letter()
}

// Letters implements outbox.Inbox.
func (i Inbox) Letters(ctx context.Context, q outbox.Letters) (page.Page[outbox.Letter], error) {
	var after [2]string
	if _, err := page.Decode(q.Cursor, &after); err != nil {
		return page.Page[outbox.Letter]{}, err
	}
	var rows []letterRow
	err := i.scan(ctx, &rows, `SELECT `+letterColumns+` FROM {dead_letter} WHERE state = 'dead' AND (? = '' OR consumer = ?)
		AND (consumer > ? OR consumer = ? AND event_id > ?) ORDER BY consumer, event_id LIMIT ?`,
		q.Consumer, q.Consumer, after[0], after[0], after[1], q.Size()+1)
	if err != nil {
		return page.Page[outbox.Letter]{}, fmt.Errorf("dead letters: %w", err)
	}
	var letters []outbox.Letter
	for _, r := range rows {
		l, err := r.letter()
		if err != nil {
			return page.Page[outbox.Letter]{}, err
		}
		letters = append(letters, l)
	}
	return page.Of(letters, q.Size(), func(l outbox.Letter) any { return [2]string{l.Consumer, l.Event.ID} }), nil
}

// Dead implements outbox.Inbox.
func (i Inbox) Dead(ctx context.Context) ([]outbox.DeadCount, error) {
	var rows []struct {
		Consumer string `bun:"consumer"`
		N        int64  `bun:"n"`
	}
	if err := i.scan(ctx, &rows, `SELECT consumer, COUNT(*) AS n FROM {dead_letter} WHERE state = 'dead' GROUP BY consumer ORDER BY consumer`); err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	var out []outbox.DeadCount
	for _, r := range rows {
		out = append(out, outbox.DeadCount{Consumer: r.Consumer, Count: r.N})
	}
	return out, nil
}

// Redrive implements outbox.Inbox.
func (i Inbox) Redrive(ctx context.Context, consumer, eventID string) error {
	err := i.Do(ctx, func(ctx context.Context) error {
		n, err := i.exec(ctx, `UPDATE {dead_letter} SET state = 'redone', tries = 0 WHERE consumer = ? AND event_id = ? AND state = 'dead'`, consumer, eventID)
		if err != nil {
			return fmt.Errorf("dead letter %s %s: %w", consumer, eventID, err)
		}
		if n == 0 {
			return outbox.ErrNoLetter
		}
		l, err := i.Letter(ctx, consumer, eventID)
		if err != nil {
			return err
		}
		return i.publishAgain(ctx, l.Event)
	})
	if err == nil {
		i.hooks.call()
	}
	return err
}

// publishAgain writes an event, with its number, to the outbox if it is not
// there.
func (d *DB) publishAgain(ctx context.Context, e event.Envelope) error {
	q := `INSERT INTO {outbox} (part, id, name, version, k, seq, at, trace, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)` +
		d.upsert("outbox", "id", "seq = new(seq)")
	_, err := d.exec(ctx, q, outbox.Part(e.Key), e.ID, e.Name, e.Version, e.Key, e.Seq, micros(e.At), e.Trace, string(e.Data))
	if err != nil {
		return fmt.Errorf("event %s %s: %w", e.Name, e.ID, err)
	}
	return nil
}

// PruneInbox implements outbox.Inbox.
func (i Inbox) PruneInbox(ctx context.Context, before time.Time) (int64, error) {
	return i.deleteOld(ctx, "inbox", "at", before)
}

// PruneLetters implements outbox.Inbox.
func (i Inbox) PruneLetters(ctx context.Context, before time.Time) (int64, error) {
	return i.deleteOld(ctx, "dead_letter", "state IN ('trying', 'redone') AND last_at", before)
}
