package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

// lateBus is a bus on NATS for a shop that does not wait for NATS: it starts and
// sells without it. Until NATS is there nothing can be published, and who
// subscribes is remembered.
type lateBus struct {
	log     *slog.Logger
	letters outbox.Inbox
	stop    func()
	there   chan struct{} // closed when nc and bus are set
	nc      *nats.Conn
	bus     *natsbus.Bus
}

var (
	_ event.Bus     = (*lateBus)(nil)
	_ outbox.Keeper = (*lateBus)(nil)
)

// newLateBus returns a bus that looks for NATS from begin on.
func newLateBus(log *slog.Logger) *lateBus {
	return &lateBus{log: log, there: make(chan struct{}), stop: func() {}}
}

// begin looks for NATS until stop is called. Keep is called before it.
func (b *lateBus) begin(ctx context.Context, c Config) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.find(ctx, c); err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "events stay in the outbox", "err", err)
		}
	})
	b.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if b.nc != nil {
			leave(b.nc)
		}
	})
}

func (b *lateBus) find(ctx context.Context, c Config) (err error) {
	if b.nc, err = c.connect(ctx, "mercer-server", b.log); err != nil {
		return err
	}
	b.bus, err = until(ctx, b.log, "the stream of events", func(ctx context.Context) (*natsbus.Bus, error) {
		return natsbus.New(ctx, b.nc, &natsbus.Options{Log: b.log, Replicas: c.Replicas})
	})
	if err != nil {
		return err
	}
	b.bus.Keep(b.letters)
	close(b.there)
	return nil
}

// found reports whether NATS was there once.
func (b *lateBus) found() bool {
	select {
	case <-b.there:
		return true
	default:
		return false
	}
}

// ready returns why nothing can be published now.
func (b *lateBus) ready(context.Context) error {
	switch {
	case !b.found():
		return errors.New("nats has not been there yet")
	case !b.nc.IsConnected():
		return fmt.Errorf("nats: %s", b.nc.Status())
	}
	return nil
}

// Keep implements outbox.Keeper.
func (b *lateBus) Keep(in outbox.Inbox) { b.letters = in }

// Publish implements event.Bus.
func (b *lateBus) Publish(ctx context.Context, evs ...event.Envelope) error {
	if !b.found() {
		return fault.ErrUnavailable.Because(event.ErrDown)
	}
	return b.bus.Publish(ctx, evs...)
}

// Subscribe implements event.Bus. It returns before fn can be called.
func (b *lateBus) Subscribe(ctx context.Context, group string, names []string, fn event.Handler) (func(), error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := func() {}
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-b.there:
		}
		end, err := until(ctx, b.log, "a place among consumers", func(ctx context.Context) (func(), error) { return b.bus.Subscribe(ctx, group, names, fn) })
		if err == nil {
			stop = end
		}
	})
	return sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		stop()
	}), nil
}
