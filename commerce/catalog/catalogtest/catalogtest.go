// Package catalogtest says what a catalog.Store must do.
package catalogtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, catalog.Store)
	}{
		{"RoundTrip", roundTrip},
		{"NotFound", notFound},
		{"StaleLoses", staleLoses},
		{"OneWriterWins", oneWriterWins},
		{"SlugIsUnique", slugIsUnique},
		{"SKUIsUnique", skuIsUnique},
		{"OneSKUWins", oneSKUWins},
		{"SKUsChangePlaces", skusChangePlaces},
		{"KeysAreBytes", keysAreBytes},
		{"AllOrNothing", allOrNothing},
		{"DeleteFreesKeys", deleteFreesKeys},
		{"OldSlugs", oldProductSlugs},
		{"Filter", filter},
		{"RecordJoins", recordJoins},
		{"Categories", categories},
		{"CategorySlugIsUnique", categorySlugIsUnique},
		{"OldCategorySlugs", oldCategorySlugs},
		{"LockWaits", lockWaits},
		{"BumpJoins", bumpJoins},
		{"ListingIsReplaced", listingIsReplaced},
		{"SearchFilters", searchFilters},
		{"SearchOrders", searchOrders},
		{"SearchWords", searchWords},
		{"SearchTerms", searchTerms},
		{"KnowsWords", knowsWords},
		{"Facets", facetsCount},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var day = time.Date(2026, 11, 1, 12, 0, 0, 1000, time.UTC)

const hostile = `'; DROP TABLE mercer_product; -- \ \' " % _ ? {product} é ☕ 👩‍🚀` + "\u0085\n\t"

// product returns a product with one variant for each of skus, "" for none.
func product(id, slug string, skus ...string) catalog.Product {
	p := catalog.Product{
		ID: id, Slug: slug, Title: "T " + id, Status: catalog.StatusActive, Tags: []string{}, CategoryIDs: []string{}, Media: []catalog.Media{},
		Attributes: map[string]string{}, Metadata: json.RawMessage(`{}`), Version: 1, CreatedAt: day, UpdatedAt: day,
		Options: []catalog.Option{{Name: "Size", Values: []string{}}}, Variants: []catalog.Variant{},
	}
	for i, sku := range skus {
		v := fmt.Sprint("v", i)
		p.Options[0].Values = append(p.Options[0].Values, v)
		p.Variants = append(p.Variants, catalog.Variant{ID: id + "_" + v, SKU: sku, Title: v, Values: []string{v}, Position: i + 1, Metadata: json.RawMessage(`{}`)})
	}
	return p
}

func create(t *testing.T, s catalog.Store, ps ...catalog.Product) {
	t.Helper()
	var edits []catalog.Edit
	for i := range ps {
		edits = append(edits, catalog.Edit{New: &ps[i]})
	}
	if err := s.Edit(t.Context(), edits); err != nil {
		t.Fatal(err)
	}
}

// next returns an edit that gives old another title.
func next(old catalog.Product, title string) catalog.Edit {
	p := old
	p.Title, p.Version = title, old.Version+1
	return catalog.Edit{Old: &old, New: &p}
}

func roundTrip(t *testing.T, s catalog.Store) {
	want := product("prod_1", "größe-s", "A\\'1", "")
	want.Title, want.DescriptionHTML, want.PublishedAt = hostile, "<p>"+hostile+"</p>", &day
	want.Attributes = map[string]string{hostile: hostile}
	want.Metadata = json.RawMessage(`{"zz":12345678901234567890123456789.10,"a":"\\\"'"}`)
	want.Media = []catalog.Media{{ID: "med_1", Type: "image", URL: "https://x/?a=" + hostile, VariantIDs: []string{"prod_1_v0"}}}
	create(t, s, want)
	for _, key := range []string{"prod_1", "größe-s"} {
		got, err := s.Product(t.Context(), key)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("by %s: got %+v, %v; want %+v", key, got, err, want)
		}
	}
	for _, q := range []struct{ ids, skus []string }{{ids: []string{"prod_1_v1", "none", hostile}}, {skus: []string{"A\\'1", "none"}}, {[]string{"prod_1_v0"}, []string{"A\\'1"}}} {
		got, err := s.ProductsOf(t.Context(), q.ids, q.skus)
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("of %v %v: got %+v, %v", q.ids, q.skus, got, err)
		}
	}
	owners, err := s.SKUs(t.Context(), []string{"A\\'1", "none"})
	if err != nil || len(owners) != 1 || owners["A\\'1"] != "prod_1_v0" {
		t.Errorf("owners = %v, %v", owners, err)
	}
}

func notFound(t *testing.T, s catalog.Store) {
	create(t, s, product("prod_1", "one", "A"))
	for _, key := range []string{"none", hostile, "PROD_1", "One", "%"} {
		if _, err := s.Product(t.Context(), key); !errors.Is(err, catalog.ErrProductNotFound) {
			t.Errorf("product %q: %v, want ErrProductNotFound", key, err)
		}
		if _, err := s.Category(t.Context(), key); !errors.Is(err, catalog.ErrCategoryNotFound) {
			t.Errorf("category %q: %v, want ErrCategoryNotFound", key, err)
		}
	}
	if got, err := s.ProductsOf(t.Context(), nil, nil); err != nil || len(got) != 0 {
		t.Errorf("products of nothing: %v, %v", got, err)
	}
}

func staleLoses(t *testing.T, s catalog.Store) {
	p := product("prod_1", "one", "A")
	create(t, s, p)
	if err := s.Edit(t.Context(), []catalog.Edit{next(p, "two")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Edit(t.Context(), []catalog.Edit{next(p, "three")}); !errors.Is(err, catalog.ErrProductStale) {
		t.Errorf("stale update: %v, want ErrProductStale", err)
	}
	if err := s.Edit(t.Context(), []catalog.Edit{{Old: &p}}); !errors.Is(err, catalog.ErrProductStale) {
		t.Errorf("stale delete: %v, want ErrProductStale", err)
	}
	if got, err := s.Product(t.Context(), "prod_1"); err != nil || got.Title != "two" || got.Version != 2 {
		t.Errorf("got %q at version %d, %v; want two at 2", got.Title, got.Version, err)
	}
}

// contest runs try in 8 goroutines and returns how many won; the others must
// fail with lost.
func contest(t *testing.T, lost error, try func(i int) error) int64 {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch err := try(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, lost):
				t.Errorf("loser %d: %v, want %v", i, err, lost)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func oneWriterWins(t *testing.T, s catalog.Store) {
	p := product("prod_1", "one", "A")
	create(t, s, p)
	n := contest(t, catalog.ErrProductStale, func(i int) error {
		return s.Edit(t.Context(), []catalog.Edit{next(p, fmt.Sprint(i))})
	})
	if n != 1 {
		t.Errorf("%d writers won, want 1", n)
	}
}

func slugIsUnique(t *testing.T, s catalog.Store) {
	n := contest(t, catalog.ErrSlugTaken, func(i int) error {
		p := product(fmt.Sprint("prod_", i), "same")
		return s.Edit(t.Context(), []catalog.Edit{{New: &p}})
	})
	if n != 1 {
		t.Errorf("%d products have one slug", n)
	}
	other := product("prod_x", "other")
	create(t, s, other)
	ed := next(other, "x")
	ed.New.Slug = "same"
	if err := s.Edit(t.Context(), []catalog.Edit{ed}); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("rename: %v, want ErrSlugTaken", err)
	}
}

func skuIsUnique(t *testing.T, s catalog.Store) {
	b := product("prod_b", "b", "B", "")
	create(t, s, product("prod_a", "a", "A", "", ""), b) // none is not a SKU
	ed := next(b, "b")
	ed.New.Variants = slices.Clone(b.Variants)
	ed.New.Variants[1].SKU = "A"
	if err := s.Edit(t.Context(), []catalog.Edit{ed}); !errors.Is(err, catalog.ErrSKUTaken) {
		t.Errorf("update: %v, want ErrSKUTaken", err)
	}
	c := product("prod_c", "c", "A")
	if err := s.Edit(t.Context(), []catalog.Edit{{New: &c}}); !errors.Is(err, catalog.ErrSKUTaken) {
		t.Errorf("insert: %v, want ErrSKUTaken", err)
	}
}

func oneSKUWins(t *testing.T, s catalog.Store) {
	n := contest(t, catalog.ErrSKUTaken, func(i int) error {
		p := product(fmt.Sprint("prod_", i), fmt.Sprint("slug-", i), "SAME")
		return s.Edit(t.Context(), []catalog.Edit{{New: &p}})
	})
	if n != 1 {
		t.Errorf("%d variants have one SKU", n)
	}
}

func skusChangePlaces(t *testing.T, s catalog.Store) {
	a, b := product("prod_a", "a", "1", "2"), product("prod_b", "b", "3")
	create(t, s, a, b)
	ea, eb := next(a, "a"), next(b, "b")
	ea.New.Variants, eb.New.Variants = slices.Clone(a.Variants), slices.Clone(b.Variants)
	ea.New.Variants[0].SKU, ea.New.Variants[1].SKU, eb.New.Variants[0].SKU = "3", "1", "2"
	if err := s.Edit(t.Context(), []catalog.Edit{ea, eb}); err != nil {
		t.Fatal(err)
	}
	got, err := s.SKUs(t.Context(), []string{"1", "2", "3"})
	if want := map[string]string{"1": "prod_a_v1", "2": "prod_b_v0", "3": "prod_a_v0"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("owners = %v, %v; want %v", got, err, want)
	}
}

func keysAreBytes(t *testing.T, s catalog.Store) {
	create(t, s, product("prod_1", "cafe", "a", "A", "á", "ａ"), product("prod_2", "café", "ß", "ss"), product("prod_3", "Cafe"))
	owners, err := s.SKUs(t.Context(), []string{"A", "ß", "À"})
	if want := map[string]string{"A": "prod_1_v1", "ß": "prod_2_v0"}; err != nil || !reflect.DeepEqual(owners, want) {
		t.Errorf("owners = %v, %v; want %v", owners, err, want)
	}
	if p, err := s.Product(t.Context(), "Cafe"); err != nil || p.ID != "prod_3" {
		t.Errorf("got %s, %v; want prod_3", p.ID, err)
	}
}

func allOrNothing(t *testing.T, s catalog.Store) {
	p, taken := product("prod_1", "one", "A"), product("prod_2", "two", "B")
	create(t, s, p, taken)
	fresh, bad := product("prod_3", "three", "C"), product("prod_4", "four", "B")
	if err := s.Edit(t.Context(), []catalog.Edit{next(p, "changed"), {New: &fresh}, {New: &bad}}); !errors.Is(err, catalog.ErrSKUTaken) {
		t.Fatalf("%v, want ErrSKUTaken", err)
	}
	if got, err := s.Product(t.Context(), "prod_1"); err != nil || got.Version != 1 {
		t.Errorf("the first edit stayed: version %d, %v", got.Version, err)
	}
	if _, err := s.Product(t.Context(), "three"); !errors.Is(err, catalog.ErrProductNotFound) {
		t.Errorf("the second edit stayed: %v", err)
	}
}

func deleteFreesKeys(t *testing.T, s catalog.Store) {
	p := product("prod_1", "one", "A")
	create(t, s, p)
	if err := s.Edit(t.Context(), []catalog.Edit{{Old: &p}}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.ProductsOf(t.Context(), []string{"prod_1_v0"}, []string{"A"}); err != nil || len(got) != 0 {
		t.Errorf("left behind: %v, %v", got, err)
	}
	create(t, s, product("prod_2", "one", "A"))
}

func filter(t *testing.T, s catalog.Store) {
	draft := product("prod_3", "three")
	draft.Status = catalog.StatusDraft
	create(t, s, product("prod_2", "two"), product("prod_1", "one"), draft, product("prod_4", "four"))
	for _, c := range []struct {
		f    catalog.ProductFilter
		want []string
	}{
		{catalog.ProductFilter{}, []string{"prod_1", "prod_2", "prod_3", "prod_4"}},
		{catalog.ProductFilter{Limit: 2}, []string{"prod_1", "prod_2"}},
		{catalog.ProductFilter{After: "prod_2", Limit: 9}, []string{"prod_3", "prod_4"}},
		{catalog.ProductFilter{Status: catalog.StatusActive, After: "prod_1"}, []string{"prod_2", "prod_4"}},
		{catalog.ProductFilter{Slugs: []string{"two", "one", "none", hostile}}, []string{"prod_1", "prod_2"}},
		{catalog.ProductFilter{IDs: []string{"prod_4", "prod_3", hostile}, Status: catalog.StatusActive}, []string{"prod_4"}},
		{catalog.ProductFilter{IDs: []string{"prod_4", "prod_3", "prod_1"}, After: "prod_1", Limit: 1}, []string{"prod_3"}},
	} {
		ps, err := s.Products(t.Context(), c.f)
		var got []string
		for _, p := range ps {
			got = append(got, p.ID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, %v; want %v", c.f, got, err, c.want)
		}
	}
}

func recordJoins(t *testing.T, s catalog.Store) {
	boom := errors.New("boom")
	p := product("prod_1", "one", "A")
	ev := catalog.ProductCreated.New("evt_1", p.ID, day, catalog.ProductChangedV1{Product: p.ID})
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Edit(ctx, []catalog.Edit{{New: &p}}), s.Record(ctx, ev), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if _, err := s.Product(t.Context(), p.ID); !errors.Is(err, catalog.ErrProductNotFound) {
		t.Errorf("the product was not rolled back: %v", err)
	}
	// The id of the event is free again, so its Record was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}
