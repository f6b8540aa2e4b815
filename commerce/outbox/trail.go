package outbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Sent is an event and when it was published last.
type Sent struct {
	Event     event.Envelope `json:"event"`
	Published *time.Time     `json:"published" doc:"Null while it waits for that."`
}

// Taken is the State of a Delivery that is over; the others are those of a
// Letter.
const Taken LetterState = "taken"

// Delivery is what became of an event with a consumer that keeps account of what
// it takes, or that has failed on it.
type Delivery struct {
	EventID  string      `json:"event_id"`
	Consumer string      `json:"consumer"`
	State    LetterState `json:"state"` // taken, trying, dead, redone
	Tries    int         `json:"tries" doc:"That failed."`
	Error    string      `json:"error" doc:"Of the last one that failed."`
	At       time.Time   `json:"at"`
}

// EventsInput names things, and events.
type EventsInput struct {
	Keys     []string `json:"keys,omitempty" query:"key" maxItems:"50" doc:"Events of the things with these ids, and how they were delivered."`
	EventIDs []string `json:"event_ids,omitempty" query:"event_id" maxItems:"1000" doc:"How the events with these ids were delivered."`
}

// EventsOutput is what is known of events: those that were published are
// forgotten after 7 days, their deliveries after 30.
type EventsOutput struct {
	Items      []Sent     `json:"items"`
	Deliveries []Delivery `json:"deliveries"`
}

// mostEvents is how many events are shown at once.
const mostEvents = 1000

// Events returns the events of some things, by key and number, and what became of
// them and of the events that are named, by event and consumer.
func (e *Engine) Events(ctx context.Context, in EventsInput) (EventsOutput, error) {
	if err := OpEvents.Admit(ctx, in); err != nil {
		return EventsOutput{}, err
	}
	out := EventsOutput{Items: []Sent{}, Deliveries: []Delivery{}}
	sent, err := e.store.Of(ctx, in.Keys, mostEvents)
	if err != nil {
		return out, err
	}
	ids := in.EventIDs
	for _, s := range sent {
		ids = append(slices.Clip(ids), s.Event.ID)
	}
	took, err := e.in.Deliveries(ctx, ids)
	out.Items, out.Deliveries = append(out.Items, sent...), append(out.Deliveries, took...)
	return out, err
}

// Events implements Service: what one database has announced, others have taken.
func (a all) Events(ctx context.Context, in EventsInput) (EventsOutput, error) {
	out := EventsOutput{Items: []Sent{}, Deliveries: []Delivery{}}
	if err := OpEvents.Admit(ctx, in); err != nil {
		return out, err
	}
	names, err := a.stores(ctx)
	if err != nil {
		return out, err
	}
	ctx = ident.As(ctx, "outbox")
	for _, name := range names {
		part, err := a[name].Events(ctx, EventsInput{Keys: in.Keys})
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, part.Items...)
	}
	slices.SortFunc(out.Items, func(a, b Sent) int {
		return cmp.Or(cmp.Compare(a.Event.Key, b.Event.Key), cmp.Compare(a.Event.Seq, b.Event.Seq))
	})
	out.Items = out.Items[:min(len(out.Items), mostEvents)]
	ids := in.EventIDs
	for _, s := range out.Items {
		ids = append(slices.Clip(ids), s.Event.ID)
	}
	for _, name := range names {
		for some := range slices.Chunk(ids, mostEvents) {
			part, err := a[name].Events(ctx, EventsInput{EventIDs: some})
			if err != nil {
				return out, err
			}
			out.Deliveries = append(out.Deliveries, part.Deliveries...)
		}
	}
	slices.SortFunc(out.Deliveries, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Consumer, b.Consumer))
	})
	return out, nil
}
