package importer

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// trackerHere is the tracker of stock that the shop itself counts.
const trackerHere = "shopify"

// causeNew is the cause of the first quantity of a variant: whatever import
// brings it, and how often, it counts once.
const causeNew = "import"

// levelWrite is what to write of the stock of the i-th variant of it.
type levelWrite struct {
	it      *item
	i       int
	level   inventory.LevelFields
	changes []Change
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
		if id != "" && id == it.goods[i].stocked {
			continue
		}
		for _, w := range r.stock(it, i, have.levels[id]) {
			if id == "" { // a dry run has not made the variant
				it.wrote(i, pricing.OutcomeCreated, nil, colQuantity, w.changes)
				continue
			}
			w.level.VariantID = id
			todo = append(todo, w)
		}
	}
	return r.writeLevels(ctx, todo, dry)
}

func (r *run) writeLevels(ctx context.Context, todo []levelWrite, dry bool) error {
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

// untrack writes the stock of the products of part of which a file has named a
// tracker and this one does not. That it had one only the product knows, and
// no longer once it is written. It returns what the shop has of part then.
func (r *run) untrack(ctx context.Context, part []*item, have goodsIn) (goodsIn, error) {
	off := func(it *item) bool { return !it.failed() && r.untracks(it, have) }
	if r.opts.DryRun || r.opts.Stock == StockSkip || !slices.ContainsFunc(part, off) {
		return have, nil
	}
	if r.opts.OnFault == OnFaultSkip { // what is left out keeps its stock too
		var err error
		if have, err = r.putProducts(ctx, part, have, true); err != nil {
			return have, err
		}
		forget(part)
	}
	var todo []levelWrite
	for _, it := range part {
		if off(it) {
			todo = append(todo, r.known(it, have)...)
		}
	}
	return have, r.writeLevels(ctx, todo, false)
}

// untracks reports whether the file turns tracking off of a variant of it.
func (r *run) untracks(it *item, have goodsIn) bool {
	for i, g := range it.goods {
		if g.old == nil {
			continue
		}
		for _, l := range have.levels[g.old.ID] {
			if l.Tracked && !r.tracks(it, i, l) {
				return true
			}
		}
	}
	return false
}

// known returns what to write of the stock of the variants of it that were
// there before, and notes that it is written.
func (r *run) known(it *item, have goodsIn) (todo []levelWrite) {
	for i := range it.goods {
		g := &it.goods[i]
		if g.old == nil {
			continue
		}
		g.stocked = g.old.ID
		for _, w := range r.stock(it, i, have.levels[g.old.ID]) {
			w.level.VariantID = g.old.ID
			todo = append(todo, w)
		}
	}
	return todo
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
