package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// rebuilds is that in every so many schedules the read models are made anew and
// compared: it is work.
const rebuilds = 4

// list keeps the listing up to date. It is storefront.Index.Handle without its
// batches: goroutines of its own are none of the schedule's.
func (p *process) list(ctx context.Context, e event.Envelope) error {
	if p.w.breaks.deaf && strings.HasPrefix(e.Name, "inventory.") {
		return nil
	}
	ids := []string{e.Key}
	if !strings.HasPrefix(e.Name, "catalog.") {
		found, err := p.shop.Catalog.Variants(asStaff(""), catalog.VariantsInput{IDs: []string{e.Key}})
		if err != nil {
			return err
		}
		ids = nil
		for _, v := range found.Items {
			ids = append(ids, v.ProductID)
		}
	}
	return p.index.Put(ctx, ids)
}

// arrange has staff change what lists show: a title or a price.
func (w *world) arrange() {
	g := w.goods[w.rng.IntN(len(w.goods))]
	if g.price == 0 || w.chance(50) {
		title := fmt.Sprintf("Thing with %s edges", []string{"round", "sharp", "no"}[w.rng.IntN(3)])
		_ = w.perform("retitle", g.product, func(ctx context.Context, p *process) error {
			_, err := command(ctx, p, catalog.OpUpdateProduct, p.shop.Catalog.UpdateProduct, catalog.UpdateProductInput{ID: g.product, Title: op.Some(title)})
			return err
		})
		return
	}
	set := pricing.PriceSet{VariantID: g.variant, Currency: "USD", Prices: []pricing.PriceFields{{Amount: g.price + w.rng.Int64N(200)}}}
	_ = w.perform("price", g.variant, func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, pricing.OpPutPrices, p.shop.Pricing.PutPrices, pricing.PutPricesInput{Sets: []pricing.PriceSet{set}})
		return err
	})
}

// holdListing holds R5: lists and searches show what they would show if they were
// made anew.
func (w *world) holdListing(ctx context.Context) {
	if w.seed%rebuilds != 1 {
		return
	}
	before := w.listed(ctx)
	p := w.process()
	defer w.free(p)
	w.cur.proc = p
	defer func() { w.cur.proc = nil }()
	if w.unread("the shop", p.index.Rebuild(ctx)) {
		return
	}
	if after := w.listed(ctx); !bytes.Equal(before, after) {
		w.violate("R5", "the listing is\n%s\nand made anew\n%s", before, after)
	}
	w.rebuilt++
}

// listed is all that lists and searches know.
func (w *world) listed(ctx context.Context) []byte {
	store := w.dbOf("catalog").Stores.Catalog
	var shown []any
	ask := func(v any, err error) {
		shown = append(shown, v)
		w.unread("the listing", err)
	}
	find := catalog.Find{Market: pricing.DefaultMarket, Now: w.now, Limit: all}
	for _, by := range []catalog.Sort{catalog.SortNewest, catalog.SortCheap, catalog.SortTitle} {
		find.Sort = by
		found, err := store.Search(ctx, find)
		ask(found, err)
	}
	facets, err := store.Facets(ctx, find)
	ask(facets, err)
	begun, _, err := store.Words(ctx, pricing.DefaultMarket, []string{"t", "r", "s", "n", "w", "0", "1"}, nil)
	ask(begun, err)
	find.InStock = true
	count, err := store.Count(ctx, find)
	ask(count, err)
	data, _ := json.Marshal(shown) // of rows that came from JSON
	return data
}
