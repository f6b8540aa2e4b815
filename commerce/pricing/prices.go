package pricing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// The outcomes of a PutPrice.
const (
	OutcomeCreated   = "created"
	OutcomeUpdated   = "updated" // or taken away
	OutcomeUnchanged = "unchanged"
	OutcomeFailed    = "failed"
)

// Prices returns all prices of some variants, none for a variant that has none
// or is not known.
func (e *Engine) Prices(ctx context.Context, in PricesInput) (PricesOutput, error) {
	if err := OpPrices.Admit(ctx, in); err != nil {
		return PricesOutput{}, err
	}
	prices, gen, err := e.store.Prices(ctx, PriceFilter{VariantIDs: in.VariantIDs})
	if err != nil {
		return PricesOutput{}, err
	}
	return PricesOutput{Items: append([]Price{}, prices...), Generation: gen}, nil
}

// PutPrices replaces prices, all in one unit of work, and announces
// PriceChanged for each set that becomes another. A set at fault is reported in
// its result and the others are written all the same; what breaks the
// constraints of the fields is refused as a whole, before anything is written.
func (e *Engine) PutPrices(ctx context.Context, in PutPricesInput) (PutPricesOutput, error) {
	if err := OpPutPrices.Admit(ctx, in); err != nil {
		return PutPricesOutput{}, err
	}
	s, err := e.current(ctx)
	if err != nil {
		return PutPricesOutput{}, err
	}
	faults := faultsOf(in.Sets, s)
	variants := variantsOf(in.Sets, faults)
	have, _, err := e.store.Prices(ctx, PriceFilter{VariantIDs: variants})
	if err != nil {
		return PutPricesOutput{}, err
	}
	if plan := planPrices(in.Sets, faults, have); in.DryRun || len(plan.changed) == 0 {
		return plan.out, nil
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (PutPricesOutput, error) {
		have, err := e.store.LockPrices(ctx, variants)
		if err != nil {
			return PutPricesOutput{}, err
		}
		plan := planPrices(in.Sets, faults, have)
		if len(plan.changed) == 0 {
			return plan.out, nil
		}
		return plan.out, e.writePrices(ctx, plan)
	})
}

func (e *Engine) writePrices(ctx context.Context, p pricePlan) error {
	if err := e.store.ReplacePrices(ctx, p.gone, p.put); err != nil {
		return err
	}
	var evs []event.Envelope
	for _, c := range p.changed {
		evs = append(evs, announce(e, PriceChanged, c.variant, PriceChangedV1{Variant: c.variant, Currency: c.currency, Market: c.market}))
	}
	if err := e.store.Record(ctx, evs...); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}

// setKey says which prices a set replaces.
type setKey struct {
	variant  string
	currency money.Currency
	market   string
}

func (s PriceSet) key() setKey { return setKey{s.VariantID, s.Currency, s.Market} }

// faultsOf returns what is wrong with each set, nil when nothing is.
func faultsOf(sets []PriceSet, s *Settings) []*fault.Error {
	faults := make([]*fault.Error, len(sets))
	seen := map[setKey]bool{}
	for i, set := range sets {
		f := set.fault(s)
		if f == nil && seen[set.key()] {
			f = fault.ErrInvalid.Saying("the same variant, currency and market twice in one call")
		}
		seen[set.key()] = true
		if f != nil {
			f.In, f.Param = "body", fmt.Sprintf("/sets/%d", i)+f.Param
		}
		faults[i] = f
	}
	return faults
}

// fault returns what is wrong with s by itself.
func (s PriceSet) fault(now *Settings) *fault.Error {
	if i := slices.IndexFunc([]byte(s.VariantID), func(b byte) bool { return b < '!' || b > '~' }); i >= 0 {
		return fault.ErrInvalid.Saying("an id has no such characters").At("/variant_id")
	}
	if !s.Currency.Valid() {
		return money.ErrCurrency.At("/currency")
	}
	if s.Market != "" {
		m, ok := now.market(s.Market)
		if !ok {
			return ErrMarketNotFound.At("/market")
		}
		if m.Currency != s.Currency {
			return fault.ErrInvalid.Saying("the market " + m.ID + " sells in " + string(m.Currency)).At("/currency")
		}
	}
	var last int64
	for i, p := range s.prices() {
		if p.MinQuantity <= last {
			return fault.ErrInvalid.Saying("quantities must ascend and not repeat").At(fmt.Sprintf("/prices/%d/min_quantity", i))
		}
		last = p.MinQuantity
	}
	return nil
}

// prices returns the prices of s with their quantities filled in.
func (s PriceSet) prices() []PriceFields {
	out := slices.Clone(s.Prices)
	for i := range out {
		out[i].MinQuantity = cmp.Or(out[i].MinQuantity, 1)
	}
	return out
}

// variantsOf returns the different variants of the sets without fault, sorted.
func variantsOf(sets []PriceSet, faults []*fault.Error) []string {
	var ids []string
	for i, s := range sets {
		if faults[i] == nil {
			ids = append(ids, s.VariantID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// pricePlan is what there is to do.
type pricePlan struct {
	out       PutPricesOutput
	gone, put []Price
	changed   []setKey
}

// planPrices compares sets with what there is.
func planPrices(sets []PriceSet, faults []*fault.Error, have []Price) (p pricePlan) {
	before := map[setKey][]PriceFields{}
	for _, h := range have {
		k := setKey{h.VariantID, h.Amount.Currency, h.Market}
		before[k] = append(before[k], h.fields())
	}
	p.out.Results = []PutPrice{}
	for i, s := range sets {
		was := append([]PriceFields{}, before[s.key()]...)
		r := PutPrice{Outcome: OutcomeFailed, Before: []PriceFields{}, Error: faults[i]}
		if r.Error == nil {
			r.Before, r.Outcome = was, p.replace(s.key(), was, s.prices())
		}
		p.out.Results = append(p.out.Results, r)
	}
	return p
}

// replace plans that the prices of k are now, where they were was.
func (p *pricePlan) replace(k setKey, was, now []PriceFields) (outcome string) {
	if slices.EqualFunc(was, now, PriceFields.equal) {
		return OutcomeUnchanged
	}
	p.changed = append(p.changed, k)
	for _, w := range was {
		if !slices.ContainsFunc(now, func(n PriceFields) bool { return n.MinQuantity == w.MinQuantity }) {
			p.gone = append(p.gone, k.price(w))
		}
	}
	for _, n := range now {
		if !slices.ContainsFunc(was, n.equal) {
			p.put = append(p.put, k.price(n))
		}
	}
	if len(was) == 0 {
		return OutcomeCreated
	}
	return OutcomeUpdated
}

func (f PriceFields) equal(g PriceFields) bool {
	same := (f.CompareAt == nil) == (g.CompareAt == nil) && (f.CompareAt == nil || *f.CompareAt == *g.CompareAt)
	return same && f.MinQuantity == g.MinQuantity && f.Amount == g.Amount
}

func (k setKey) price(f PriceFields) Price {
	p := Price{VariantID: k.variant, Market: k.market, MinQuantity: f.MinQuantity, Amount: money.New(f.Amount, k.currency)}
	if f.CompareAt != nil {
		p.CompareAt = new(money.New(*f.CompareAt, k.currency))
	}
	return p
}

func (p Price) fields() PriceFields {
	f := PriceFields{MinQuantity: p.MinQuantity, Amount: p.Amount.Minor}
	if p.CompareAt != nil {
		f.CompareAt = new(p.CompareAt.Minor)
	}
	return f
}
