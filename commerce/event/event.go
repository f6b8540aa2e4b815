// Package event defines what an event is: a fact, named once, typed once.
//
// An engine never publishes. It records events with the change they announce,
// in one unit of work; a relay (package outbox) carries them to a Bus later.
package event

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Type is the name, the version and the payload of one kind of event. Name is
// "engine.past_tense"; it and the payload's fields are frozen once released.
type Type[P any] struct {
	Name    string
	Version int
}

// Define declares an event type, for a package-level variable.
func Define[P any](name string, version int) Type[P] { return Type[P]{name, version} }

// Envelope is an event on its way.
type Envelope struct {
	ID      string          `json:"id"` // unique, "evt_…"
	Name    string          `json:"name"`
	Version int             `json:"version"`
	Key     string          `json:"key"` // public id of the aggregate
	Seq     int64           `json:"seq"` // position among the events of Key, from 1
	At      time.Time       `json:"at"`  // UTC
	Trace   string          `json:"trace,omitempty"`
	Data    json.RawMessage `json:"data"`
}

// New makes an envelope around p. Its Seq is given by the store that records it.
func (t Type[P]) New(id, key string, at time.Time, p P) Envelope {
	data, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("event %s: %v", t.Name, err)) // payloads are plain structs
	}
	return Envelope{ID: id, Name: t.Name, Version: t.Version, Key: key, At: at.UTC(), Data: data}
}

// ErrPayload says that the payload of an event cannot be read. It will not get
// better: who takes events puts this one aside.
var ErrPayload = errors.New("the payload cannot be read")

// Decode returns the payload of e, which must be of type t, or ErrPayload.
func (t Type[P]) Decode(e Envelope) (p P, err error) {
	if e.Name != t.Name {
		return p, fmt.Errorf("event %s is %s, not %s", e.ID, e.Name, t.Name)
	}
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return p, fmt.Errorf("event %s %s: %w: %w", e.Name, e.ID, ErrPayload, err)
	}
	return p, nil
}

// A Recorder keeps events until they are published.
type Recorder interface {
	// Record adds evs to the unit of work of ctx, in order. They are written
	// when the unit commits and vanish with it. Seq is assigned there: 1 more
	// than the last event of the same Key. The caller holds the lock of the
	// aggregate's row, so that events of one Key cannot overtake one another.
	Record(ctx context.Context, evs ...Envelope) error
}

// A Handler takes one event. It may be given an event more than once.
type Handler func(ctx context.Context, e Envelope) error

// ErrDown is in the error of a Bus that takes no events at all now, whatever
// they are: who has more of them need not try.
var ErrDown = errors.New("the bus takes no events now")

// A Bus carries envelopes, at least once, in order per Key.
type Bus interface {
	// Publish returns when every one of evs will survive the death of this
	// process as well as the Bus can keep it. Its error has ErrDown in it where
	// that is so.
	Publish(ctx context.Context, evs ...Envelope) error

	// Subscribe calls fn with each event whose Name is in names ("*" is all).
	// Processes with the same group share the events among them; an empty
	// group means every process. An error of fn brings the event again. Stop
	// returns when no call of fn is under way.
	Subscribe(ctx context.Context, group string, names []string, fn Handler) (stop func(), err error)
}

// On subscribes fn, as the named group, to events of type t.
func On[P any](ctx context.Context, b Bus, group string, t Type[P], fn func(context.Context, Envelope, P) error) (stop func(), err error) {
	return b.Subscribe(ctx, group, []string{t.Name}, func(ctx context.Context, e Envelope) error {
		p, err := t.Decode(e)
		if err != nil {
			return err
		}
		return fn(ctx, e, p)
	})
}
