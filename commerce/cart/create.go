package cart

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Create makes a cart for who asks, also through a service of the shop: a
// customer, or a guest, who opens it with its Token. A customer who has an open
// cart in that market gets that one with the items added. Items go in as with
// AddItems; if there are some and none fits it returns ErrNothingAdded and
// makes no cart.
//
// Only the shop itself gives an ID. A cart of the same market, currency and
// owner that has it is the answer of a repeat, as it is; any other is ErrExists.
func (e *Engine) Create(ctx context.Context, in CreateInput) (Cart, error) {
	if err := OpCreate.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	if in.ID != "" && !ident.From(ctx).Trusted() {
		return Cart{}, fault.ErrDenied.At("/id").Saying("only the shop itself names carts")
	}
	if !in.Currency.Valid() {
		return Cart{}, invalid("/currency", "no such currency")
	}
	o, err := offerOf(ctx, in.Items)
	if err != nil {
		return Cart{}, err
	}
	if o, err = e.priced(ctx, o, in.Market); err != nil {
		return Cart{}, err
	}
	owner := ""
	if who := ident.From(ctx).Origin(); who.Kind == ident.Customer {
		owner = who.ID
	}
	return insist(ctx, func() (Cart, error) {
		there, err := e.existing(ctx, in, owner)
		if err != nil {
			return Cart{}, err
		}
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Cart, error) {
			return e.create(ctx, in, owner, o, there)
		})
	})
}

// existing returns the id of the cart that answers in, "" if there is none yet.
func (e *Engine) existing(ctx context.Context, in CreateInput, owner string) (string, error) {
	if in.ID != "" {
		if c, err := e.store.Cart(ctx, in.ID); !errors.Is(err, ErrNotFound) {
			return c.ID, err
		}
	}
	if owner == "" {
		return "", nil
	}
	c, err := e.store.OpenOf(ctx, owner, in.Market, in.Currency)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return c.ID, err
}

// create is Create in its unit of work, when there is a cart already or not.
func (e *Engine) create(ctx context.Context, in CreateInput, owner string, o offer, there string) (Cart, error) {
	switch there {
	case "":
		return e.insert(ctx, in, owner, o)
	case in.ID:
		c, err := e.store.Cart(ctx, there)
		if err == nil && (c.Market != in.Market || c.Currency != in.Currency || c.CustomerID != owner) {
			return Cart{}, ErrExists
		}
		return c, err
	default:
		return e.extend(ctx, in.ID, o, there)
	}
}

// insert writes a new cart. Whoever has made it in the meantime wins, and the
// next try finds theirs.
func (e *Engine) insert(ctx context.Context, in CreateInput, owner string, o offer) (Cart, error) {
	c := Cart{ID: in.ID, Status: StatusOpen, Market: in.Market, Currency: in.Currency, Locale: in.Locale, Country: in.Country,
		CustomerID: owner, Email: in.Email, Metadata: json.RawMessage("{}"), Items: []Item{}, Attempt: 1, CreatedAt: e.now()}
	if c.ID == "" {
		c.ID = e.opts.ID("cart")
	}
	if _, err := e.addOffer(&c, o); err != nil {
		return Cart{}, err
	}
	err := e.save(ctx, &c)
	if errors.Is(err, ErrTaken) {
		return Cart{}, lost{err}
	}
	return c, err
}

// extend adds o to the open cart of the customer, once for each given id.
func (e *Engine) extend(ctx context.Context, given string, o offer, there string) (c Cart, err error) {
	add := func() error {
		c, err = e.change(ctx, there, 0, func(c *Cart) error {
			_, err := e.addOffer(c, o)
			return err
		})
		if errors.Is(err, ErrClosed) {
			return lost{err}
		}
		return err
	}
	if given == "" {
		err = add()
		return c, err
	}
	if err := once.Do(ctx, e.store, OpCreate.Name, given, add); err != nil || c.ID != "" {
		return c, err
	}
	return e.open(ctx, there)
}
