package boot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// ErrNoShop says that there is no database yet.
var ErrNoShop = fault.New(fault.NotFound, "boot.no_shop", "there is no shop")

// Shop is a shop on the database of a Config.
type Shop struct {
	*embed.Shop
	log    *slog.Logger
	late   *lateBus       // nil: events stay in this process, or the process is a part of the platform
	tokens account.Tokens // nil: nobody signs in through this process
	stop   func() error   // ends the payment providers
	lock   io.Closer      // nil: not served by this process
}

// Close ends the shop's own work, then closes the database, then lets another
// server have it.
func (s *Shop) Close() error {
	err := s.Shop.Close()
	if s.late != nil {
		s.late.stop()
	}
	err = errors.Join(err, s.stop(), s.DB.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// Drain is embed.Shop.Drain. Where events travel over NATS, and NATS is not there
// or the shop is one of a command, they wait in the outbox for who serves.
func (s *Shop) Drain(ctx context.Context) error {
	if s.late != nil && s.late.ready(ctx) != nil {
		return nil
	}
	return s.Shop.Drain(ctx)
}

// Logger returns a logger to w as c wants it.
func (c Config) Logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogJSON {
		return slog.New(telemetry.Logs(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(telemetry.Logs(slog.NewTextHandler(w, opts)))
}

// Open opens the shop to serve it: it does its own work until Close. It makes
// what is missing, migrates when c says so, and returns ErrServed when another
// process serves the same SQLite file, bunstore.ErrSchema when the tables are
// not current. With c.NATS events travel there, when it is there: nothing else
// waits for it.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Shop, error) {
	if err := append(c.ServeFaults(), c.keyless()...).orNil(); err != nil {
		return nil, err
	}
	var held io.Closer
	if path, ok := c.sqlite(); ok {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		var err error
		if held, err = lock(path); err != nil {
			return nil, err
		}
	}
	s, err := c.open(ctx, log, opening{make: true, migrate: c.Migrate})
	if err != nil {
		if held != nil {
			err = errors.Join(err, held.Close())
		}
		return nil, err
	}
	s.lock = held
	return s, nil
}

// OpenCommand opens a shop for one command. It does no work of its own, makes
// nothing and migrates nothing: a server may run beside it. It returns ErrNoShop
// when there is no database and bunstore.ErrSchema when it is not current.
func OpenCommand(ctx context.Context, c Config, log *slog.Logger) (*Shop, error) {
	return c.open(ctx, log, opening{passive: true})
}

// OpenNew is OpenCommand that makes and migrates what is missing.
func OpenNew(ctx context.Context, c Config, log *slog.Logger) (*Shop, error) {
	return c.open(ctx, log, opening{passive: true, make: true, migrate: true})
}

// OpenDB opens the database alone, and makes a SQLite file that is missing when
// create says so.
func OpenDB(ctx context.Context, c Config, log *slog.Logger, create bool) (*bunstore.DB, error) {
	if path, ok := c.sqlite(); ok {
		if err := present(path, create); err != nil {
			return nil, err
		}
	}
	db, err := bunstore.Open(ctx, c.DB, &bunstore.Options{Log: log, Connect: c.Connect})
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", c.Database(), err)
	}
	return db, nil
}

// present returns ErrNoShop if there is no file at path, or makes its directory.
func present(path string, create bool) error {
	if create {
		return os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ErrNoShop.Saying("there is no shop at " + path + ": make one with mercer migrate up, or mercer seed --demo")
	}
	return nil
}

// opening is what may be done on the way.
type opening struct {
	passive, make, migrate bool

	bus       event.Bus // nil: one in this process
	elsewhere op.Caller // the other parts of the platform; nil: this is the whole shop
}

func (c Config) open(ctx context.Context, log *slog.Logger, o opening) (*Shop, error) {
	db, err := OpenDB(ctx, c, log, o.make)
	if err != nil {
		return nil, err
	}
	var late *lateBus
	if c.NATS != "" {
		late = newLateBus(log)
		o.bus = late
	}
	s, err := c.on(ctx, db, log, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if s.late = late; late != nil && !o.passive {
		late.begin(ctx, c)
	}
	return s, nil
}

func (c Config) on(ctx context.Context, db *bunstore.DB, log *slog.Logger, o opening) (*Shop, error) {
	if o.migrate {
		if _, err := db.Migrate(ctx); err != nil {
			return nil, err
		}
	}
	if err := db.Current(ctx); err != nil {
		return nil, err
	}
	secret, err := c.secret(o.make)
	if err != nil {
		return nil, err
	}
	engines := c.Engines
	if o.elsewhere == nil {
		engines = commerce.EngineNames // a whole shop
	}
	providers, stop, err := c.providers(log, slices.Contains(engines, "payment"), !o.passive)
	if err != nil {
		return nil, err
	}
	tokens, err := c.signer(o.make)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	mailer, err := c.mailer(slices.Contains(engines, "notification"))
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	opts := embed.Options{Log: log, Name: c.Name, Secret: secret, Passive: o.passive, Providers: providers,
		Tokens: tokens, Engines: engines, Elsewhere: o.elsewhere, Bus: o.bus, Lease: c.Lease, Idle: c.Idle, At: c.At,
		Unlimited: c.RateLimit == (httpapi.RateLimit{}), Mailer: mailer, StorefrontURL: c.StorefrontURL}
	if c.tel != nil {
		opts.Watch = c.tel.Handler
	}
	s, err := embed.On(ctx, db, &opts)
	if err == nil && o.migrate && !o.passive {
		if err = s.Seed(ctx, "USD", "US"); err != nil {
			err = errors.Join(err, s.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	c.watchShop(s)
	return &Shop{Shop: s, log: log, tokens: tokens, stop: stop}, nil
}

// providers returns the ways to pay, and what ends them. Where payments are
// elsewhere, nothing is opened for them.
func (c Config) providers(log *slog.Logger, here, serves bool) ([]payment.Provider, func() error, error) {
	all, stop := []payment.Provider{offlinepay.New()}, func() error { return nil }
	if !here {
		return all, stop, nil
	}
	card, err := c.stripe(log)
	if err != nil {
		return nil, nil, err
	}
	if card != nil {
		all = append(all, card)
	}
	if c.Fakepay == "" {
		return all, stop, nil
	}
	fake, stop, err := c.fakepay(serves)
	if err != nil {
		return nil, nil, err
	}
	return append(all, fake), stop, nil
}

// secret returns the secret of guests' tokens. A command that may make nothing
// takes a random one when there is none: it hands out no tokens.
func (c Config) secret(create bool) ([]byte, error) {
	if c.Secret != nil {
		return c.Secret, nil
	}
	path := filepath.Join(c.Data, "secret.key")
	if _, err := os.Stat(path); err != nil && !create {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
		return secret, nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, err
	}
	return embed.Secret(path)
}
