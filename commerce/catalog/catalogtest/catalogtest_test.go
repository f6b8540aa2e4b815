package catalogtest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/catalog/catalogtest"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TestSuiteNamesWhatIsMissing leaves one guard of the store out at a time.
func TestSuiteNamesWhatIsMissing(t *testing.T) {
	guards := []string{"RoundTrip", "NotFound", "StaleLoses", "OneWriterWins", "SlugIsUnique", "SKUIsUnique", "OneSKUWins", "SKUsChangePlaces", "KeysAreBytes",
		"AllOrNothing", "DeleteFreesKeys", "OldSlugs", "Filter", "RecordJoins", "Categories", "CategorySlugIsUnique", "OldCategorySlugs", "LockWaits", "BumpJoins",
		"ListingIsReplaced", "SearchFilters", "SearchOrders", "SearchWords", "SearchTerms", "KnowsWords", "Facets"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		catalogtest.Run(t, func(*testing.T) catalog.Store {
			return &broken{Catalog: memstore.Catalog{DB: memstore.New()}, without: without}
		})
	})
}

// broken is a store without one guard.
type broken struct {
	memstore.Catalog
	without string
	first   []catalog.Category // that were read
}

func (b *broken) Product(ctx context.Context, key string) (catalog.Product, error) {
	if b.without == "KeysAreBytes" {
		key = strings.ToLower(key)
	}
	p, err := b.Catalog.Product(ctx, key)
	switch {
	case b.without == "RoundTrip":
		p.Metadata = nil
	case b.without == "OldSlugs" && p.ID != key && p.Slug != key:
		return catalog.Product{}, catalog.ErrProductNotFound
	case b.without == "NotFound" && errors.Is(err, catalog.ErrProductNotFound):
		return p, nil
	}
	return p, err
}

func (b *broken) Products(ctx context.Context, f catalog.ProductFilter) ([]catalog.Product, error) {
	if b.without == "Filter" {
		f.After = ""
	}
	return b.Catalog.Products(ctx, f)
}

func (b *broken) Edit(ctx context.Context, edits []catalog.Edit) error {
	switch b.without {
	case "AllOrNothing":
		var errs []error
		for _, ed := range edits {
			errs = append(errs, b.Catalog.Edit(ctx, []catalog.Edit{ed}))
		}
		return errors.Join(errs...)
	case "SKUsChangePlaces":
		for _, ed := range edits {
			if err := b.Catalog.Edit(ctx, []catalog.Edit{ed}); err != nil {
				return err
			}
		}
		return nil
	case "DeleteFreesKeys":
		edits = slices.DeleteFunc(slices.Clone(edits), func(ed catalog.Edit) bool { return ed.New == nil })
	}
	err := b.Catalog.Edit(ctx, edits)
	missing := errors.Is(err, catalog.ErrProductStale) && (b.without == "StaleLoses" || b.without == "OneWriterWins") ||
		errors.Is(err, catalog.ErrSlugTaken) && b.without == "SlugIsUnique" ||
		errors.Is(err, catalog.ErrSKUTaken) && (b.without == "SKUIsUnique" || b.without == "OneSKUWins")
	if missing {
		return nil
	}
	return err
}

// Scope, without its guards, has units that are none.
func (b *broken) Scope() txn.Scope {
	switch b.without {
	case "RecordJoins", "BumpJoins":
		return loose{}
	default:
		return b.Catalog.Scope()
	}
}

type loose struct{}

func (loose) Do(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (b *broken) Categories(ctx context.Context, ids []string) ([]catalog.Category, error) {
	cs, err := b.Catalog.Categories(ctx, ids)
	switch {
	case b.without == "Categories":
		slices.Reverse(cs)
	case b.without == "LockWaits" && b.first == nil:
		b.first = slices.Clone(cs)
	case b.without == "LockWaits":
		return slices.Clone(b.first), err
	}
	return cs, err
}

func (b *broken) Category(ctx context.Context, key string) (catalog.Category, error) {
	c, err := b.Catalog.Category(ctx, key)
	if b.without == "OldCategorySlugs" && c.ID != key && c.Slug != key {
		return catalog.Category{}, catalog.ErrCategoryNotFound
	}
	return c, err
}

func (b *broken) PutCategories(ctx context.Context, cs []catalog.Category) error {
	err := b.Catalog.PutCategories(ctx, cs)
	if b.without == "CategorySlugIsUnique" && errors.Is(err, catalog.ErrSlugTaken) {
		return nil
	}
	return err
}

func (b *broken) PutListing(ctx context.Context, products []string, entries []catalog.Entry) error {
	if b.without == "ListingIsReplaced" {
		products = nil
	}
	return b.Catalog.PutListing(ctx, products, entries)
}

func (b *broken) Search(ctx context.Context, f catalog.Find) ([]catalog.Found, error) {
	switch b.without {
	case "SearchFilters":
		f.InStock = false
	case "SearchOrders":
		f.After = nil
	case "SearchWords":
		f.Terms = f.Terms[:min(len(f.Terms), 1)]
	case "SearchTerms":
		for i, t := range f.Terms {
			if t.Prefix == "" {
				f.Terms[i] = catalog.Term{Prefix: t.Words[0]}
			}
		}
	}
	return b.Catalog.Search(ctx, f)
}

func (b *broken) Words(ctx context.Context, market string, prefixes, reduced []string) (begun map[string]int, near []string, err error) {
	begun, near, err = b.Catalog.Words(ctx, market, prefixes, reduced)
	if b.without == "KnowsWords" {
		near = nil
	}
	return begun, near, err
}

func (b *broken) Facets(ctx context.Context, f catalog.Find) ([]catalog.KeyCount, error) {
	if b.without == "Facets" {
		f.InStock = false
	}
	return b.Catalog.Facets(ctx, f)
}
