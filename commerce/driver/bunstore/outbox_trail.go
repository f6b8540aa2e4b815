package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Of implements outbox.Store.
func (o Outbox) Of(ctx context.Context, keys []string, limit int) ([]outbox.Sent, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var rows []struct {
		outboxRow
		Published int64 `bun:"published"`
	}
	// One that is published again is in both for a while.
	err := o.scan(ctx, &rows, `SELECT `+eventColumns+`, published FROM {outbox_archive} WHERE k IN (?)
		UNION ALL SELECT `+eventColumns+`, 0 AS published FROM {outbox} WHERE k IN (?)
		ORDER BY k, seq, published DESC LIMIT ?`, bun.List(keys), bun.List(keys), limit)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	var out []outbox.Sent
	for _, r := range rows {
		s := outbox.Sent{Event: r.envelope()}
		if r.Published != 0 {
			s.Published = new(fromMicros(r.Published))
		}
		if len(out) == 0 || out[len(out)-1].Event.ID != s.Event.ID {
			out = append(out, s)
		}
	}
	return out, nil
}

// Deliveries implements outbox.Inbox. It jumps from consumer to consumer in the
// index.
func (i Inbox) Deliveries(ctx context.Context, eventIDs []string) ([]outbox.Delivery, error) {
	if len(eventIDs) == 0 {
		return nil, nil
	}
	var rows []struct {
		Consumer string `bun:"consumer"`
		EventID  string `bun:"event_id"`
		State    string `bun:"state"`
		Error    string `bun:"error"`
		Tries    int    `bun:"tries"`
		At       int64  `bun:"at"`
	}
	err := i.scan(ctx, &rows, `WITH RECURSIVE c (consumer) AS (
			SELECT MIN(consumer) FROM {inbox}
			UNION ALL SELECT (SELECT MIN(consumer) FROM {inbox} WHERE consumer > c.consumer) FROM c WHERE c.consumer IS NOT NULL
		) SELECT i.consumer, i.event_id, 'taken' AS state, '' AS error, 0 AS tries, i.at FROM c JOIN {inbox} i ON i.consumer = c.consumer WHERE i.event_id IN (?)
		UNION ALL SELECT consumer, event_id, state, error, tries, last_at AS at FROM {dead_letter} WHERE event_id IN (?)`,
		bun.List(eventIDs), bun.List(eventIDs))
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	out := make([]outbox.Delivery, len(rows))
	for n, r := range rows {
		out[n] = outbox.Delivery{EventID: r.EventID, Consumer: r.Consumer, State: outbox.LetterState(r.State), Tries: r.Tries, Error: r.Error, At: fromMicros(r.At)}
	}
	slices.SortStableFunc(out, func(a, b outbox.Delivery) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Consumer, b.Consumer))
	})
	return out, nil
}
