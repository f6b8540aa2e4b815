package pricing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Claim names a promotion of a quote, of which an order wants a use. Version is
// the one that was quoted.
type Claim struct {
	PromotionID      string `json:"promotion_id"`
	Version          int64  `json:"version"`
	PerCustomerLimit *int64 `json:"per_customer_limit,omitempty"`
}

// Claims returns the promotions that q has, by id: that is how they are locked.
func (q Quote) Claims() (all []Claim) {
	for _, d := range q.Discounts {
		all = append(all, Claim{PromotionID: d.PromotionID, Version: d.Version, PerCustomerLimit: d.PerCustomerLimit})
	}
	slices.SortFunc(all, byPromotion)
	return all
}

func byPromotion(a, b Claim) int { return cmp.Compare(a.PromotionID, b.PromotionID) }

// PromotionUse is that an order has a promotion.
type PromotionUse struct {
	PromotionID string    `json:"promotion_id"`
	Key         string    `json:"key"`   // of Redeem
	Buyer       string    `json:"buyer"` // tells buyers apart and does not name them
	At          time.Time `json:"at"`
}

// Redeem makes sure that a basket still costs what was quoted: at once if
// nothing has changed since the generation of the quote, else by another quote.
// Then it takes a use of each promotion. It returns ErrTotalChanged with Changed
// when the total is another, when a line has lost its price, when the chosen way
// to deliver is gone, or when a promotion is gone, another, or used up;
// ErrMarketNotFound; and once.ErrUndone when Restore has come before. A Redeem
// that has succeeded succeeds again.
func (e *Engine) Redeem(ctx context.Context, in RedeemInput) (op.Nothing, error) {
	if err := OpRedeem.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Do(ctx, e.store, OpRedeem.Name, in.Key, func() error { return e.redeem(ctx, in) })
	})
}

func (e *Engine) redeem(ctx context.Context, in RedeemInput) error {
	claims, err := e.holds(ctx, in)
	if err != nil {
		return err
	}
	use := PromotionUse{Key: in.Key, Buyer: buyerKey(in.Basket.Buyer), At: e.now()}
	for _, c := range claims {
		use.PromotionID = c.PromotionID
		taken, err := e.store.ClaimPromotion(ctx, c, use)
		if err != nil {
			return err
		}
		if !taken {
			return e.usedUp(ctx, in)
		}
	}
	return nil
}

// holds returns what the basket of in claims, if its quote is still right.
func (e *Engine) holds(ctx context.Context, in RedeemInput) ([]Claim, error) {
	gen, err := e.store.Generation(ctx)
	if err != nil {
		return nil, err
	}
	claims := slices.SortedFunc(slices.Values(in.Promotions), byPromotion)
	if gen == in.Generation {
		return claims, nil
	}
	q, err := e.quote(ctx, in.Basket)
	if err != nil {
		return nil, err
	}
	gone := in.Basket.Shipping != "" && q.Shipping == nil ||
		slices.ContainsFunc(q.Items, func(it QuotedItem) bool { return it.Price == nil })
	same := func(a, b Claim) bool { return a.PromotionID == b.PromotionID && a.Version == b.Version }
	if gone || q.Totals.Total != in.Total || !slices.EqualFunc(claims, q.Claims(), same) {
		return nil, changed(in, q)
	}
	return claims, nil
}

func changed(in RedeemInput, q Quote) error {
	return ErrTotalChanged.With(Changed{Expected: in.Total, Actual: q.Totals.Total})
}

// usedUp returns what the basket costs without the promotion that was just
// refused, in the unit that will not be.
func (e *Engine) usedUp(ctx context.Context, in RedeemInput) error {
	// What this unit has claimed must not count against its own quote.
	if err := e.store.ReturnUses(ctx, in.Key); err != nil {
		return err
	}
	q, err := e.quote(ctx, in.Basket)
	if err != nil {
		return err
	}
	return changed(in, q)
}

// buyerKey returns what is kept of a buyer.
func buyerKey(buyer string) string { return ident.Nameless("promotion.buyer", buyer) }

// Restore undoes Redeem with the same key, gives back the uses that it took, and
// keeps a late one out.
func (e *Engine) Restore(ctx context.Context, in RestoreInput) (op.Nothing, error) {
	if err := OpRestore.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Undo(ctx, e.store, OpRedeem.Name, in.Key, func() error { return e.store.ReturnUses(ctx, in.Key) })
	})
}
