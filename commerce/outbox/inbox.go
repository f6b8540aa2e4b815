package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// LetterState is where an event stands that a consumer has failed on.
type LetterState string

// The states.
const (
	Trying LetterState = "trying" // comes again by itself
	Dead   LetterState = "dead"   // was put aside, for people
	Redone LetterState = "redone" // comes again because somebody asked for it
)

// Letter is an event that a consumer has failed on.
type Letter struct {
	Consumer string         `json:"consumer"`
	Event    event.Envelope `json:"event"`
	State    LetterState    `json:"state"`
	Error    string         `json:"error"` // of the last try
	Tries    int            `json:"tries"`
	First    time.Time      `json:"first"` // first failure, UTC
	Last     time.Time      `json:"last"`
}

// ErrNoLetter says that there is no such dead letter.
var ErrNoLetter = fault.New(fault.NotFound, "outbox.no_letter", "there is no such dead letter")

// Inbox remembers which events consumers have taken. Its methods join the unit
// of work of ctx; units that Enter the same event for the same consumer wait for
// each other.
type Inbox interface {
	Scope() txn.Scope
	// Enter notes that consumer takes an event, and reports whether it is the
	// first time.
	Enter(ctx context.Context, consumer, eventID string, at time.Time) (first bool, err error)
	// Cursor returns the Seq of the last event with a Key that consumer has taken,
	// 0 for none, and keeps others from moving it until the unit ends.
	Cursor(ctx context.Context, consumer, key string) (seq int64, err error)
	// Advance moves the cursor to seq, never back.
	Advance(ctx context.Context, consumer, key string, seq int64) error
	// Fail writes or updates the letter of l.Consumer and l.Event, keeping its
	// First and its State if it is there and not Dead, adds one to its Tries and
	// returns them.
	Fail(ctx context.Context, l Letter) (tries int, err error)
	// Bury makes a letter Dead.
	Bury(ctx context.Context, consumer, eventID string) error
	// Clear forgets a letter, if there is one.
	Clear(ctx context.Context, consumer, eventID string) error
	// Letter returns a letter, or ErrNoLetter.
	Letter(ctx context.Context, consumer, eventID string) (Letter, error)
	// Letters lists the Dead letters by consumer and event.
	Letters(ctx context.Context, q Letters) (page.Page[Letter], error)
	// Dead counts the Dead letters, by consumer in order.
	Dead(ctx context.Context) ([]DeadCount, error)
	// Deliveries returns what became of the events with these ids, by event and
	// consumer: that they were entered, and the letters about them.
	Deliveries(ctx context.Context, eventIDs []string) ([]Delivery, error)
	// Redrive makes a Dead letter Redone, with no tries, and puts its event into
	// the outbox of the same database, so that it is published again; consumers
	// that have taken it will not take it twice. It returns ErrNoLetter.
	Redrive(ctx context.Context, consumer, eventID string) error
	// PruneInbox forgets what was entered before a time, and returns how many. An
	// event that comes again after that is taken again.
	PruneInbox(ctx context.Context, before time.Time) (int64, error)
	// PruneLetters forgets the letters that are not Dead and whose Last is before
	// a time, and returns how many. Dead ones wait for people.
	PruneLetters(ctx context.Context, before time.Time) (int64, error)
}

// Drop gives a dead letter up: the consumer will not take its event any more.
// It returns ErrNoLetter.
func Drop(ctx context.Context, in Inbox, consumer, eventID string) error {
	return in.Scope().Do(ctx, func(ctx context.Context) error {
		if _, err := in.Letter(ctx, consumer, eventID); err != nil {
			return err
		}
		if _, err := in.Enter(ctx, consumer, eventID, time.Now().UTC()); err != nil {
			return err
		}
		return in.Clear(ctx, consumer, eventID)
	})
}

// backOff is how long an event waits after each failure. After as many tries as
// that and some more it is dead.
var backOff = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

const (
	maxTries = 8
	// gapWait is how old an event must be for its missing predecessor to be given
	// up.
	gapWait = time.Minute
)

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error of a handler that trying again will not change: the
// event becomes a dead letter at once.
func Permanent(err error) error { return permanent{err} }

var (
	errGap = errors.New("outbox: an earlier event of the same aggregate is missing")
	// errPutAside undoes the unit of an old event that is a dead letter, so that
	// it can be redriven.
	errPutAside = errors.New("outbox: the event is a dead letter")
)

// Once makes fn take each event once, as the named consumer, in one unit of work
// with fn's effects. An error or a panic of fn undoes them, and the event comes
// again after 1 s, 5 s, 30 s, 2 min and then every 10 min: the error that the
// handler returns says when, by fault.Error.RetryAfter. After 8 tries, a Permanent
// error or event.ErrPayload, the event is put aside as a dead letter and later
// ones go on.
//
// fn runs in a unit of work and so cannot leave the process: it writes down what
// is to be done.
func Once(in Inbox, consumer string, fn event.Handler) event.Handler {
	return (&taker{in, consumer, fn, false}).handle
}

// InOrder is Once for a consumer that takes all events of an aggregate, in order
// of their Seq: an older one than it has taken is dropped, and one whose
// predecessor is missing waits until it is a minute old. A dead letter does not
// stop the later events; it is taken out of order when it is redriven.
func InOrder(in Inbox, consumer string, fn event.Handler) event.Handler {
	return (&taker{in, consumer, fn, true}).handle
}

type taker struct {
	in       Inbox
	consumer string
	fn       event.Handler
	ordered  bool
}

func (t *taker) handle(ctx context.Context, e event.Envelope) error {
	err := t.try(ctx, e)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err // the process is being stopped: no fault of the event
	case errors.Is(err, errPutAside):
		return nil
	case errors.Is(err, errGap):
		return fault.ErrUnavailable.After(time.Second).Because(err)
	}
	return t.failed(ctx, e, err)
}

// failed notes that e failed with err, and says when it is to come again.
func (t *taker) failed(ctx context.Context, e event.Envelope, err error) error {
	dead, tries, failErr := t.fail(ctx, e, err)
	if failErr != nil {
		return fault.ErrUnavailable.After(time.Second).Because(errors.Join(err, failErr))
	}
	log := slog.With("consumer", t.consumer, "event", e.ID, "name", e.Name, "key", e.Key, "tries", tries, "err", err)
	if dead {
		log.ErrorContext(ctx, "inbox: an event is put aside")
		return nil
	}
	log.WarnContext(ctx, "inbox: an event comes again")
	return fault.ErrUnavailable.After(backOff[min(tries, len(backOff))-1]).Because(err)
}

// try takes e in a unit of work of its own.
func (t *taker) try(ctx context.Context, e event.Envelope) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return t.in.Scope().Do(ctx, func(ctx context.Context) error {
		first, err := t.in.Enter(ctx, t.consumer, e.ID, time.Now().UTC())
		if err != nil || !first {
			return err
		}
		if t.ordered {
			if take, err := t.turn(ctx, e); err != nil || !take {
				return err
			}
		}
		if err := t.in.Clear(ctx, t.consumer, e.ID); err != nil {
			return err
		}
		return t.fn(ctx, e)
	})
}

// turn reports whether e is to be taken now, and notes that it is.
func (t *taker) turn(ctx context.Context, e event.Envelope) (bool, error) {
	last, err := t.in.Cursor(ctx, t.consumer, e.Key)
	switch {
	case err != nil:
		return false, err
	case e.Seq <= last:
		l, err := t.in.Letter(ctx, t.consumer, e.ID)
		switch {
		case errors.Is(err, ErrNoLetter):
			return false, nil
		case err == nil && l.State == Dead:
			return false, errPutAside
		}
		return true, err
	case e.Seq > last+1 && time.Since(e.At) < gapWait:
		return false, errGap
	}
	return true, t.in.Advance(ctx, t.consumer, e.Key, e.Seq)
}

// fail notes a failure, and puts e aside if it was the last one.
func (t *taker) fail(ctx context.Context, e event.Envelope, cause error) (dead bool, tries int, err error) {
	now := time.Now().UTC()
	_, forGood := errors.AsType[permanent](cause)
	forGood = forGood || errors.Is(cause, event.ErrPayload)
	err = t.in.Scope().Do(ctx, func(ctx context.Context) (err error) {
		tries, err = t.in.Fail(ctx, Letter{Consumer: t.consumer, Event: e, State: Trying, Error: cut(cause.Error()), First: now, Last: now})
		if err != nil {
			return err
		}
		if dead = forGood || tries >= maxTries; !dead {
			return nil
		}
		if t.ordered {
			if err := t.in.Advance(ctx, t.consumer, e.Key, e.Seq); err != nil {
				return err
			}
		}
		return t.in.Bury(ctx, t.consumer, e.ID)
	})
	return dead, tries, err
}

// cut shortens the text of an error to what a list can show.
func cut(text string) string {
	const most = 4000
	return strings.ToValidUTF8(text[:min(most, len(text))], "")
}
