package bustest_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/event/bustest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
)

// bus is a bus without one of its guards.
type bus struct {
	*membus.Bus
	without string
}

func (b bus) Publish(ctx context.Context, evs ...event.Envelope) error {
	switch b.without {
	case "OutsideUnits":
		ctx = context.Background()
	case "OrderPerKey":
		for i, e := range evs {
			evs[i].Key = e.ID // so that each has a queue of its own
		}
	}
	return b.Bus.Publish(ctx, evs...)
}

func (b bus) Subscribe(ctx context.Context, group string, names []string, fn event.Handler) (func(), error) {
	inner := fn
	switch b.without {
	case "EachGroup":
		group = "one"
	case "GroupShares":
		group = ""
	case "NoGroupIsEverybody":
		group += "g"
	case "Names":
		names = []string{"*"}
	case "ErrorBringsAgain":
		fn = func(ctx context.Context, e event.Envelope) error { _ = inner(ctx, e); return nil }
	case "SlowStaysInItsKey":
		fn = func(ctx context.Context, e event.Envelope) error {
			go func() {
				defer func() { _ = recover() }()
				_ = inner(ctx, e)
			}()
			return nil
		}
	case "RetryAfter":
		fn = func(ctx context.Context, e event.Envelope) error {
			if err := inner(ctx, e); err != nil {
				return fault.ErrUnavailable
			}
			return nil
		}
	}
	var running sync.WaitGroup
	if b.without == "StopEnds" {
		fn = func(ctx context.Context, e event.Envelope) error {
			running.Add(1)
			defer running.Done()
			return inner(ctx, e)
		}
	}
	stop, err := b.Bus.Subscribe(ctx, group, names, fn)
	switch b.without {
	case "StopWaits":
		return func() { go stop() }, err
	case "StopEnds":
		return running.Wait, err
	}
	return stop, err
}

func TestBus(t *testing.T) {
	guards := []string{"EachGroup", "GroupShares", "NoGroupIsEverybody", "Names", "ErrorBringsAgain", "RetryAfter", "SlowStaysInItsKey", "StopWaits", "StopEnds", "OutsideUnits"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		bustest.Run(t, bustest.Features{HoldsBack: true, Within: 1500 * time.Millisecond}, func(t *testing.T) event.Bus { return bus{membus.New(slog.New(slog.DiscardHandler)), without} })
	})
}
