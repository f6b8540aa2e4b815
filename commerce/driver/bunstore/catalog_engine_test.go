package bunstore_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func catalogOn(db *bunstore.DB) *catalog.Engine {
	return catalog.New(bunstore.Catalog{DB: db}, safehtml.New(), nil)
}

// catalogFile returns n products with five variants each, the first numbered from.
func catalogFile(from, n int) []catalog.ProductFields {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	fs := make([]catalog.ProductFields, n)
	for i := range fs {
		f := catalog.ProductFields{
			Slug: fmt.Sprintf("product-%05d", from+i), Title: `Größe "1" \ 'é' ☕`, DescriptionHTML: `<p>A & B <a href="https://x.example/?a=1&b=2">'x'</a></p>`,
			Status: catalog.StatusActive, PublishedAt: &at, Tags: []string{"new", "a"}, Options: []string{"Size"},
			Metadata: json.RawMessage(`{"z":12345678901234567890.10,"a":{"b":"\\\"\u0000"}}`), Attributes: map[string]string{"k": `\'`},
			Media: []catalog.MediaFields{{URL: "https://x.example/1.jpg", Variants: [][]string{{"v1"}}}},
		}
		for j := range 5 {
			f.Variants = append(f.Variants, catalog.VariantFields{SKU: fmt.Sprintf("S-%05d-%d", from+i, j), Values: []string{fmt.Sprint("v", j)}})
		}
		fs[i] = f
	}
	return fs
}

func putCatalog(t *testing.T, e *catalog.Engine, fs []catalog.ProductFields) map[string]int {
	t.Helper()
	out, err := e.PutProducts(t.Context(), catalog.PutProductsInput{Products: fs})
	if err != nil {
		t.Error(err)
	}
	counts := map[string]int{}
	for _, r := range out.Results {
		counts[r.Outcome]++
		if r.Error != nil {
			t.Errorf("%s: %v", r.Slug, r.Error)
		}
	}
	return counts
}

// A file that is imported again changes nothing, on any database.
func TestCatalogImportTwice(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		e := catalogOn(open(t))
		for _, want := range []string{catalog.OutcomeCreated, catalog.OutcomeUnchanged} {
			if got := putCatalog(t, e, catalogFile(0, 50)); got[want] != 50 {
				t.Errorf("got %v, want 50 %s", got, want)
			}
		}
		if n, err := e.Generation(t.Context(), op.Nothing{}); err != nil || n.N != 1 {
			t.Errorf("generation = %d, %v; want 1", n.N, err)
		}
	})
}

// Imports of overlapping files at once make each product once and none fails.
func TestCatalogImportsAtOnce(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		e := catalogOn(open(t))
		var mu sync.Mutex
		created := 0
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				fs := catalogFile(i*5, 20)
				if i%2 == 0 {
					slices.Reverse(fs)
				}
				got := putCatalog(t, e, fs)
				mu.Lock()
				defer mu.Unlock()
				created += got[catalog.OutcomeCreated]
			})
		}
		wg.Wait()
		if created != 45 {
			t.Errorf("%d products were created, want 45", created)
		}
	})
}

// A tree as large as a public taxonomy is put in one call and moves in another.
func TestCatalogLargeTree(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		e := catalogOn(open(t))
		var in catalog.PutCategoriesInput
		for i := range 4584 {
			f := catalog.CategoryFields{Slug: fmt.Sprint("c", i), Name: fmt.Sprint("Größe ", i), Position: i}
			if i > 0 {
				f.ParentSlug = fmt.Sprint("c", (i-1)/5)
			}
			in.Categories = append(in.Categories, f)
		}
		start := time.Now()
		out, err := e.PutCategories(t.Context(), in)
		if err != nil || out.Results[4583].Outcome != catalog.OutcomeCreated {
			t.Fatalf("%+v, %v", out.Results[4583], err)
		}
		t.Logf("put in %v", time.Since(start))
		start = time.Now()
		if _, err := e.UpdateCategory(t.Context(), catalog.UpdateCategoryInput{ID: out.Results[0].ID, Name: op.Some("Root")}); err != nil {
			t.Fatal(err)
		}
		t.Logf("renamed the root in %v", time.Since(start))
		if c, err := e.Category(t.Context(), catalog.CategoryInput{ID: "c4583"}); err != nil || c.Path[0] != "Root" || c.Version != 2 {
			t.Errorf("got %+v, %v; want the new path", c, err)
		}
	})
}

// Reading costs the same number of statements whatever there is to read.
func TestCatalogStatements(t *testing.T) {
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			handle := oneSession(t, buntest.Name(t, server))
			db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := catalogOn(db)
			count := func(what string, most int, do func() error) {
				t.Helper()
				before := statements(t, handle)
				if err := do(); err != nil {
					t.Error(err)
				}
				if n := statements(t, handle) - before; n > most {
					t.Errorf("%s: %d statements, want at most %d", what, n, most)
				}
			}
			put := func(fs []catalog.ProductFields) func() error {
				return func() error { putCatalog(t, e, fs); return nil }
			}
			const events = 3
			count("put 100 new ones", 5+events, put(catalogFile(0, 100)))
			count("put 100 unchanged ones", 1, put(catalogFile(0, 100)))
			changed := catalogFile(0, 100)
			changed[7].Title, changed[8].Title = "x", "y"
			count("put 2 changed ones", 4+events, put(changed))
			tops, err := e.CreateCategory(t.Context(), catalog.CreateCategoryInput{Slug: "tops", Name: "Tops"})
			if err != nil {
				t.Fatal(err)
			}
			listCatalog(t, e, tops.ID, 150)
			count("product by slug", 1, func() error {
				_, err := e.Product(t.Context(), catalog.ProductInput{ID: "product-00007"})
				return err
			})
			count("variants", 1, func() error {
				out, err := e.Variants(t.Context(), catalog.VariantsInput{SKUs: []string{"S-00001-1", "S-00002-1", "S-00003-4"}})
				if len(out.Items) != 3 {
					t.Errorf("%d variants", len(out.Items))
				}
				return err
			})
			for _, limit := range []int{10, 100} {
				in := catalog.SearchInput{Market: "eu", Filters: catalog.Filters{Query: page.Query{Limit: limit}, Q: "große 1", Tag: "new"}}
				search := func() error {
					out, err := e.Search(t.Context(), in)
					if len(out.Items) != limit {
						t.Errorf("%d of %d found", len(out.Items), limit)
					}
					return err
				}
				count("search", 2, search)
				in.Category, in.Count = "tops", "exact"
				count("search in a category with the total", 4, search)
			}
		})
	}
}

// listCatalog lists n products in a category.
func listCatalog(t *testing.T, e *catalog.Engine, category string, n int) {
	t.Helper()
	var in catalog.PutListingInput
	for i := range n {
		id := fmt.Sprintf("prod_%05d", i)
		in.ProductIDs = append(in.ProductIDs, id)
		in.Rows = append(in.Rows, catalog.Listed{ProductID: id, Market: "eu", PublishedAt: time.Unix(int64(i), 0), Title: fmt.Sprint("Größe 1 ", i),
			Words: "some words that stand in a description of it", Tags: []string{"new"}, CategoryIDs: []string{category}, Card: json.RawMessage(`{}`)})
	}
	if _, err := e.PutListing(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}
