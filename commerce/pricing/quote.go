package pricing

import (
	"cmp"
	"context"
	"slices"
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
	// Promotions are read last: what is newer than gen makes Redeem look again.
	b := in.basket(m, s, prices)
	if b.Offers, err = e.offers(ctx, in, s, b.Codes); err != nil {
		return Quote{}, err
	}
	if b.Now = in.At; b.Now.IsZero() {
		b.Now = e.now()
	}
	q, err := Compute(b)
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

// offers returns the promotions that may count. Those that apply by themselves,
// however often, are among the settings.
func (e *Engine) offers(ctx context.Context, in QuoteInput, s *Settings, codes []string) (all []Offer, err error) {
	f := OfferFilter{Codes: codes, Buyer: buyerKey(in.Buyer)}
	for _, p := range s.Promotions {
		if p.counted() {
			f.IDs = append(f.IDs, p.ID)
		} else {
			all = append(all, Offer{Promotion: p})
		}
	}
	if len(f.Codes)+len(f.IDs) == 0 {
		return all, nil
	}
	more, err := e.store.Offers(ctx, f)
	return append(all, more...), err
}

// codes returns the codes of in in their normal form, each once.
func (in QuoteInput) codes() (all []string) {
	for _, c := range in.Codes {
		if code, ok := FoldCode(c); ok && !slices.Contains(all, code) {
			all = append(all, code)
		}
	}
	return all
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
		TaxRates: s.TaxRates, ShippingMethods: s.ShippingMethods, Codes: in.codes()}
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
