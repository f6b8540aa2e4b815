package simulate

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// holdEvents holds N12: what a unit has announced is in the outbox with it, in
// the order of its aggregate.
func (d *database) holdEvents(evs []event.Envelope) {
	if len(evs) == 0 {
		return
	}
	parts := map[int]bool{}
	for _, e := range evs {
		parts[outbox.Part(e.Key)] = true
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		rows, err := d.Outbox.Pending(context.Background(), part, 0, all)
		if d.w.unread("the outbox", err) {
			return
		}
		for _, r := range rows {
			d.w.holdEvent(d, r.Event)
		}
	}
	for _, e := range evs {
		if _, seen := d.seen[e.ID]; !seen {
			d.w.violate("N12", "event %s of %s was recorded and is not in the outbox", e.Name, e.Key)
		}
	}
}

func (w *world) holdEvent(d *database, e event.Envelope) {
	if _, seen := d.seen[e.ID]; seen {
		return
	}
	d.seen[e.ID] = e
	w.secretless("event "+e.Name, e.Data)
	w.events[e.Name]++
	w.say("announced: %s of %s, number %d", e.Name, e.Key, e.Seq)
	at := d.name + " " + e.Key
	if e.Seq != w.seqs[at]+1 {
		w.violate("N12", "event %s of %s has number %d after %d", e.Name, e.Key, e.Seq, w.seqs[at])
	}
	w.seqs[at] = e.Seq
	w.told[e.Key+" "+e.Name]++
}

// announcing are the moves of an order that are announced.
var announcing = map[string]string{
	"placed": order.EventPlaced.Name, string(order.StatusConfirmed): order.EventConfirmed.Name,
	string(order.StatusCompleted): order.EventCompleted.Name, string(order.StatusCanceled): order.EventCanceled.Name,
}

// holdAnnounced holds N12 for orders: each move that is announced has one event,
// and there is none without a move.
func (w *world) holdAnnounced(context.Context) {
	for id, lines := range sorted(w.history) {
		want := map[string]int{}
		for _, e := range lines {
			switch {
			case e.Kind == "placed":
				want[announcing["placed"]]++
			case e.Kind != "status", e.To == string(order.StatusConfirmed) && e.From == string(order.StatusCanceling) && w.keptAfterAll(lines, e):
			default:
				want[announcing[e.To]]++
			}
		}
		for _, name := range sorted(announcing) {
			if got := w.told[id+" "+name]; got != want[name] {
				w.violate("N12", "order %s announced %s %d times, its history says %d", id, name, got, want[name])
			}
		}
	}
}

// keptAfterAll reports whether a move back to confirmed is of an order that was
// confirmed before: that is no news.
func (w *world) keptAfterAll(lines []order.Entry, back order.Entry) bool {
	before := ""
	for _, e := range lines {
		if e.Kind == "status" && e.Version < back.Version && e.To == string(order.StatusCanceling) {
			before = e.From
		}
	}
	return before == string(order.StatusConfirmed)
}

// heardOf is how the clerk begins a note about an event.
const heardOf = "heard of "

// holdEffects holds N13: an event has each of its effects at most once. The
// clerk's are notes in the history of orders.
func (w *world) holdEffects(context.Context) {
	for id, lines := range sorted(w.history) {
		noted := map[string]bool{}
		for _, e := range lines {
			if e.Kind != "note" || !strings.HasPrefix(e.Text, heardOf) {
				continue
			}
			if noted[e.Text] {
				w.violate("N13", "order %s has %q twice", id, e.Text)
			}
			noted[e.Text] = true
		}
	}
}
