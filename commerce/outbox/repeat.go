package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Repeatable makes fn take each event at least once, as the named consumer, in
// no unit of work: fn does no harm when it is done again, and may ask other
// processes. An error or a panic of fn brings the event again, later and later,
// as Once has it; after 8 tries, or a Permanent error, the event is put aside as
// a dead letter and later ones go on. An error that says fault.ErrUnavailable is
// no try: what fn needs is down, and the event waits for it.
func Repeatable(in Inbox, consumer string, fn event.Handler) event.Handler {
	r := &repeater{taker: taker{in: in, consumer: consumer, fn: fn}, letters: map[string]bool{}}
	return r.handle
}

type repeater struct {
	taker
	mu      sync.Mutex
	letters map[string]bool // events of which this process knows a letter
}

// downWait is how long an event waits for something that is down.
const downWait = 5 * time.Second

func (r *repeater) handle(ctx context.Context, e event.Envelope) error {
	err := r.do(ctx, e)
	switch {
	case err == nil:
		r.clear(ctx, e)
		return nil
	case ctx.Err() != nil:
		return err // the process is being stopped: no fault of the event
	case fault.KindOf(err) == fault.Unavailable:
		if fault.Wait(err) > 0 {
			return err
		}
		return fault.ErrUnavailable.After(downWait).Because(err)
	}
	r.mu.Lock()
	r.letters[e.ID] = true
	r.mu.Unlock()
	return r.failed(ctx, e, err)
}

func (r *repeater) do(ctx context.Context, e event.Envelope) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.fn(ctx, e)
}

// clear forgets the letter of an event that went well after it had failed. One
// that another process wrote is pruned later: it brings nothing.
func (r *repeater) clear(ctx context.Context, e event.Envelope) {
	r.mu.Lock()
	known := r.letters[e.ID]
	delete(r.letters, e.ID)
	r.mu.Unlock()
	if !known {
		return
	}
	if err := r.in.Clear(ctx, r.consumer, e.ID); err != nil {
		slog.WarnContext(ctx, "inbox: a letter stays", "consumer", r.consumer, "event", e.ID, "err", err)
	}
}
