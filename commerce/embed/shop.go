package embed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// Shop is a shop in this process, whole or in part. Its parts are called
// directly; Register serves them to others, with idempotency keys honored.
type Shop struct {
	*commerce.Shop
	Flows    commerce.Flows
	Index    *storefront.Index // nil where the catalog is elsewhere
	Importer *importer.Engine
	Bus      event.Bus
	DB       *bunstore.DB

	relay *outbox.Relay
	jobs  *job.Runner
	opts  Options
	owns  bool        // the database
	own   *membus.Bus // nil: the bus is somebody else's

	stop func()
}

// On puts a shop, or the part of it that Options.Engines names, on a database
// that is open and migrated; closing it stays the caller's. Options.Secret is
// required. opts may not be nil.
func On(ctx context.Context, db *bunstore.DB, opts *Options) (*Shop, error) {
	o := options(opts)
	if len(o.Secret) < 32 {
		return nil, errors.New("embed: Options.Secret wants at least 32 bytes")
	}
	all := commerce.Options{Elsewhere: o.Elsewhere, Log: o.Log, Now: o.Now, Name: o.Name, Secret: o.Secret, Sanitizer: safehtml.New(), Providers: o.Providers,
		Holds: o.Holds, Idle: o.Idle, At: o.At}
	s := &Shop{Shop: commerce.Engines(Stores(db, o.Engines...), all), DB: db, opts: o, stop: func() {}}
	var journal flow.Journal
	if s.has("order") {
		journal = db.Journal()
	}
	s.Flows = commerce.AddFlows(s.Shop, journal, all)
	if s.has("catalog") {
		s.Index = storefront.NewIndex(s.Flows.Storefront)
	}
	s.Importer = importer.New(importer.Ports{Catalog: s.Catalog, Prices: s.Pricing, Stock: s.Inventory}, &importer.Options{Log: o.Log})
	if err := s.react(ctx); err != nil {
		return nil, err
	}
	s.schedule()
	if !o.Passive {
		s.start(ctx)
	}
	return s, nil
}

// has reports whether an engine lives here.
func (s *Shop) has(engine string) bool { return slices.Contains(s.opts.Engines, engine) }

// react subscribes those who follow events.
func (s *Shop) react(ctx context.Context) error {
	s.Bus = s.opts.Bus
	out := s.Bus
	if s.Bus == nil {
		s.own = membus.New(s.opts.Log)
		s.Bus, out = s.own, s.own.Acknowledged()
	}
	s.relay = outbox.New(bunstore.Outbox{DB: s.DB}, out, &outbox.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease})
	s.DB.OnRecord(s.relay.Wake)
	if s.has("catalog") {
		if err := s.follow(ctx, "listing", s.Index.Events(), s.Index.Handle); err != nil {
			return err
		}
	}
	if s.has("order") {
		return s.follow(ctx, "checkout", s.Flows.Checkout.Events(), s.Flows.Checkout.React)
	}
	return nil
}

// follow subscribes a consumer that may be given an event again.
func (s *Shop) follow(ctx context.Context, consumer string, names []string, fn event.Handler) error {
	if s.opts.Passive && s.own == nil {
		return nil // the processes that serve take the events
	}
	_, err := s.Bus.Subscribe(ctx, consumer, names, outbox.Repeatable(bunstore.Inbox{DB: s.DB}, consumer, fn))
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}

// schedule names the periodic work of what lives here.
func (s *Shop) schedule() {
	s.jobs = job.New(bunstore.Jobs{DB: s.DB}, &job.Options{Log: s.opts.Log, Now: s.opts.Now})
	if s.has("order") {
		f := s.Flows
		s.jobs.Add("checkout.expire", 10*time.Second, f.Checkout.Expire)
		s.jobs.Add("checkout.reconcile", 30*time.Second, f.Checkout.Reconcile)
		s.jobs.Add("checkout.sweep", 15*time.Second, f.Checkout.Sweep)
		s.jobs.Add("fulfil.sweep", 15*time.Second, f.Fulfil.Sweep)
	}
	if carts, ok := s.Carts.(*cart.Engine); ok {
		s.jobs.Add("cart.expire", time.Hour, func(ctx context.Context) error {
			_, err := carts.Expire(ctx, s.opts.Now())
			return err
		})
	}
	s.jobs.Add("idem.prune", time.Hour, func(ctx context.Context) error {
		_, err := bunstore.Idem{DB: s.DB}.Prune(ctx, s.opts.Now().Add(-idem.Kept))
		return err
	})
	s.jobs.Add("outbox.prune", time.Hour, func(ctx context.Context) error {
		const kept = 7 * 24 * time.Hour
		_, err := bunstore.Outbox{DB: s.DB}.Prune(ctx, s.opts.Now().Add(-kept))
		return err
	})
}

// start works in the background until Close.
func (s *Shop) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { s.report(ctx, "relay", s.relay.Run(ctx)) })
	wg.Go(func() { s.report(ctx, "jobs", s.jobs.Run(ctx)) })
	s.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
}

func (s *Shop) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.opts.Log.ErrorContext(ctx, "background work has ended", "work", what, "err", err)
	}
}

// Drain publishes every event that is there now and returns when those who
// follow have taken them: afterwards lists show what was written before.
func (s *Shop) Drain(ctx context.Context) error { return s.relay.Drain(ctx) }

// RunJob does the named periodic work now.
func (s *Shop) RunJob(ctx context.Context, name string) error { return s.jobs.RunNow(ctx, name) }

// Register serves every operation that is at home here on r. Idempotency keys are honored.
func (s *Shop) Register(r op.Registrar) {
	commerce.Register(commerce.Beside(idem.Registrar(r, bunstore.Idem{DB: s.DB}, &idem.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease, Refill: s.refill()}), s.opts.Engines), s.Shop)
}

// refill puts back into answers that are given again what is never stored.
func (s *Shop) refill() map[string]func(context.Context, any) any {
	return map[string]func(context.Context, any) any{
		storefront.OpCreateCart.Name: func(_ context.Context, out any) any {
			return s.Flows.Storefront.WithToken(out.(storefront.Cart))
		},
		checkout.OpComplete.Name: func(_ context.Context, out any) any { return s.Flows.Checkout.WithToken(out.(checkout.Placed)) },
		checkout.OpPay.Name:      func(_ context.Context, out any) any { return s.Flows.Checkout.WithToken(out.(checkout.Placed)) },
	}
}

// closing is how long Close waits for handlers of events.
const closing = 5 * time.Second

// Close ends the background work, and closes the database if Open opened it.
func (s *Shop) Close() error {
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if s.own != nil {
		if err := s.own.Close(ctx); err != nil {
			s.opts.Log.Warn("events are left in the outbox", "err", err)
		}
	}
	if s.owns {
		return s.DB.Close()
	}
	return nil
}
