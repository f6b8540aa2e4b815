package cart

import (
	"context"
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Claim gives a guest's cart to the customer who shows its token, also through
// a service of the shop, and returns the cart that is theirs now. Without an
// open cart of theirs in its market it becomes theirs as it is; with one the
// strategy says which of the two lives on, and the other is merged into it. The
// token opens nothing any more. A repeat changes nothing.
func (e *Engine) Claim(ctx context.Context, in ClaimInput) (Cart, error) {
	if err := OpClaim.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	who, err := customer(ctx)
	if err != nil {
		return Cart{}, err
	}
	return insist(ctx, func() (Cart, error) {
		other, merged, err := e.counterpart(ctx, in.ID, who)
		if err != nil {
			return Cart{}, err
		}
		return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Cart, error) {
			claimed, own, err := e.lockBoth(ctx, in.ID, other)
			switch {
			case err != nil:
				return Cart{}, err
			case !e.owns(who, claimed):
				return Cart{}, ErrNotFound
			case (claimed.Status == StatusMerged) != merged:
				return Cart{}, lost{ErrStale}
			case merged && own.Status == StatusMerged:
				return Cart{}, lost{ErrStale}
			case merged:
				return own, nil
			default:
				return e.claim(ctx, who, in.Strategy, claimed, own)
			}
		})
	})
}

// counterpart returns the id of the other cart that a claim is about, so that
// both can be locked in order: where a merged cart went, or the open cart of
// the customer in the market of an open one, "" if there is none.
func (e *Engine) counterpart(ctx context.Context, id string, who ident.Actor) (other string, merged bool, err error) {
	c, err := e.store.Cart(ctx, id)
	switch {
	case err != nil:
		return "", false, err
	case !e.owns(who, c):
		return "", false, ErrNotFound
	}
	if c.Status == StatusMerged {
		for c.Status == StatusMerged {
			if c, err = e.store.Cart(ctx, c.IntoID); err != nil {
				return "", true, err
			}
		}
		return c.ID, true, nil
	}
	own, err := e.store.OpenOf(ctx, who.ID, c.Market, c.Currency)
	if errors.Is(err, ErrNotFound) || own.ID == id {
		return "", false, nil
	}
	return own.ID, false, err
}

// lockBoth returns two carts, locked in the order of their ids. An empty other
// gives a Cart without ID.
func (e *Engine) lockBoth(ctx context.Context, id, other string) (claimed, own Cart, err error) {
	ids := []string{id}
	if other != "" {
		ids = append(ids, other)
		slices.Sort(ids)
	}
	for _, next := range ids {
		c, err := e.store.Cart(ctx, next)
		if err != nil {
			return Cart{}, Cart{}, err
		}
		if next == id {
			claimed = c
		} else {
			own = c
		}
	}
	return claimed, own, nil
}

// claim decides between two locked carts; own has no ID when there is none.
func (e *Engine) claim(ctx context.Context, who ident.Actor, how Strategy, claimed, own Cart) (Cart, error) {
	if err := claimed.writable(0); err != nil {
		return Cart{}, err
	}
	if claimed.CustomerID != "" {
		return claimed, nil
	}
	if own.ID == "" {
		return e.adopt(ctx, who, claimed)
	}
	mine := claimed
	mine.CustomerID = who.ID
	if own.OpenKey() != mine.OpenKey() {
		return Cart{}, lost{ErrStale} // closed, or moved to another market, since it was found
	}
	if how == Replace {
		if err := e.mergeInto(ctx, who, own, claimed.ID); err != nil {
			return Cart{}, err
		}
		return e.adopt(ctx, who, claimed)
	}
	if err := e.mergeInto(ctx, who, claimed, own.ID); err != nil {
		return Cart{}, err
	}
	if how == KeepAccount || len(claimed.Items)+len(claimed.GiftCards)+len(claimed.DiscountCodes) == 0 {
		return own, nil
	}
	own.absorb(claimed)
	return own, e.save(ctx, &own)
}

// adopt makes a guest's cart the customer's.
func (e *Engine) adopt(ctx context.Context, who ident.Actor, c Cart) (Cart, error) {
	c.CustomerID = who.ID
	c.Epoch++
	err := e.save(ctx, &c)
	if errors.Is(err, ErrTaken) {
		return Cart{}, lost{err} // made since none was found
	}
	return c, err
}

// mergeInto closes c, whose goods are in the cart into or nowhere. It is the
// customer's, so that a repeat of the claim finds out what became of it.
func (e *Engine) mergeInto(ctx context.Context, who ident.Actor, c Cart, into string) error {
	if err := c.move(StatusMerged, e.now()); err != nil {
		return err
	}
	c.CustomerID, c.IntoID = who.ID, into
	c.Epoch++
	ev := Merged.New(e.opts.ID("evt"), c.ID, e.now(), MergedV1{Cart: c.ID, Into: into, Customer: who.ID})
	return e.save(ctx, &c, ev)
}
