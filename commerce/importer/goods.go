package importer

import (
	"context"
	"iter"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// priceWrite is what to write of the prices of the i-th variant of it.
type priceWrite struct {
	it      *item
	i       int
	set     pricing.PriceSet
	changes []Change
}

// goodsOf yields the variants of part whose products are in the shop, or would
// be, without those that have a fault.
func goodsOf(part []*item) iter.Seq2[*item, int] {
	return func(yield func(*item, int) bool) {
		for _, it := range part {
			if it.result == nil {
				continue
			}
			for i := range it.goods {
				if !it.goods[i].failed && !yield(it, i) {
					return
				}
			}
		}
	}
}

// putPrices writes the base prices of part that are others than before.
func (r *run) putPrices(ctx context.Context, part []*item, have goodsIn) error {
	var todo []priceWrite
	for it, i := range goodsOf(part) {
		id := it.goods[i].id
		w, ok := it.price(i, have.prices[id], r.report.Currency)
		switch {
		case !ok:
		case id == "": // a dry run has not made the variant
			it.wrote(i, pricing.OutcomeCreated, nil, colPrice, w.changes)
		default:
			w.set.VariantID = id
			todo = append(todo, w)
		}
	}
	for some := range slices.Chunk(todo, maxGoods) {
		in := pricing.PutPricesInput{DryRun: r.opts.DryRun}
		for _, w := range some {
			in.Sets = append(in.Sets, w.set)
		}
		out, err := r.ports.Prices.PutPrices(ctx, in)
		if err != nil {
			return err
		}
		for k, w := range some {
			w.it.wrote(w.i, out.Results[k].Outcome, out.Results[k].Error, colPrice, w.changes)
		}
	}
	return nil
}

// wrote notes what became of prices or stock of the i-th variant.
func (it *item) wrote(i int, outcome string, err *fault.Error, col int, changes []Change) {
	g := &it.goods[i]
	switch {
	case err != nil:
		g.failed = true
		it.fault(col, i, it.value(col, i), "%s", err.Text)
	case outcome != pricing.OutcomeUnchanged:
		g.changed = true
		if !g.created {
			it.changes = append(it.changes, changes...)
		}
	}
}

// price returns what to write of the price of the i-th variant, and whether
// there is anything to write. Prices of larger quantities stay, and so does the
// price of a variant that has none in the file.
func (it *item) price(i int, old []pricing.Price, usual money.Currency) (priceWrite, bool) {
	v := &it.rec.Variants[i]
	c := usual
	for _, a := range []*money.Amount{v.CompareAt, v.Price} {
		if a != nil {
			c = a.Currency
		}
	}
	w := priceWrite{it: it, i: i, set: pricing.PriceSet{Currency: c}}
	var was *pricing.Price
	for _, p := range old {
		switch {
		case p.Market != "" || p.Amount.Currency != c:
		case p.MinQuantity == 1:
			was = &p
		default:
			w.set.Prices = append(w.set.Prices, priceFields(p))
		}
	}
	now := pricing.Price{MinQuantity: 1}
	switch {
	case v.Price != nil:
		now.Amount = *v.Price
	case was != nil:
		now.Amount = was.Amount
	default:
		if c != "" || len(old) == 0 {
			it.warn(colPrice, i, "", "a variant without a price cannot be sold")
		}
		return w, false
	}
	now.CompareAt = v.CompareAt
	if was != nil && !it.has(colCompareAt) {
		now.CompareAt = was.CompareAt
	}
	w.changes = it.priceChanges(i, was, now)
	w.set.Prices = slices.Insert(w.set.Prices, 0, priceFields(now))
	return w, len(w.changes) > 0
}

func priceFields(p pricing.Price) pricing.PriceFields {
	f := pricing.PriceFields{MinQuantity: p.MinQuantity, Amount: p.Amount.Minor}
	if p.CompareAt != nil {
		f.CompareAt = new(p.CompareAt.Minor)
	}
	return f
}

func (it *item) priceChanges(i int, was *pricing.Price, now pricing.Price) (out []Change) {
	var price, compareAt string
	if was != nil {
		price, compareAt = was.Amount.Decimal(), decimal(was.CompareAt)
	}
	out = it.changed(out, i, "price", price, now.Amount.Decimal())
	return it.changed(out, i, "compare-at price", compareAt, decimal(now.CompareAt))
}

func decimal(a *money.Amount) string {
	if a == nil {
		return ""
	}
	return a.Decimal()
}

// changed adds a change of the i-th variant to out, if it is one.
func (it *item) changed(out []Change, i int, what, from, to string) []Change {
	if from == to {
		return out
	}
	return append(out, Change{Handle: it.rec.Handle, Variant: title(it.rec.Variants[i].Options), What: what, From: from, To: to})
}
