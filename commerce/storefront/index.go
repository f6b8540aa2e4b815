package storefront

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Index keeps the listing, from which lists and searches are answered, in step
// with catalog, pricing and inventory. To write a product's rows again does no
// harm, so events may come more than once and in any order.
//
// Events that come together are worked off together: while one batch is
// written the next one gathers.
type Index struct {
	engine *Engine

	mu      sync.Mutex
	waiting map[string]bool // products of the next batch
	all     bool            // or every product
	next    *indexBatch
	busy    bool
}

type indexBatch struct {
	done chan struct{}
	err  error
}

// indexBatchSize is how many products are looked up and written at once.
const indexBatchSize = 100

// NewIndex returns the index of the shop that e shows.
func NewIndex(e *Engine) *Index { return &Index{engine: e, waiting: map[string]bool{}} }

// Events are the names of the events that Handle wants.
func (x *Index) Events() []string {
	return []string{catalog.ProductCreated.Name, catalog.ProductUpdated.Name, catalog.ProductArchived.Name,
		catalog.CategoryChanged.Name, pricing.PriceChanged.Name, inventory.StockOut.Name, inventory.BackInStock.Name}
}

// Handle implements event.Handler: it returns when the products that e concerns
// are in the listing as they are now.
func (x *Index) Handle(ctx context.Context, e event.Envelope) error {
	all := e.Name == catalog.CategoryChanged.Name // its products, and those below it, have other parents
	ids, err := x.products(ctx, e)
	if err != nil || len(ids) == 0 && !all {
		return err
	}
	b := x.join(ctx, ids, all)
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// products returns the products that an event concerns.
func (x *Index) products(ctx context.Context, e event.Envelope) ([]string, error) {
	switch {
	case e.Name == catalog.CategoryChanged.Name:
		return nil, nil
	case strings.HasPrefix(e.Name, "catalog."):
		return []string{e.Key}, nil
	}
	found, err := x.engine.Catalog.Variants(inside(ctx), catalog.VariantsInput{IDs: []string{e.Key}})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, v := range found.Items {
		ids = append(ids, v.ProductID)
	}
	return ids, nil
}

// join adds products to the next batch and sees that it is worked off.
func (x *Index) join(ctx context.Context, ids []string, all bool) *indexBatch {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next == nil {
		x.next = &indexBatch{done: make(chan struct{})}
	}
	for _, id := range ids {
		x.waiting[id] = true
	}
	x.all = x.all || all
	if !x.busy {
		x.busy = true
		go x.work(context.WithoutCancel(ctx))
	}
	return x.next
}

func (x *Index) work(ctx context.Context) {
	for {
		x.mu.Lock()
		b, ids, all := x.next, slices.Sorted(maps.Keys(x.waiting)), x.all
		if b == nil {
			x.busy = false
			x.mu.Unlock()
			return
		}
		x.next, x.waiting, x.all = nil, map[string]bool{}, false
		x.mu.Unlock()
		if b.err = x.Put(ctx, ids); all && b.err == nil {
			b.err = x.Rebuild(ctx)
		}
		close(b.done)
	}
}

// Put writes the listing rows of products as they are now.
func (x *Index) Put(ctx context.Context, ids []string) error {
	for part := range slices.Chunk(ids, indexBatchSize) {
		if err := x.put(inside(ctx), part); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) put(ctx context.Context, ids []string) error {
	e := x.engine
	found, err := e.Catalog.Products(ctx, catalog.ProductsInput{Query: page.Query{Limit: indexBatchSize}, IDs: ids})
	if err != nil {
		return err
	}
	markets, err := e.allMarkets(ctx)
	if err != nil {
		return err
	}
	categories, err := e.categories(ctx, found.Items)
	if err != nil {
		return err
	}
	var rows []catalog.Listed
	for _, m := range markets {
		pages, err := e.pages(ctx, m, "", found.Items, categories)
		if err != nil {
			return err
		}
		for i, p := range found.Items {
			if row, ok, err := listed(m, p, pages[i]); err != nil {
				return err
			} else if ok {
				row.CategoryIDs = withParents(p.CategoryIDs, categories)
				rows = append(rows, row)
			}
		}
	}
	_, err = e.Catalog.PutListing(ctx, catalog.PutListingInput{ProductIDs: ids, Rows: rows})
	return err
}

// listed returns the row of a product in a market; ok is false for one that
// shoppers never see. A product whose time has not come yet has a row, which
// lists leave out until then.
func listed(m pricing.Market, p catalog.Product, shown Product) (row catalog.Listed, ok bool, err error) {
	if p.Status != catalog.StatusActive || p.PublishedAt == nil {
		return row, false, nil
	}
	card, err := json.Marshal(shown.Card)
	if err != nil {
		return row, false, err
	}
	row = catalog.Listed{ProductID: p.ID, Market: m.ID, InStock: shown.InStock, PublishedAt: *p.PublishedAt, Title: p.Title,
		Tags: p.Tags, Options: map[string][]string{}, Card: card}
	words := []string{p.Title, p.Vendor, p.Type, strings.Join(p.Tags, " ")}
	if r := shown.PriceRange; r != nil {
		row.MinAmount, row.MaxAmount = &r.Min.Minor, &r.Max.Minor
	}
	for _, o := range p.Options {
		row.Options[o.Name] = o.Values
		words = append(words, o.Values...)
	}
	for _, v := range p.Variants {
		words = append(words, v.SKU)
	}
	row.Words = strings.Join(words, " ")
	return row, true, nil
}

// withParents returns ids with those of all categories above them.
func withParents(ids []string, categories map[string]catalog.Category) []string {
	all := []string{}
	for _, id := range ids {
		all = append(all, categories[id].PathIDs...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Rebuild writes the listing rows of every product. Shoppers are served
// meanwhile.
func (x *Index) Rebuild(ctx context.Context) error {
	var ids []string
	var errs error
	all := page.All(ctx, func(ctx context.Context, cursor string) (page.Page[catalog.Product], error) {
		return x.engine.Catalog.Products(inside(ctx), catalog.ProductsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	})
	for p, err := range all {
		if err != nil {
			return err
		}
		if ids = append(ids, p.ID); len(ids) == indexBatchSize {
			errs = errors.Join(errs, x.Put(ctx, ids))
			ids = ids[:0]
		}
	}
	return errors.Join(errs, x.Put(ctx, ids))
}
