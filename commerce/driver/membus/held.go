package membus

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/event"
)

// Next is the event that a group is to take next of those with one Key.
type Next struct {
	Group string
	event.Envelope
}

// NewHeld returns a Bus that delivers nothing by itself: whoever has it calls
// Deliver, for programs that decide what happens when. A nil log is
// slog.Default().
func NewHeld(log *slog.Logger) *Bus {
	b := New(log)
	b.held = true
	return b
}

// Waiting returns what Deliver can deliver: by group in the order in which they
// subscribed, then by Key.
func (b *Bus) Waiting() (all []Next) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.groups {
		for _, key := range slices.Sorted(maps.Keys(g.queues)) {
			if queue := g.queues[key]; len(queue) > 0 {
				all = append(all, Next{g.name, queue[0].Envelope})
			}
		}
	}
	return all
}

// Deliver gives n to its group, in the calling goroutine, and takes it away when
// the handler returns nil; otherwise it returns the handler's error and n stays.
// An n that was taken meanwhile is none of its business. It can be called for an
// n that is under way: then the handler has it twice at a time.
func (b *Bus) Deliver(ctx context.Context, n Next) error {
	p, g, m := b.find(n)
	if m == nil {
		return nil
	}
	defer m.running.Done()
	if err := m.fn(ctx, n.Envelope); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if queue := g.queues[p.Key]; len(queue) > 0 && queue[0] == p {
		b.done(g, p)
	}
	return nil
}

// find returns the parcel that n is, and who is to take it; nil for nobody.
func (b *Bus) find(n Next) (*parcel, *group, *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.groups {
		queue := g.queues[n.Key]
		if g.name != n.Group || len(queue) == 0 || queue[0].ID != n.ID {
			continue
		}
		m := g.pick(n.Name)
		if m != nil {
			m.running.Add(1)
		}
		return queue[0], g, m
	}
	return nil, nil, nil
}
