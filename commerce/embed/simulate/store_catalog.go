package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// catalogStore is a catalog.Store whose calls are steps of a schedule.
type catalogStore struct {
	catalog.Store
	*database
}

var _ catalog.Store = catalogStore{}

// Scope implements catalog.Store.
func (s catalogStore) Scope() txn.Scope { return s.scope }

// Record implements event.Recorder.
func (s catalogStore) Record(ctx context.Context, evs ...event.Envelope) error {
	return s.record(ctx, "catalog.record", evs, func() error { return s.Store.Record(ctx, evs...) })
}

// Mark implements once.Keys.
func (s catalogStore) Mark(ctx context.Context, op, key string, to once.State) (once.State, error) {
	return ask(ctx, s.database, "catalog.mark", writes, func() (once.State, error) { return s.Store.Mark(ctx, op, key, to) })
}

// Product implements catalog.Store.
func (s catalogStore) Product(ctx context.Context, idOrSlug string) (catalog.Product, error) {
	return ask(ctx, s.database, "catalog.product", reads, func() (catalog.Product, error) { return s.Store.Product(ctx, idOrSlug) })
}

// Products implements catalog.Store.
func (s catalogStore) Products(ctx context.Context, f catalog.ProductFilter) ([]catalog.Product, error) {
	return ask(ctx, s.database, "catalog.products", reads, func() ([]catalog.Product, error) { return s.Store.Products(ctx, f) })
}

// ProductsOf implements catalog.Store.
func (s catalogStore) ProductsOf(ctx context.Context, variantIDs, skus []string) ([]catalog.Product, error) {
	return ask(ctx, s.database, "catalog.products_of", reads, func() ([]catalog.Product, error) { return s.Store.ProductsOf(ctx, variantIDs, skus) })
}

// SKUs implements catalog.Store.
func (s catalogStore) SKUs(ctx context.Context, skus []string) (map[string]string, error) {
	return ask(ctx, s.database, "catalog.skus", reads, func() (map[string]string, error) { return s.Store.SKUs(ctx, skus) })
}

// Edit implements catalog.Store.
func (s catalogStore) Edit(ctx context.Context, edits []catalog.Edit) error {
	return tell(ctx, s.database, "catalog.edit", writes, func() error { return s.Store.Edit(ctx, edits) })
}

// Categories implements catalog.Store.
func (s catalogStore) Categories(ctx context.Context, ids []string) ([]catalog.Category, error) {
	return ask(ctx, s.database, "catalog.categories", reads, func() ([]catalog.Category, error) { return s.Store.Categories(ctx, ids) })
}

// Category implements catalog.Store.
func (s catalogStore) Category(ctx context.Context, idOrSlug string) (catalog.Category, error) {
	return ask(ctx, s.database, "catalog.category", reads, func() (catalog.Category, error) { return s.Store.Category(ctx, idOrSlug) })
}

// PutCategories implements catalog.Store.
func (s catalogStore) PutCategories(ctx context.Context, cs []catalog.Category) error {
	return tell(ctx, s.database, "catalog.put_categories", writes, func() error { return s.Store.PutCategories(ctx, cs) })
}

// DeleteCategory implements catalog.Store.
func (s catalogStore) DeleteCategory(ctx context.Context, id string) error {
	return tell(ctx, s.database, "catalog.delete_category", writes, func() error { return s.Store.DeleteCategory(ctx, id) })
}

// PutListing implements catalog.Store.
func (s catalogStore) PutListing(ctx context.Context, productIDs []string, entries []catalog.Entry) error {
	return tell(ctx, s.database, "catalog.put_listing", writes, func() error { return s.Store.PutListing(ctx, productIDs, entries) })
}

// Words implements catalog.Store.
func (s catalogStore) Words(ctx context.Context, market string, prefixes, reduced []string) (map[string]int, []string, error) {
	return ask2(ctx, s.database, "catalog.words", reads, func() (map[string]int, []string, error) { return s.Store.Words(ctx, market, prefixes, reduced) })
}

// Search implements catalog.Store.
func (s catalogStore) Search(ctx context.Context, f catalog.Find) ([]catalog.Found, error) {
	return ask(ctx, s.database, "catalog.search", reads, func() ([]catalog.Found, error) { return s.Store.Search(ctx, f) })
}

// Count implements catalog.Store.
func (s catalogStore) Count(ctx context.Context, f catalog.Find) (int64, error) {
	return ask(ctx, s.database, "catalog.count", reads, func() (int64, error) { return s.Store.Count(ctx, f) })
}

// Facets implements catalog.Store.
func (s catalogStore) Facets(ctx context.Context, f catalog.Find) ([]catalog.KeyCount, error) {
	return ask(ctx, s.database, "catalog.facets", reads, func() ([]catalog.KeyCount, error) { return s.Store.Facets(ctx, f) })
}

// Lock implements catalog.Store.
func (s catalogStore) Lock(ctx context.Context, name string) error {
	return tell(ctx, s.database, "catalog.lock", writes, func() error { return s.Store.Lock(ctx, name) })
}

// Bump implements catalog.Store.
func (s catalogStore) Bump(ctx context.Context) error {
	return tell(ctx, s.database, "catalog.bump", writes, func() error { return s.Store.Bump(ctx) })
}

// Generation implements catalog.Store.
func (s catalogStore) Generation(ctx context.Context) (int64, error) {
	return ask(ctx, s.database, "catalog.generation", reads, func() (int64, error) { return s.Store.Generation(ctx) })
}
