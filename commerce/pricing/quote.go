package pricing

import (
	"cmp"
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Quote says what a basket costs now. It returns ErrMarketNotFound, or
// money.ErrOutOfRange for a basket that costs more than can be charged. A
// Shipping that does not deliver the basket is left out: Quote.Shipping is nil.
func (e *Engine) Quote(ctx context.Context, in QuoteInput) (Quote, error) {
	if err := OpQuote.Admit(ctx, in); err != nil {
		return Quote{}, err
	}
	return e.quote(ctx, in)
}

// readings is how often quote reads prices while others write.
const readings = 3

func (e *Engine) quote(ctx context.Context, in QuoteInput) (Quote, error) {
	s, m, err := e.market(ctx, in.Market)
	if err != nil {
		return Quote{}, err
	}
	f := PriceFilter{VariantIDs: in.variants(), Currency: m.Currency, Market: m.ID}
	var prices []Price
	var gen int64
	for range readings {
		if prices, gen, err = e.store.Prices(ctx, f); err != nil {
			return Quote{}, err
		}
		if s, err = e.settings(ctx, gen); err != nil {
			return Quote{}, err
		}
		if s.Generation == gen {
			break
		}
	}
	if now, ok := s.market(in.Market); ok {
		m = now
	}
	q, err := Compute(in.basket(m, s, prices))
	if err != nil {
		return Quote{}, err
	}
	// If the settings kept running ahead, gen is the older generation, which
	// makes Redeem look again.
	q.Generation = gen
	return q, nil
}

// market returns a market and settings that have it, maybe not the newest.
func (e *Engine) market(ctx context.Context, id string) (*Settings, Market, error) {
	if s := e.cached.Load(); s != nil {
		if m, ok := s.market(id); ok {
			return s, m, nil
		}
	}
	s, err := e.current(ctx)
	if err != nil {
		return nil, Market{}, err
	}
	m, ok := s.market(id)
	if !ok {
		return nil, Market{}, ErrMarketNotFound
	}
	return s, m, nil
}

// variants returns the different variants of the basket, sorted.
func (in QuoteInput) variants() []string {
	var ids []string
	for _, it := range in.Items {
		ids = append(ids, it.VariantID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (in QuoteInput) basket(m Market, s *Settings, prices []Price) Basket {
	b := Basket{Market: m, Country: in.Country, Region: in.Region, Shipping: in.Shipping,
		TaxRates: s.TaxRates, ShippingMethods: s.ShippingMethods}
	of := map[string][]Price{}
	for _, p := range prices {
		of[p.VariantID] = append(of[p.VariantID], p)
	}
	for _, it := range in.Items {
		l := Line{QuoteItem: it}
		if p := Pick(of[it.VariantID], m.ID, it.Quantity); p != nil {
			l.Price, l.CompareAt = &p.Amount, p.CompareAt
		}
		b.Lines = append(b.Lines, l)
	}
	return b
}

// Pick returns the price that counts among those of one variant and currency:
// the market's before the base price, then the largest quantity reached, then
// the lowest amount. It returns nil when there is none.
func Pick(prices []Price, market string, quantity int64) *Price {
	var best *Price
	for i := range prices {
		p := &prices[i]
		if p.MinQuantity > quantity || p.Market != "" && p.Market != market {
			continue
		}
		if best == nil || p.before(best) {
			best = p
		}
	}
	return best
}

// before reports whether p goes before q: both are reached in this market.
func (p *Price) before(q *Price) bool {
	if (p.Market == "") != (q.Market == "") {
		return p.Market != ""
	}
	return cmp.Or(cmp.Compare(q.MinQuantity, p.MinQuantity), cmp.Compare(p.Amount.Minor, q.Amount.Minor)) < 0
}

// Redeem makes sure that a basket still costs what was quoted: at once if
// nothing has changed since the generation of the quote, else by another quote.
// It returns ErrTotalChanged with Changed when the total is another, when a
// line has lost its price, or when the chosen way to deliver is gone;
// ErrMarketNotFound; and once.ErrUndone when Restore has come before. A Redeem
// that has succeeded succeeds again.
func (e *Engine) Redeem(ctx context.Context, in RedeemInput) (op.Nothing, error) {
	if err := OpRedeem.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Do(ctx, e.store, OpRedeem.Name, in.Key, func() error { return e.holds(ctx, in) })
	})
}

// holds returns nil if the quote of in is still right.
func (e *Engine) holds(ctx context.Context, in RedeemInput) error {
	gen, err := e.store.Generation(ctx)
	if err != nil || gen == in.Generation {
		return err
	}
	q, err := e.quote(ctx, in.Basket)
	if err != nil {
		return err
	}
	gone := in.Basket.Shipping != "" && q.Shipping == nil ||
		slices.ContainsFunc(q.Items, func(it QuotedItem) bool { return it.Price == nil })
	if gone || q.Totals.Total != in.Total {
		return ErrTotalChanged.With(Changed{Expected: in.Total, Actual: q.Totals.Total})
	}
	return nil
}

// Restore undoes Redeem with the same key and keeps a late one out. It does
// nothing more: a quote claims nothing yet that would have to be given back.
func (e *Engine) Restore(ctx context.Context, in RestoreInput) (op.Nothing, error) {
	if err := OpRestore.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		return op.Nothing{}, once.Undo(ctx, e.store, OpRedeem.Name, in.Key, func() error { return nil })
	})
}
