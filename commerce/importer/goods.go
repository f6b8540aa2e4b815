package importer

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// trackerHere is the tracker of stock that the shop itself counts.
const trackerHere = "shopify"

// causeNew is the cause of the first quantity of a variant: whatever import
// brings it, and how often, it counts once.
const causeNew = "import"

// priceWrite is what to write of the prices of the i-th variant of it.
type priceWrite struct {
	it      *item
	i       int
	set     pricing.PriceSet
	changes []Change
}

// levelWrite is what to write of the stock of the i-th variant of it.
type levelWrite struct {
	it      *item
	i       int
	level   inventory.LevelFields
	changes []Change
}

// goodsOf yields the variants of part whose products are in the shop, or would
// be.
func goodsOf(part []*item) iter.Seq2[*item, int] {
	return func(yield func(*item, int) bool) {
		for _, it := range part {
			if it.failed() || it.result == nil {
				continue
			}
			for i := range it.goods {
				if !yield(it, i) {
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

// putLevels writes the stock of part that is other than before, or with dry
// finds out what keeps it from being written.
func (r *run) putLevels(ctx context.Context, part []*item, have goodsIn, dry bool) error {
	if r.opts.Stock == StockSkip {
		return nil
	}
	var todo []levelWrite
	for it, i := range goodsOf(part) {
		id := it.goods[i].id
		for _, w := range r.stock(it, i, have.levels[id]) {
			if id == "" { // a dry run has not made the variant
				it.wrote(i, pricing.OutcomeCreated, nil, colQuantity, w.changes)
				continue
			}
			w.level.VariantID = id
			todo = append(todo, w)
		}
	}
	for some := range slices.Chunk(todo, maxGoods) {
		in := inventory.PutLevelsInput{DryRun: dry, CauseID: r.cause()}
		for _, w := range some {
			in.Levels = append(in.Levels, w.level)
		}
		out, err := r.ports.Stock.PutLevels(ctx, in)
		if err != nil {
			return err
		}
		for k, w := range some {
			col := colPolicy
			if w.level.OnHand != nil {
				col = colQuantity
			}
			w.it.wrote(w.i, out.Results[k].Outcome, out.Results[k].Error, col, w.changes)
		}
	}
	return nil
}

func (r *run) cause() string {
	if r.opts.Stock == StockSet {
		return causeNew + " " + r.opts.ID
	}
	return causeNew
}

// stock returns what to write of the stock of the i-th variant.
func (r *run) stock(it *item, i int, old []inventory.Level) []levelWrite {
	if len(old) == 0 {
		return r.newStock(it, i)
	}
	v := &it.rec.Variants[i]
	onHand, elsewhere := (*int64)(nil), int64(0)
	for _, l := range old {
		if l.LocationID != inventory.Main {
			elsewhere += l.OnHand
		}
	}
	if r.opts.Stock == StockSet && v.Quantity != nil {
		onHand = new(max(0, *v.Quantity-elsewhere))
	}
	var out []levelWrite
	for _, l := range old {
		f := inventory.LevelFields{LocationID: l.LocationID, Tracked: r.tracks(it, i, l), Backorder: it.backorder(i, l)}
		now := l.OnHand
		if onHand != nil && l.LocationID == inventory.Main {
			f.OnHand, now = onHand, *onHand
		}
		changes := it.changed(nil, i, "stock", strconv.FormatInt(l.OnHand, 10), strconv.FormatInt(now, 10))
		changes = it.changed(changes, i, "tracking", strconv.FormatBool(l.Tracked), strconv.FormatBool(f.Tracked))
		changes = it.changed(changes, i, "policy", policyOf(l.Backorder), policyOf(f.Backorder))
		if len(changes) > 0 {
			out = append(out, levelWrite{it, i, f, changes})
		}
	}
	return out
}

// newStock returns the first level of the i-th variant, none when the file says
// nothing that one would hold.
func (r *run) newStock(it *item, i int) []levelWrite {
	v := &it.rec.Variants[i]
	f := inventory.LevelFields{Tracked: r.opts.TrackAll || v.Tracked(), Backorder: it.backorder(i, inventory.Level{})}
	stock := ""
	if v.Quantity != nil {
		f.OnHand = new(max(0, *v.Quantity))
		stock = strconv.FormatInt(*f.OnHand, 10)
	}
	if !f.Tracked && f.OnHand == nil && f.Backorder == 0 {
		return nil
	}
	changes := it.changed(nil, i, "stock", "", stock)
	changes = it.changed(changes, i, "tracking", "false", strconv.FormatBool(f.Tracked))
	changes = it.changed(changes, i, "policy", policyOf(0), policyOf(f.Backorder))
	return []levelWrite{{it, i, f, changes}}
}

// tracks reports whether l is to be tracked. A tracker in the file turns
// tracking on; that one is no longer there turns it off; one that was never
// there leaves what the shop has decided itself.
func (r *run) tracks(it *item, i int, l inventory.Level) bool {
	switch v := &it.rec.Variants[i]; {
	case r.opts.TrackAll || v.Tracked():
		return true
	case !it.has(colTracker):
		return l.Tracked
	default:
		return l.Tracked && it.goods[i].tracker == ""
	}
}

// backorder returns how many may be promised beyond what l has.
func (it *item) backorder(i int, l inventory.Level) int64 {
	switch {
	case !it.has(colPolicy):
		return l.Backorder
	case it.rec.Variants[i].Policy == PolicyContinue:
		return cmp.Or(l.Backorder, inventory.Unlimited)
	default:
		return 0
	}
}

func policyOf(backorder int64) string {
	if backorder > 0 {
		return string(PolicyContinue)
	}
	return string(PolicyDeny)
}

// levelsOf walks the stock of variants, at most 500.
func levelsOf(ctx context.Context, s inventory.Service, ids []string) iter.Seq2[inventory.Level, error] {
	return page.All(ctx, func(ctx context.Context, cursor string) (page.Page[inventory.Level], error) {
		return s.Levels(ctx, inventory.LevelsInput{Query: page.Query{Limit: maxPage, Cursor: cursor}, VariantIDs: ids})
	})
}
