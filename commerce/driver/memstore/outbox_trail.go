package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// Of implements outbox.Store.
func (o Outbox) Of(ctx context.Context, keys []string, limit int) (out []outbox.Sent, err error) {
	archived, err := o.archive().all(ctx, func(_ string, r archiveRow) bool { return slices.Contains(keys, r.Event.Key) })
	if err != nil {
		return nil, err
	}
	waiting, err := o.outbox().all(ctx, func(_ string, r outboxRow) bool { return slices.Contains(keys, r.Event.Key) })
	for _, r := range archived {
		out = append(out, outbox.Sent{Event: r.Event, Published: new(r.Published)})
	}
	for _, r := range waiting {
		if !slices.ContainsFunc(archived, func(a archiveRow) bool { return a.Event.ID == r.Event.ID }) {
			out = append(out, outbox.Sent{Event: r.Event})
		}
	}
	slices.SortFunc(out, func(a, b outbox.Sent) int {
		return cmp.Or(cmp.Compare(a.Event.Key, b.Event.Key), cmp.Compare(a.Event.Seq, b.Event.Seq))
	})
	return out[:min(limit, len(out))], err
}

// Deliveries implements outbox.Inbox.
func (i Inbox) Deliveries(ctx context.Context, eventIDs []string) (out []outbox.Delivery, err error) {
	letters, err := i.letters().all(ctx, func(_ string, l outbox.Letter) bool { return slices.Contains(eventIDs, l.Event.ID) })
	if err != nil {
		return nil, err
	}
	for _, l := range letters {
		out = append(out, outbox.Delivery{EventID: l.Event.ID, Consumer: l.Consumer, State: l.State, Tries: l.Tries, Error: l.Error, At: l.Last})
	}
	_, err = i.entered().all(ctx, func(key string, at time.Time) bool {
		for _, id := range eventIDs {
			consumer, ok := strings.CutSuffix(key, fmt.Sprintf(" %q]", id))
			if name, err := strconv.Unquote(strings.TrimPrefix(consumer, "[")); ok && err == nil {
				out = append(out, outbox.Delivery{EventID: id, Consumer: name, State: outbox.Taken, At: at})
			}
		}
		return false
	})
	slices.SortStableFunc(out, func(a, b outbox.Delivery) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Consumer, b.Consumer))
	})
	return out, err
}
