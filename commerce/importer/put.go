package importer

import (
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// goodsIn is what a shop has of some variants, by their ids.
type goodsIn struct {
	prices map[string][]pricing.Price
	levels map[string][]inventory.Level
}

func (g goodsIn) tracked(id string) bool {
	return slices.ContainsFunc(g.levels[id], func(l inventory.Level) bool { return l.Tracked })
}

// put brings part into the shop: products, then stock, then prices. It may end
// after any of them, and then nothing is for sale before its stock is counted,
// and to do it again does the rest. It returns the items that it has dealt with:
// when faults stop the import, none after the first faulty one.
func (r *run) put(ctx context.Context, part []*item) ([]*item, error) {
	have, err := r.plan(ctx, part)
	if err != nil {
		return nil, err
	}
	if r.opts.OnFault == OnFaultStop && !r.opts.DryRun {
		if have, err = r.preview(ctx, part, have); err != nil {
			return nil, err
		}
		part = untilFault(part)
	}
	if have, err = r.untrack(ctx, part, have); err != nil {
		return nil, err
	}
	if have, err = r.putProducts(ctx, part, have, r.opts.DryRun); err != nil {
		return nil, err
	}
	if err := r.putLevels(ctx, part, have, r.opts.DryRun); err != nil {
		return nil, err
	}
	if err := r.putPrices(ctx, part, have); err != nil {
		return nil, err
	}
	if r.opts.OnFault == OnFaultStop && r.opts.DryRun {
		part = untilFault(part)
	}
	return part, nil
}

// untilFault returns part up to its first faulty item, with it, of which
// nothing is written.
func untilFault(part []*item) []*item {
	k := slices.IndexFunc(part, (*item).failed)
	if k < 0 {
		return part
	}
	part[k].result, part[k].changes = nil, nil
	return part[:k+1]
}

// preview finds the faults of part without writing anything. It returns what the
// shop has of part.
func (r *run) preview(ctx context.Context, part []*item, have goodsIn) (goodsIn, error) {
	have, err := r.putProducts(ctx, part, have, true)
	if err != nil {
		return have, err
	}
	if err := r.putLevels(ctx, part, have, true); err != nil {
		return have, err
	}
	forget(part)
	return have, nil
}

// forget leaves of a dry run only the faults, and what is not to be written.
func forget(part []*item) {
	for _, it := range part {
		for i := range it.goods {
			it.goods[i].changed = false
		}
		if it.result != nil && it.result.Outcome != catalog.OutcomeUnchanged {
			it.result = nil
		}
		it.changes = nil
	}
}

// putProducts writes the products of part. Those that somebody else has written
// since they were read are planned and written again; it returns what the shop
// has of part then.
func (r *run) putProducts(ctx context.Context, part []*item, have goodsIn, dry bool) (goodsIn, error) {
	const tries = 3
	for try := 1; ; try++ {
		again, err := r.putOnce(ctx, part, dry)
		if err != nil || len(again) == 0 || try == tries {
			return have, err
		}
		for _, it := range again {
			it.faults = nil
		}
		if have, err = r.plan(ctx, part); err != nil {
			return have, err
		}
	}
}

// plan reads what the shop has of part and works out what is to become of it.
func (r *run) plan(ctx context.Context, part []*item) (goodsIn, error) {
	old, err := r.products(ctx, part)
	if err != nil {
		return goodsIn{}, err
	}
	have, err := r.goodsOf(ctx, part, old)
	if err != nil {
		return goodsIn{}, err
	}
	for _, it := range part {
		if !it.failed() && it.result == nil {
			it.over(old[it.rec.Handle], have)
		}
	}
	return have, nil
}

// products returns the products of the shop that part names, by handle.
func (r *run) products(ctx context.Context, part []*item) (map[string]*catalog.Product, error) {
	in := catalog.ProductsInput{Query: page.Query{Limit: maxPage}}
	for _, it := range part {
		in.Slugs = append(in.Slugs, it.rec.Handle)
	}
	found, err := r.ports.Catalog.Products(ctx, in)
	if err != nil {
		return nil, err
	}
	old := make(map[string]*catalog.Product, len(found.Items))
	for i := range found.Items {
		old[found.Items[i].Slug] = &found.Items[i]
	}
	return old, nil
}

// goodsOf returns the prices and the stock of the variants of old that part
// names.
func (r *run) goodsOf(ctx context.Context, part []*item, old map[string]*catalog.Product) (goodsIn, error) {
	var ids []string
	for _, it := range part {
		p := old[it.rec.Handle]
		if p == nil {
			continue
		}
		named := map[string]bool{}
		for _, v := range it.rec.Variants {
			named[catalog.Combo(v.Options)] = true
		}
		for _, v := range p.Variants {
			if named[catalog.Combo(v.Values)] {
				ids = append(ids, v.ID)
			}
		}
	}
	return readGoods(ctx, r.ports, ids, r.opts.Stock != StockSkip)
}

// readGoods returns prices and, if wanted, stock of variants.
func readGoods(ctx context.Context, p Ports, ids []string, stock bool) (goodsIn, error) {
	have := goodsIn{map[string][]pricing.Price{}, map[string][]inventory.Level{}}
	for some := range slices.Chunk(ids, maxGoods) {
		out, err := p.Prices.Prices(ctx, pricing.PricesInput{VariantIDs: some})
		if err != nil {
			return have, err
		}
		for _, price := range out.Items {
			have.prices[price.VariantID] = append(have.prices[price.VariantID], price)
		}
		if !stock {
			continue
		}
		for l, err := range levelsOf(ctx, p.Stock, some) {
			if err != nil {
				return have, err
			}
			have.levels[l.VariantID] = append(have.levels[l.VariantID], l)
		}
	}
	return have, nil
}

// putOnce writes the products of part that have no result yet. It returns those
// that somebody else may have overtaken.
func (r *run) putOnce(ctx context.Context, part []*item, dry bool) (overtaken []*item, err error) {
	var todo []*item
	in := catalog.PutProductsInput{DryRun: dry}
	for _, it := range part {
		if !it.failed() && it.result == nil {
			todo, in.Products = append(todo, it), append(in.Products, it.fields)
		}
	}
	if len(todo) == 0 {
		return nil, nil
	}
	out, err := r.ports.Catalog.PutProducts(ctx, in)
	if err != nil {
		return nil, err
	}
	for i, it := range todo {
		it.take(out.Results[i])
		if transient(out.Results[i].Error) {
			overtaken = append(overtaken, it)
		}
	}
	return overtaken, nil
}

// take notes what became of the product.
func (it *item) take(res catalog.PutResult) {
	if res.Outcome == catalog.OutcomeFailed {
		it.refused(res.Error)
		return
	}
	it.result = &res
	for i := range it.goods {
		it.goods[i].id, it.goods[i].created = res.Variants[i].ID, res.Variants[i].Created
	}
}
