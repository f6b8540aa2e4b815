package membus_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/event/bustest"
)

var quiet = slog.New(slog.DiscardHandler)

func TestBus(t *testing.T) {
	bustest.Run(t, bustest.Features{HoldsBack: true}, func(*testing.T) event.Bus { return membus.New(quiet) })
}

func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := membus.New(quiet)
		start := time.Now()
		var at []time.Duration
		_, err := bus.Subscribe(t.Context(), "g", []string{"*"}, func(context.Context, event.Envelope) error {
			if at = append(at, time.Since(start)); len(at) < 12 {
				return errors.New("no")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := bus.Publish(t.Context(), event.Envelope{ID: "a", Name: "x.y", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if err := bus.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}
		if !slices.Equal(at[:4], want) || at[11]-at[10] != 30*time.Second {
			t.Errorf("tried at %v, want %v and every 30s in the end", at, want)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := membus.New(quiet)
		taken := 0
		_, err := bus.Subscribe(t.Context(), "g", []string{"*"}, func(context.Context, event.Envelope) error {
			time.Sleep(time.Second)
			taken++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := bus.Publish(t.Context(), event.Envelope{Name: "x.y", Key: "k"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := bus.Close(t.Context()); err != nil || taken != 3 {
			t.Errorf("close: %v with %d taken, want all 3", err, taken)
		}
		if err := bus.Publish(t.Context(), event.Envelope{}); !errors.Is(err, membus.ErrClosed) {
			t.Errorf("publish after close: %v, want ErrClosed", err)
		}
		if _, err := bus.Subscribe(t.Context(), "g", nil, nil); !errors.Is(err, membus.ErrClosed) {
			t.Errorf("subscribe after close: %v, want ErrClosed", err)
		}
	})
}

func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := membus.New(quiet)
		_, err := bus.Subscribe(t.Context(), "g", []string{"*"}, func(context.Context, event.Envelope) error { return errors.New("never") })
		if err != nil {
			t.Fatal(err)
		}
		if err := bus.Publish(t.Context(), event.Envelope{Name: "x.y", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := bus.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v, want to give up in time", err)
		}
		synctest.Wait() // and nothing runs on
	})
}
