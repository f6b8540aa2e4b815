package notification

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger               // slog.Default()
	Now func() time.Time           // time.Now
	ID  func(prefix string) string // of events, ident.NewID

	ShopName string  // "Mercer"
	From     Address // no-reply@localhost, with the name of the shop
	// StorefrontURL is the address of the storefront, which takes codes at
	// /verify, /reset-password, /confirm-email and /order. Without it mails show
	// codes but no links.
	StorefrontURL string
	Templates     *Templates // those of this package
	Locale        string     // of people whose own is not known, "en"
}

// Engine holds the rules of mails. It is safe for concurrent use.
type Engine struct {
	store      Store
	challenges Challenges
	mailer     Mailer
	opts       Options
}

var _ Service = (*Engine)(nil)

// New returns an Engine that keeps deliveries in store. opts may be nil.
func New(store Store, challenges Challenges, mailer Mailer, opts *Options) *Engine {
	e := &Engine{store: store, challenges: challenges, mailer: mailer}
	if opts != nil {
		e.opts = *opts
	}
	e.opts.Log = cmp.Or(e.opts.Log, slog.Default())
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.ID == nil {
		e.opts.ID = ident.NewID
	}
	e.opts.ShopName = cmp.Or(clean(e.opts.ShopName), "Mercer")
	e.opts.From.Name = cmp.Or(clean(e.opts.From.Name), e.opts.ShopName)
	e.opts.From.Email = cmp.Or(e.opts.From.Email, "no-reply@localhost")
	e.opts.StorefrontURL = strings.TrimRight(e.opts.StorefrontURL, "/")
	if e.opts.Templates == nil {
		e.opts.Templates = ownTemplates()
	}
	return e
}

// Scope is the database that the engine writes in.
func (e *Engine) Scope() txn.Scope { return e.store.Scope() }

// now returns the time as it is stored.
func (e *Engine) now() time.Time { return e.opts.Now().UTC().Truncate(time.Microsecond) }

// Prune forgets deliveries that have been over for as long as they are Kept.
func (e *Engine) Prune(ctx context.Context) error {
	_, err := e.store.Prune(ctx, e.now().Add(-Kept))
	return err
}

// seesCustomers is the right to see whole addresses.
const seesCustomers = "customers:read"

// shown is d as the caller of ctx may see it.
func shown(ctx context.Context, d Delivery) Delivery {
	if !ident.From(ctx).May(seesCustomers) {
		d.Recipient = mask(d.Recipient)
	}
	return d
}

// position is where a page of deliveries ends.
type position struct {
	Created time.Time `json:"c"`
	ID      string    `json:"i"`
}

// Deliveries returns a page of deliveries, the newest first. Looking for a
// recipient takes the right to see customers.
func (e *Engine) Deliveries(ctx context.Context, in DeliveriesInput) (page.Page[Delivery], error) {
	if err := OpDeliveries.Admit(ctx, in); err != nil {
		return page.Page[Delivery]{}, err
	}
	if in.Recipient != "" && !ident.From(ctx).May(seesCustomers) {
		return page.Page[Delivery]{}, fault.ErrDenied.With(map[string]string{"scope": seesCustomers})
	}
	var after position
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[Delivery]{}, err
	}
	f := Filter{State: State(in.State), Kind: Kind(in.Kind), Recipient: ident.NormalEmail(in.Recipient)}
	found, err := e.store.List(ctx, f, after.Created, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[Delivery]{}, err
	}
	for i := range found {
		found[i] = shown(ctx, found[i])
	}
	return page.Of(found, in.Size(), func(d Delivery) any { return position{d.CreatedAt, d.ID} }), nil
}

// Resend has a mail that was sent or has failed made and sent again, under a
// new Message-ID. It returns ErrNotFound, and ErrUnderWay for one that has not
// come to an end.
func (e *Engine) Resend(ctx context.Context, in IDInput) (Delivery, error) {
	if err := OpResend.Admit(ctx, in); err != nil {
		return Delivery{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Delivery, error) {
		d, err := e.store.Delivery(ctx, in.ID)
		switch {
		case err != nil:
			return Delivery{}, err
		case !States.Allows(d.State, StatePending) || d.State == StateSending:
			return Delivery{}, ErrUnderWay.With(map[string]State{"state": d.State})
		}
		now := e.now()
		d.State, d.DueAt, d.RequestedAt, d.Attempts, d.Resent, d.Error = StatePending, &now, now, 0, d.Resent+1, ""
		if err := e.store.Save(ctx, &d); err != nil {
			return Delivery{}, err
		}
		return shown(ctx, d), nil
	})
}
