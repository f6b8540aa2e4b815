package embed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/notification"
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
	ends  []func()    // of what is subscribed there

	consumers []string // of events, that are here

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
	if o.Tokens == nil {
		var err error
		if o.Tokens, err = tokens(o.Secret, o.Now); err != nil {
			return nil, fmt.Errorf("embed: %w", err)
		}
	}
	if o.Mailer == nil {
		o.Mailer = devmail.New()
	}
	all := commerce.Options{Elsewhere: o.Elsewhere, Log: o.Log, Now: o.Now, Name: o.Name, Secret: o.Secret, Sanitizer: safehtml.New(), Providers: o.Providers,
		Mailer: o.Mailer, Mails: notification.Options{StorefrontURL: o.StorefrontURL}, Hasher: o.Hasher, Tokens: o.Tokens,
		// Who could sign in at once would be told that an address was not known.
		Accounts: account.Options{VerifyFirst: true, Unlimited: o.Unlimited},
		Holds:    o.Holds, Idle: o.Idle, At: o.At}
	s := &Shop{Shop: commerce.Engines(Stores(db, o.Engines...), all), DB: db, opts: o, stop: func() {}}
	s.Outbox = outbox.NewEngine(bunstore.Outbox{DB: db}, bunstore.Inbox{DB: db}, &outbox.EngineOptions{Log: o.Log, Now: o.Now})
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

// outbox returns what is published from here: of a part of a shop only what is
// at home in it, for others may be on the same database.
func (s *Shop) outbox() bunstore.Outbox {
	o := bunstore.Outbox{DB: s.DB}
	if s.opts.Elsewhere == nil {
		return o
	}
	for _, name := range slices.Concat(commerce.EngineNames, commerce.FlowNames) {
		if s.has(commerce.Home(name + ".")) {
			o.Own = append(o.Own, name)
		}
	}
	o.Consumers = s.consumers
	return o
}

// react subscribes those who follow events, and makes the relay that publishes
// them.
func (s *Shop) react(ctx context.Context) error {
	s.Bus = s.opts.Bus
	if k, ok := s.Bus.(outbox.Keeper); ok {
		k.Keep(bunstore.Inbox{DB: s.DB})
	}
	if s.Bus != nil && s.opts.Elsewhere != nil {
		s.Bus = outbox.Local(s.Bus, func(event string) bool { return s.has(commerce.Home(event)) })
	}
	out := s.Bus
	if s.Bus == nil {
		s.own = membus.New(s.opts.Log)
		s.Bus, out = s.own, s.own.Acknowledged()
	}
	err := s.followAll(ctx)
	s.relay = outbox.New(s.outbox(), out, &outbox.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease})
	s.DB.OnRecord(s.relay.Wake)
	return err
}

func (s *Shop) followAll(ctx context.Context) error {
	if s.has("catalog") {
		if err := s.follow(ctx, "listing", s.Index.Events(), s.Index.Handle); err != nil {
			return err
		}
	}
	if s.has("order") {
		if err := s.follow(ctx, "checkout", s.Flows.Checkout.Events(), s.Flows.Checkout.React); err != nil {
			return err
		}
		guests := commerce.GuestOrders{Accounts: s.Accounts, Orders: s.Orders}
		if err := s.follow(ctx, "attach", guests.Events(), guests.Handle); err != nil {
			return err
		}
	}
	if mails, ok := s.Mails.(*notification.Engine); ok {
		return s.subscribe(ctx, "notification", mails.Events(), outbox.Once(bunstore.Inbox{DB: s.DB}, "notification", mails.Handle))
	}
	return nil
}

// follow subscribes a consumer that may be given an event again.
func (s *Shop) follow(ctx context.Context, consumer string, names []string, fn event.Handler) error {
	return s.subscribe(ctx, consumer, names, outbox.Repeatable(bunstore.Inbox{DB: s.DB}, consumer, fn))
}

func (s *Shop) subscribe(ctx context.Context, consumer string, names []string, fn event.Handler) error {
	s.consumers = append(s.consumers, consumer)
	if s.opts.Passive && s.own == nil {
		return nil // the processes that serve take the events
	}
	if s.opts.Watch != nil {
		fn = s.opts.Watch(fn, consumer)
	}
	stop, err := s.Bus.Subscribe(ctx, consumer, names, fn)
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	if s.own == nil { // one's own ends with what it has
		s.ends = append(s.ends, stop)
	}
	return nil
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

// Register serves every operation that is at home here on r, with idempotency
// keys honored. The outbox of a part of a shop is served under the name of each
// of its engines, for callers do not know which of them share one: see
// outbox.Under.
func (s *Shop) Register(r op.Registrar) {
	r = idem.Registrar(r, bunstore.Idem{DB: s.DB}, &idem.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease, Refill: s.refill()})
	if s.opts.Elsewhere == nil {
		commerce.Register(r, s.Shop)
		return
	}
	commerce.Register(commerce.Beside(r, s.opts.Engines), s.Shop)
	for _, engine := range s.opts.Engines {
		outbox.Register(outbox.Under(engine, r), s.Outbox)
	}
}

// refill puts back into answers that are given again what is never stored.
func (s *Shop) refill() map[string]func(context.Context, any) any {
	return map[string]func(context.Context, any) any{
		storefront.OpCreateCart.Name: func(_ context.Context, out any) any {
			return s.Flows.Storefront.WithToken(out.(storefront.Cart))
		},
		checkout.OpComplete.Name: func(ctx context.Context, out any) any { return s.Flows.Checkout.Refilled(ctx, out.(checkout.Placed)) },
		checkout.OpPay.Name:      func(ctx context.Context, out any) any { return s.Flows.Checkout.Refilled(ctx, out.(checkout.Placed)) },
	}
}

// closing is how long Close waits for handlers of events.
const closing = 5 * time.Second

// Close ends the background work, and closes the database if Open opened it.
func (s *Shop) Close() error {
	for _, end := range s.ends {
		end()
	}
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
