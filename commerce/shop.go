// Package commerce is a shop as a library: engines for catalog, inventory,
// pricing, carts, orders, payments and accounts, and the flows that make a sale
// of them. New wires them over stores of one's choice; Remote reaches the same
// shop elsewhere; package embed opens a whole one in a call.
package commerce

import (
	"context"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/explain"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// Shop is everything that can be asked of a shop. Each part is here or
// elsewhere; callers cannot tell.
type Shop struct {
	Catalog   catalog.Service
	Inventory inventory.Service
	Pricing   pricing.Service
	Carts     cart.Service
	Orders    order.Service
	Payments  payment.Service
	Accounts  account.Service
	Mails     notification.Service

	Storefront storefront.Service
	Checkout   checkout.Service
	Fulfil     fulfil.Service

	// Explain and Outbox are of those who run the shop; Outbox is nil where nobody
	// has added it.
	Explain explain.Service
	Outbox  outbox.Service
}

// Remote returns the shop behind c, over HTTP or NATS.
func Remote(c op.Caller) *Shop {
	return &Shop{
		Catalog: catalog.Client{Caller: c}, Inventory: inventory.Client{Caller: c}, Pricing: pricing.Client{Caller: c},
		Carts: cart.Client{Caller: c}, Orders: order.Client{Caller: c}, Payments: payment.Client{Caller: c}, Accounts: account.Client{Caller: c}, Mails: notification.Client{Caller: c},
		Storefront: storefront.Client{Caller: c}, Checkout: checkout.Client{Caller: c}, Fulfil: fulfil.Client{Caller: c}, Explain: explain.Client{Caller: c}, Outbox: outbox.Client{Caller: c},
	}
}

// Register serves every operation of s on r.
func Register(r op.Registrar, s *Shop) {
	RegisterEngines(r, s)
	RegisterFlows(r, s)
	if s.Outbox != nil {
		outbox.Register(r, s.Outbox)
	}
}

// RegisterFlows serves the operations of the flows alone on r, for engines that
// are served elsewhere.
func RegisterFlows(r op.Registrar, s *Shop) {
	storefront.Register(r, s.Storefront)
	checkout.Register(r, s.Checkout)
	fulfil.Register(r, s.Fulfil)
	if s.Explain != nil {
		explain.Register(r, s.Explain)
	}
}

// RegisterEngines serves the operations of the engines alone on r, for flows
// that run elsewhere.
func RegisterEngines(r op.Registrar, s *Shop) {
	catalog.Register(r, s.Catalog)
	inventory.Register(r, s.Inventory)
	pricing.Register(r, s.Pricing)
	cart.Register(r, s.Carts)
	order.Register(r, s.Orders)
	payment.Register(r, s.Payments)
	account.Register(r, s.Accounts)
	notification.Register(r, s.Mails)
}

// Stores are where the engines keep their state. Stores of one database share
// its units of work: then an order is placed in one transaction.
type Stores struct {
	Catalog   catalog.Store
	Inventory inventory.Store
	Pricing   pricing.Store
	Carts     cart.Store
	Orders    order.Store
	Payments  payment.Store
	Accounts  account.Store
	Mails     notification.Store
}

// Options change how a shop works. Secret is required; Sanitizer and Providers
// are, where catalog and payment are here, and Hasher and Tokens, where account
// is: without them nobody can sign in; and Mailer, where notification is.
type Options struct {
	Elsewhere op.Caller                  // reaches the engines that have no store here
	Log       *slog.Logger               // slog.Default()
	Now       func() time.Time           // time.Now
	ID        func(prefix string) string // ident.NewID
	Name      string                     // of the shop, "Mercer"
	Secret    []byte                     // of guests' tokens, at least 32 bytes, the same in all processes
	Sanitizer catalog.Sanitizer
	Providers []payment.Provider
	Hasher    account.Hasher // of passwords
	Tokens    account.Tokens // of those who sign in
	Mailer    notification.Mailer
	Accounts  account.Options                                  // Secret, Name, Log, Now and ID are the shop's
	Mails     notification.Options                             // ShopName, Log, Now and ID are the shop's
	Holds     map[string]time.Duration                         // how long stock is kept, by payment method
	Idle      time.Duration                                    // as in flow.Options
	At        func(point string)                               // as in checkout.Options
	Pause     func(ctx context.Context, d time.Duration) error // as in checkout.Options
}

// Engines returns a shop whose engines keep their state in stores; those without
// a store are behind o.Elsewhere. Its storefront, checkout and fulfil are
// elsewhere too until AddFlows brings them here.
func Engines(stores Stores, o Options) *Shop {
	s := Remote(o.Elsewhere)
	if stores.Catalog != nil {
		s.Catalog = catalog.New(stores.Catalog, o.Sanitizer, &catalog.Options{Log: o.Log, Now: o.Now, ID: o.ID})
	}
	if stores.Inventory != nil {
		s.Inventory = inventory.New(stores.Inventory, &inventory.Options{Log: o.Log, Now: o.Now, ID: o.ID})
	}
	if stores.Pricing != nil {
		s.Pricing = pricing.New(stores.Pricing, &pricing.Options{Now: o.Now, ID: o.ID, Unlimited: o.Accounts.Unlimited})
	}
	if stores.Carts != nil {
		s.Carts = cart.New(stores.Carts, CartPrices{s.Pricing}, &cart.Options{Log: o.Log, Now: o.Now, ID: o.ID, Secret: o.Secret})
	}
	if stores.Orders != nil {
		s.Orders = order.New(stores.Orders, &order.Options{Now: o.Now, ID: o.ID, Secret: o.Secret, Unlimited: o.Accounts.Unlimited})
	}
	if stores.Payments != nil {
		s.Payments = payment.New(stores.Payments, o.Providers, &payment.Options{Log: o.Log, Now: o.Now, ID: o.ID, Holds: o.Holds, Unlimited: o.Accounts.Unlimited})
	}
	if stores.Accounts != nil {
		a := o.Accounts
		a.Log, a.Now, a.ID, a.Name, a.Secret = o.Log, o.Now, o.ID, o.Name, o.Secret
		s.Accounts = account.New(stores.Accounts, account.Ports{Hasher: o.Hasher, Tokens: o.Tokens}, &a)
	}
	if stores.Mails != nil {
		n := o.Mails
		n.Log, n.Now, n.ID, n.ShopName = o.Log, o.Now, o.ID, o.Name
		s.Mails = notification.New(stores.Mails, Challenges{s.Accounts, s.Orders}, o.Mailer, &n)
	}
	return s
}

// Flows are the parts of a shop that span engines. Those that are elsewhere are
// nil.
type Flows struct {
	Storefront *storefront.Engine
	Checkout   *checkout.Engine
	Fulfil     *fulfil.Engine
}

// AddFlows brings the flows of a shop here, over its engines, which may be here
// or elsewhere, and returns them. Without a journal checkout and fulfil stay
// elsewhere.
func AddFlows(s *Shop, j flow.Journal, o Options) Flows {
	f := Flows{Storefront: storefront.New(storefront.Ports{Catalog: s.Catalog, Stock: s.Inventory, Prices: s.Pricing, Carts: s.Carts, Payments: s.Payments},
		&storefront.Options{Log: o.Log, Now: o.Now, Name: o.Name, Secret: o.Secret})}
	s.Storefront = f.Storefront
	s.Explain = Explained(s, o.Log)
	if j == nil {
		return f
	}
	f.Checkout = checkout.New(checkout.Ports{Catalog: s.Catalog, Carts: s.Carts, Prices: s.Pricing, Stock: s.Inventory, Payments: s.Payments, Orders: s.Orders, Journal: j},
		&checkout.Options{Log: o.Log, Now: o.Now, ID: o.ID, Secret: o.Secret, Idle: o.Idle, Unlimited: o.Accounts.Unlimited, At: o.At, Pause: o.Pause})
	f.Fulfil = fulfil.New(fulfil.Ports{Orders: s.Orders, Stock: s.Inventory, Journal: j}, &fulfil.Options{Log: o.Log, Now: o.Now, Idle: o.Idle})
	s.Checkout, s.Fulfil = f.Checkout, f.Fulfil
	return f
}

// Explained returns what explains the orders of a shop, of which the parts may be
// anywhere. Only one that knows the outboxes of all of them can tell everything.
func Explained(s *Shop, log *slog.Logger) *explain.Engine {
	return explain.New(explain.Ports{Orders: s.Orders, Payments: s.Payments, Stock: s.Inventory, Outbox: s.Outbox}, &explain.Options{Log: log})
}

// inside returns a context in which the shop itself asks.
func inside(ctx context.Context) context.Context { return ident.As(ctx, "commerce") }

// CartPrices lets a cart ask pricing what things cost.
type CartPrices struct{ pricing.Service }

var _ cart.Prices = CartPrices{}

// Prices implements cart.Prices.
func (p CartPrices) Prices(ctx context.Context, in cart.PricesInput) ([]cart.Price, error) {
	q := pricing.QuoteInput{Market: in.Market}
	for _, w := range in.Items {
		q.Items = append(q.Items, pricing.QuoteItem{VariantID: w.VariantID, Quantity: w.Quantity})
	}
	quote, err := p.Quote(inside(ctx), q)
	if err != nil {
		return nil, err
	}
	out := make([]cart.Price, len(quote.Items))
	for i, it := range quote.Items {
		out[i].Amount = it.Price
	}
	return out, nil
}
