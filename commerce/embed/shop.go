package embed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// Shop is a whole shop in this process. Its parts are called directly; Register
// serves them to others, with idempotency keys honored.
type Shop struct {
	*commerce.Shop
	Flows    commerce.Flows
	Index    *storefront.Index
	Importer *importer.Engine
	Bus      *membus.Bus
	DB       *bunstore.DB

	relay *outbox.Relay
	jobs  *job.Runner
	opts  Options
	owns  bool // the database

	stop func()
}

// On puts a shop on a database that is open and migrated; closing it stays the
// caller's. Options.Secret is required. opts may not be nil.
func On(ctx context.Context, db *bunstore.DB, opts *Options) (*Shop, error) {
	o := options(opts)
	if len(o.Secret) < 32 {
		return nil, errors.New("embed: Options.Secret wants at least 32 bytes")
	}
	all := commerce.Options{Log: o.Log, Now: o.Now, Name: o.Name, Secret: o.Secret, Sanitizer: safehtml.New(), Providers: o.Providers,
		Holds: o.Holds, Idle: o.Idle, At: o.At}
	s := &Shop{Shop: commerce.Engines(Stores(db), all), DB: db, opts: o, stop: func() {}}
	s.Flows = commerce.AddFlows(s.Shop, db.Journal(), all)
	s.Index = storefront.NewIndex(s.Flows.Storefront)
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

// react subscribes those who follow events.
func (s *Shop) react(ctx context.Context) error {
	s.Bus = membus.New(s.opts.Log)
	for _, r := range []struct {
		group string
		names []string
		fn    event.Handler
	}{
		{"listing", s.Index.Events(), s.Index.Handle},
		{"checkout", s.Flows.Checkout.Events(), s.Flows.Checkout.React},
	} {
		if _, err := s.Bus.Subscribe(ctx, r.group, r.names, r.fn); err != nil {
			return fmt.Errorf("embed: %w", err)
		}
	}
	s.relay = outbox.New(bunstore.Outbox{DB: s.DB}, s.Bus.Acknowledged(), &outbox.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease})
	s.DB.OnRecord(s.relay.Wake)
	return nil
}

// schedule names the periodic work.
func (s *Shop) schedule() {
	s.jobs = job.New(bunstore.Jobs{DB: s.DB}, &job.Options{Log: s.opts.Log, Now: s.opts.Now})
	f := s.Flows
	s.jobs.Add("checkout.expire", 10*time.Second, f.Checkout.Expire)
	s.jobs.Add("checkout.reconcile", 30*time.Second, f.Checkout.Reconcile)
	s.jobs.Add("checkout.sweep", 15*time.Second, f.Checkout.Sweep)
	s.jobs.Add("fulfil.sweep", 15*time.Second, f.Fulfil.Sweep)
	s.jobs.Add("cart.expire", time.Hour, func(ctx context.Context) error {
		_, err := s.Carts.(*cart.Engine).Expire(ctx, s.opts.Now())
		return err
	})
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

// Register serves every operation on r. Idempotency keys are honored.
func (s *Shop) Register(r op.Registrar) {
	commerce.Register(idem.Registrar(r, bunstore.Idem{DB: s.DB}, &idem.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease, Refill: s.refill()}), s.Shop)
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
	if err := s.Bus.Close(ctx); err != nil {
		s.opts.Log.Warn("events are left in the outbox", "err", err)
	}
	if s.owns {
		return s.DB.Close()
	}
	return nil
}
