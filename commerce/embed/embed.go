// Package embed opens a whole shop in one call: a SQLite file, an in-process
// bus, offline payment methods, everything wired. On puts the same shop on a
// database that is open already.
package embed

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/argonhash"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Options change how a shop works. The zero value is good.
type Options struct {
	Log       *slog.Logger       // slog.Default()
	Now       func() time.Time   // time.Now
	Name      string             // of the shop, "Mercer"
	Secret    []byte             // of guests' tokens; Open makes one and keeps it beside the database
	Providers []payment.Provider // offline methods
	Tokens    account.Tokens     // of those who sign in; signed with a secret that comes from Secret
	Hasher    account.Hasher     // of passwords; argon2id

	// Mailer sends mails. Open keeps them in a mailbox of files beside the
	// database (devmail); On without one keeps them in memory.
	Mailer        notification.Mailer
	StorefrontURL string // of the shop's pages, for links in mails

	// Unlimited lifts the limits of tries to sign in and to look orders up, for
	// tests under load.
	Unlimited bool
	Holds     map[string]time.Duration // how long stock is kept, by payment method; as in payment.Options

	// Currency and Country are of the default market, when Open makes it: USD
	// and US.
	Currency money.Currency
	Country  string

	// Passive shops do no work of their own: no events are published, no
	// checkouts expire, until somebody calls Run or Drain.
	Passive bool

	// Engines are those that live here, by commerce.EngineNames, with the flows
	// at home beside them; nil is the whole shop. Elsewhere reaches the others,
	// and Bus carries events between the processes; nil is a bus inside this one.
	Engines   []string
	Elsewhere op.Caller
	Bus       event.Bus

	// Watch, when not nil, wraps every consumer of events, to trace and count.
	Watch func(next event.Handler, consumer string) event.Handler

	Idle  time.Duration      // as in flow.Options
	Lease time.Duration      // of what a dead process had begun, as in idem.Options, outbox.Options and job.Options
	At    func(point string) // as in checkout.Options
}

// Open opens the shop in dir, making what is missing there: the directory, the
// database shop.db and the secret of guests' tokens. It migrates the database.
// opts may be nil. One process serves a directory at a time.
func Open(ctx context.Context, dir string, opts *Options) (*Shop, error) {
	o := options(opts)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if o.Secret == nil {
		if o.Secret, err = Secret(filepath.Join(dir, "secret.key")); err != nil {
			return nil, err
		}
	}
	if o.Mailer == nil {
		if o.Mailer, err = devmail.Open(filepath.Join(dir, "mails")); err != nil {
			return nil, err
		}
	}
	db, err := bunstore.Open(ctx, filepath.Join(dir, "shop.db"), &bunstore.Options{Log: o.Log})
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err := On(ctx, db, &o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.owns = true
	if err := s.Seed(ctx, o.Currency, o.Country); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func options(opts *Options) Options {
	var o Options
	if opts != nil {
		o = *opts
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Providers == nil {
		o.Providers = []payment.Provider{offlinepay.New()}
	}
	if len(o.Engines) == 0 {
		o.Engines = commerce.EngineNames
	}
	if o.Hasher == nil {
		o.Hasher = argonhash.New(nil)
	}
	o.Currency, o.Country = cmp.Or(o.Currency, "USD"), cmp.Or(o.Country, "US")
	return o
}

// Secret reads a secret of 32 random bytes from a file, and makes the file if
// it is not there. Of several processes that make it at once, one wins.
func Secret(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case err == nil && len(data) >= 32:
		return data, nil
	case err == nil:
		return nil, fmt.Errorf("%s: want at least 32 bytes, has %d", path, len(data))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	data = make([]byte, 32)
	_, _ = rand.Read(data) // never fails
	// A link appears with its content or not at all, and only once.
	temp, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// Stores returns the stores of the named engines on one database, of all when
// none is named.
func Stores(db *bunstore.DB, engines ...string) (s commerce.Stores) {
	for name, add := range map[string]func(){
		"catalog":      func() { s.Catalog = bunstore.Catalog{DB: db} },
		"inventory":    func() { s.Inventory = bunstore.Inventory{DB: db} },
		"pricing":      func() { s.Pricing = bunstore.Pricing{DB: db} },
		"cart":         func() { s.Carts = bunstore.Carts{DB: db} },
		"order":        func() { s.Orders = bunstore.Orders{DB: db} },
		"payment":      func() { s.Payments = bunstore.Payments{DB: db} },
		"account":      func() { s.Accounts = bunstore.Accounts{DB: db} },
		"notification": func() { s.Mails = bunstore.Notifications{DB: db} },
	} {
		if len(engines) == 0 || slices.Contains(engines, name) {
			add()
		}
	}
	return s
}

// tokens returns what access tokens are made with where nobody says: a secret of
// their own, derived from that of the shop.
func tokens(secret []byte, now func() time.Time) (account.Tokens, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, "mercer access tokens", 32)
	if err != nil {
		return nil, err
	}
	keys, err := jwtauth.Secret(derived)
	if err != nil {
		return nil, err
	}
	return jwtauth.New("mercer", keys, &jwtauth.Options{Now: now}), nil
}

// Seed makes the default market and shipping method of a shop that has none.
func (s *Shop) Seed(ctx context.Context, currency money.Currency, country string) error {
	_, err := s.Pricing.Seed(ctx, pricing.SeedInput{Currency: currency, Country: country})
	return err
}
