package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// shop is an importer over engines of its own.
type shop struct {
	*importer.Engine
	ports  importer.Ports
	events int // recorded so far
}

type stores struct {
	catalog catalog.Store
	prices  pricing.Store
	stock   inventory.Store
}

// The stores count events.
type catalogStore struct {
	catalog.Store
	s *shop
}

type priceStore struct {
	pricing.Store
	s *shop
}

type stockStore struct {
	inventory.Store
	s *shop
}

func (c catalogStore) Record(ctx context.Context, evs ...event.Envelope) error {
	c.s.events += len(evs)
	return c.Store.Record(ctx, evs...)
}

func (p priceStore) Record(ctx context.Context, evs ...event.Envelope) error {
	p.s.events += len(evs)
	return p.Store.Record(ctx, evs...)
}

func (i stockStore) Record(ctx context.Context, evs ...event.Envelope) error {
	i.s.events += len(evs)
	return i.Store.Record(ctx, evs...)
}

var quiet = slog.New(slog.DiscardHandler)

func newShop(t testing.TB, on stores) *shop {
	t.Helper()
	s := &shop{}
	s.ports = importer.Ports{
		Catalog: catalog.New(catalogStore{on.catalog, s}, safehtml.New(), &catalog.Options{Log: quiet}),
		Prices:  pricing.New(priceStore{on.prices, s}, nil),
		Stock:   inventory.New(stockStore{on.stock, s}, &inventory.Options{Log: quiet}),
	}
	if _, err := s.ports.Prices.Seed(t.Context(), pricing.SeedInput{Currency: "USD", Country: "US"}); err != nil {
		t.Fatal(err)
	}
	s.Engine = importer.New(s.ports, &importer.Options{Log: quiet})
	return s
}

func memShop(t testing.TB) *shop {
	t.Helper()
	db := memstore.New()
	return newShop(t, stores{memstore.Catalog{DB: db}, memstore.Pricing{DB: db}, memstore.Inventory{DB: db}})
}

// load imports text, which must go without an error.
func (s *shop) load(t testing.TB, text string, opts importer.ImportOptions) importer.Report {
	t.Helper()
	rep, err := s.Import(t.Context(), strings.NewReader(text), opts)
	if err != nil {
		t.Fatalf("import: %v, %+v", err, rep.Faults)
	}
	return rep
}

func (s *shop) dump(t testing.TB, format importer.Format) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Export(t.Context(), &b, importer.ExportOptions{Format: format}); err != nil {
		t.Fatalf("export: %v", err)
	}
	return b.String()
}

// state returns everything that is in the shop, versions and times with it.
func (s *shop) state(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	write := func(v any, err error) {
		if err == nil {
			err = enc.Encode(v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	products := page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[catalog.Product], error) {
		return s.ports.Catalog.Products(ctx, catalog.ProductsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	})
	var ids []string
	for p, err := range products {
		write(p, err)
		for _, v := range p.Variants {
			ids = append(ids, v.ID)
		}
	}
	for some := range slices.Chunk(ids, 500) {
		write(s.ports.Prices.Prices(t.Context(), pricing.PricesInput{VariantIDs: some}))
	}
	levels := page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[inventory.Level], error) {
		return s.ports.Stock.Levels(ctx, inventory.LevelsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	})
	for l, err := range levels {
		write(l, err)
	}
	write(s.ports.Catalog.Generation(t.Context(), op.Nothing{}))
	return b.String()
}

func (s *shop) product(t testing.TB, handle string) catalog.Product {
	t.Helper()
	p, err := s.ports.Catalog.Product(t.Context(), catalog.ProductInput{ID: handle})
	if err != nil {
		t.Fatalf("product %s: %v", handle, err)
	}
	return p
}

// price returns what the i-th variant of a product costs, "" without a price.
func (s *shop) price(t testing.TB, handle string, i int) string {
	t.Helper()
	out, err := s.ports.Prices.Prices(t.Context(), pricing.PricesInput{VariantIDs: []string{s.product(t, handle).Variants[i].ID}})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range out.Items {
		text := p.Amount.String()
		if p.CompareAt != nil {
			text += " was " + p.CompareAt.Decimal()
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// level returns the only stock level of the i-th variant, a zero one if it has
// none.
func (s *shop) level(t testing.TB, handle string, i int) inventory.Level {
	t.Helper()
	out, err := s.ports.Stock.Levels(t.Context(), inventory.LevelsInput{VariantIDs: []string{s.product(t, handle).Variants[i].ID}})
	if err != nil || len(out.Items) > 1 {
		t.Fatalf("levels %+v, %v; want one at most", out.Items, err)
	}
	if len(out.Items) == 0 {
		return inventory.Level{}
	}
	return out.Items[0]
}

func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func generated(t testing.TB, rows int, seed uint64) string {
	t.Helper()
	var b bytes.Buffer
	if err := importer.Generate(&b, rows, seed); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
