package importer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

const wide = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Variant Tax Code,Image Src,Image Alt Text,Variant Image,Mystery\n"

// Faults that only the engines find stand in the report like those of the file.
func TestEngineFaults(t *testing.T) {
	long := strings.Repeat("x", 600)
	for name, tc := range map[string]struct {
		rows   string
		row    int
		column string
		says   string
	}{
		"long title":       {"mug," + long + ",,,,1,,,,,,\n", 3, "Title", "255"},
		"SKU of another":   {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M,TAKEN,1,,,,,,\n", 4, "Variant SKU", "SKU"},
		"SKU twice":        {"mug,Mug,Size,S,A,1,,,,,,\nmug,,,M,A,1,,,,,,\n", 4, "Variant SKU", "row 3"},
		"SKU of the file":  {"mug,Mug,,,FIRST,1,,,,,,\n", 3, "Variant SKU", "row 2"},
		"address of image": {"mug,Mug,,,,1,,,https://x.example/1.jpg,,,\nmug,,,,,,,,ftp://x.example/1.jpg,,,\n", 4, "Image Src", "https?"},
		"long alt text":    {"mug,Mug,,,,1,,,https://x.example/1.jpg," + long + ",,\n", 3, "Image Alt Text", "512"},
		"image of variant": {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M,,1,,,,,x.jpg,\n", 4, "Variant Image", "https?"},
		"hidden option":    {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M\u200b,,1,,,,,,\n", 4, "Option1 Value", "width"},
		"long tax code":    {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M,,1,," + long + ",,,,\n", 4, "Variant Tax Code", "64"},
		"long metadata":    {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M,,1,,,,,," + strings.Repeat("x", 17<<10) + "\n", 4, "", "16"},
		"bad price":        {"mug,Mug,Size,S,,1,,,,,,\nmug,,,M,,1.999,,,,,,\n", 4, "Variant Price", "USD"},
		"handle again":     {"first,First again,,,,1,,,,,,\n", 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.row == 0 { // two products between the rows of one
				tc.rows = "mug,Mug,,,,1,,,,,,\n" + tc.rows
				tc.row, tc.column, tc.says = 4, "Handle", "row 2"
			}
			file := wide + "first,First,,,FIRST,1,,,,,,\n" + tc.rows + "last,Last,,,,1,,,,,,\n"
			s := memShop(t)
			s.load(t, wide+"old,Old,,,TAKEN,1,,,,,,\n", importer.ImportOptions{})
			for _, dry := range []bool{true, false} {
				rep, err := s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{OnFault: importer.OnFaultSkip, DryRun: dry})
				if err != nil || rep.Failed != 1 || len(rep.Faults) != 1 {
					t.Fatalf("%v, %d failed, faults %+v; want one", err, rep.Failed, rep.Faults)
				}
				if f := rep.Faults[0]; f.Row != tc.row || f.Column != tc.column || !strings.Contains(f.Message, tc.says) {
					t.Errorf("fault %+v, want row %d, column %q, %q", f, tc.row, tc.column, tc.says)
				}
				if fmt.Sprint(rep.Missing) != "[old]" {
					t.Errorf("missing %v, want old", rep.Missing)
				}
			}
			s.product(t, "last")
		})
	}
}

func TestStopAndSkip(t *testing.T) {
	file := wide + "a,A,,,,1,,,,,,\nb,B,Size,S,,1,,,,,,\nb,,,M,,1,,,,,,\n" + "bad,Bad,,,TAKEN,1,,,,,,\nc,C,,,,1,,,,,,\nworse,Worse,,,,x,,,,,,\nd,D,,,,1,,,,,,\n"
	handles := func(s *shop) (out []string) {
		for _, h := range []string{"a", "b", "bad", "c", "worse", "d"} {
			if _, err := s.ports.Catalog.Product(t.Context(), catalog.ProductInput{ID: h}); err == nil {
				out = append(out, h)
			}
		}
		return out
	}
	for _, dry := range []bool{true, false} {
		s := memShop(t)
		s.load(t, wide+"old,Old,,,TAKEN,1,,,,,,\n", importer.ImportOptions{})
		rep, err := s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{DryRun: dry})
		if !errors.Is(err, importer.ErrStopped) || !rep.Stopped || rep.Through != 4 || rep.Created != 2 || rep.Failed != 1 || len(rep.Faults) != 1 {
			t.Errorf("%v, %+v; want a stop after row 4", err, rep)
		}
		want := "[a b]"
		if dry {
			want = "[]"
		}
		if got := fmt.Sprint(handles(s)); got != want {
			t.Errorf("%s in the shop, want %s", got, want)
		}
		rep, err = s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{DryRun: dry, OnFault: importer.OnFaultSkip})
		if err != nil || rep.Stopped || rep.Failed != 2 || rep.Products != 6 || rep.Created+rep.Unchanged != 4 || len(rep.Faults) != 2 {
			t.Errorf("%v, %+v; want two skipped", err, rep)
		}
		if got := fmt.Sprint(handles(s)); !dry && got != "[a b c d]" {
			t.Errorf("%s in the shop, want [a b c d]", got)
		}
	}
	s := memShop(t)
	rep, err := s.Import(t.Context(), strings.NewReader(edit(t, file, "TAKEN", "")), importer.ImportOptions{})
	if !errors.Is(err, importer.ErrStopped) || rep.Through != 6 || rep.Created != 4 || fmt.Sprint(handles(s)) != "[a b bad c]" {
		t.Errorf("%v, %+v; want a stop after row 6", err, rep)
	}
}

func TestFileEndsEarly(t *testing.T) {
	s := memShop(t)
	rep, err := s.Import(t.Context(), strings.NewReader(wide+"a,A,,,,1,,,,,,\nb,B,,,,1,,,,,,\nc,\"C,,,,1,,,,,,\n"), importer.ImportOptions{})
	if !errors.Is(err, importer.ErrQuote) || rep.Created != 1 || len(rep.Faults) != 1 || rep.Faults[0].Row != 4 || len(rep.Missing) > 0 {
		t.Errorf("%v, %+v; want the first product and a fault in row 4", err, rep)
	}
	for _, bad := range []string{"", "Name\nx\n", "PK\x03\x04"} {
		if _, err := s.Import(t.Context(), strings.NewReader(bad), importer.ImportOptions{}); fault.KindOf(err) != fault.WrongType {
			t.Errorf("%q: %v, want that it is no catalog", bad, err)
		}
	}
}

func TestBelowReserved(t *testing.T) {
	s := memShop(t)
	file := stocked + "a,A,,,shopify,1,deny,1,\nmug,Mug,,,shopify,7,deny,10,\nz,Z,,,shopify,1,deny,1,\n"
	s.load(t, file, importer.ImportOptions{})
	in := inventory.ReserveInput{OrderID: "ord_1", Items: []inventory.Quantity{{VariantID: s.product(t, "mug").Variants[0].ID, Quantity: 6}}}
	if _, err := s.ports.Stock.Reserve(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	before := s.state(t)
	changed := edit(t, edit(t, file, "shopify,7", "shopify,5"), "z,Z,,,shopify,1", "z,Z,,,shopify,9")
	changed = edit(t, changed, ",Mug,", ",Big mug,")
	var reports []importer.Report
	for _, dry := range []bool{true, false} {
		rep, err := s.Import(t.Context(), strings.NewReader(changed), importer.ImportOptions{Stock: importer.StockSet, DryRun: dry})
		if !errors.Is(err, importer.ErrStopped) || len(rep.Faults) != 1 || rep.Faults[0].Row != 3 || rep.Faults[0].Column != "Variant Inventory Qty" || s.state(t) != before {
			t.Errorf("%v, %+v; want a fault in row 3 and nothing written", err, rep)
		}
		rep.DryRun = false
		reports = append(reports, rep)
	}
	if !reflect.DeepEqual(reports[0], reports[1]) {
		t.Errorf("dry run\n%+v\nreal run\n%+v", reports[0], reports[1])
	}
	rep := s.load(t, changed, importer.ImportOptions{Stock: importer.StockSet, OnFault: importer.OnFaultSkip})
	if rep.Failed != 1 || rep.Updated != 1 || s.level(t, "z", 0).OnHand != 9 || s.product(t, "mug").Title != "Big mug" {
		t.Errorf("%+v; want all but one quantity", rep)
	}
}

func TestPermission(t *testing.T) {
	file := "Handle,Title,Variant Price\nmug,Mug,1\n"
	for _, tc := range []struct {
		who   ident.Actor
		stock importer.StockMode
		want  error
	}{
		{ident.Actor{Kind: ident.Guest}, "", fault.ErrUnauthenticated},
		{ident.Actor{Kind: ident.Customer}, "", fault.ErrDenied},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"stock:write"}}, "", fault.ErrDenied},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"catalog:write"}}, "", fault.ErrDenied},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"catalog:write"}}, importer.StockSkip, nil},
		{ident.Actor{Kind: ident.Staff, Scopes: []string{"catalog:write", "stock:write"}}, "", nil},
	} {
		s := memShop(t)
		empty := s.state(t)
		_, err := s.Import(ident.With(t.Context(), tc.who), strings.NewReader(file), importer.ImportOptions{Stock: tc.stock})
		if !errors.Is(err, tc.want) || err != nil && s.state(t) != empty {
			t.Errorf("%s %v: %v, want %v", tc.who, tc.who.Scopes, err, tc.want)
		}
	}
	s := memShop(t)
	if _, err := s.Export(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), io.Discard, importer.ExportOptions{}); !errors.Is(err, fault.ErrUnauthenticated) {
		t.Errorf("export by a guest: %v", err)
	}
	if _, err := s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{OnFault: "shrug"}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("unknown option: %v", err)
	}
	if _, err := s.Export(t.Context(), io.Discard, importer.ExportOptions{Format: "xml"}); !errors.Is(err, importer.ErrFormat) {
		t.Errorf("unknown format: %v", err)
	}
}

func TestProgress(t *testing.T) {
	s := memShop(t)
	file := generated(t, 600, 5)
	var seen []importer.Progress
	opts := importer.ImportOptions{Size: int64(len(file)), Progress: func(p importer.Progress) { seen = append(seen, p) }}
	rep := s.load(t, file, opts)
	if first := seen[0]; first.Rows > 1 || first.Products != 0 || first.Through != 0 {
		t.Errorf("at the beginning %+v, want that nothing is written", first)
	}
	last := seen[len(seen)-1]
	if want := (importer.Progress{Bytes: int64(len(file)), Total: int64(len(file)), Rows: rep.Rows, Products: rep.Products, Through: rep.Through}); last != want {
		t.Errorf("at the end %+v, want %+v", last, want)
	}
	for i := range seen[1:] {
		if seen[i+1].Products < seen[i].Products || seen[i+1].Bytes < seen[i].Bytes {
			t.Errorf("%+v comes before %+v", seen[i], seen[i+1])
		}
	}
	if len(seen) < 3 {
		t.Errorf("%d reports, want some on the way", len(seen))
	}
}

// gate lets n writes through; the next one fails, before it is made or after.
type gate struct {
	n     int
	after bool
}

var errKilled = errors.New("killed")

func pass[In, Out any](ctx context.Context, g *gate, in In, call func(context.Context, In) (Out, error)) (out Out, err error) {
	g.n--
	if g.n == -1 && g.after {
		_, _ = call(ctx, in)
	}
	if g.n < 0 {
		return out, errKilled
	}
	return call(ctx, in)
}

type gatedCatalog struct {
	catalog.Service
	*gate
}

type gatedPrices struct {
	pricing.Service
	*gate
}

type gatedStock struct {
	inventory.Service
	*gate
}

func (c gatedCatalog) PutProducts(ctx context.Context, in catalog.PutProductsInput) (catalog.PutProductsOutput, error) {
	return pass(ctx, c.gate, in, c.Service.PutProducts)
}

func (p gatedPrices) PutPrices(ctx context.Context, in pricing.PutPricesInput) (pricing.PutPricesOutput, error) {
	return pass(ctx, p.gate, in, p.Service.PutPrices)
}

func (s gatedStock) PutLevels(ctx context.Context, in inventory.PutLevelsInput) (inventory.PutLevelsOutput, error) {
	return pass(ctx, s.gate, in, s.Service.PutLevels)
}

// X13, J05: an import that died anywhere is mended by running it again.
func TestKilled(t *testing.T) {
	file := generated(t, 450, 11)
	whole := memShop(t)
	whole.load(t, file, importer.ImportOptions{OnFault: importer.OnFaultSkip})
	want := whole.dump(t, importer.FormatJSONLines)
	for _, after := range []bool{false, true} {
		for k := 0; ; k++ {
			s := memShop(t)
			g := &gate{n: k, after: after}
			ports := importer.Ports{Catalog: gatedCatalog{s.ports.Catalog, g}, Prices: gatedPrices{s.ports.Prices, g}, Stock: gatedStock{s.ports.Stock, g}}
			_, err := importer.New(ports, &importer.Options{Log: quiet}).Import(t.Context(), strings.NewReader(file), importer.ImportOptions{OnFault: importer.OnFaultSkip})
			if err == nil {
				if k < 6 {
					t.Fatalf("only %d writes", k)
				}
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			s.load(t, file, importer.ImportOptions{})
			if got := s.dump(t, importer.FormatJSONLines); got != want {
				t.Fatalf("killed at write %d, after it %v, and run again: %s", k, after, firstDifference(want, got))
			}
			if rep := s.load(t, file, importer.ImportOptions{}); !rep.Unchanging() {
				t.Fatalf("third run changes %+v", rep.Changes)
			}
		}
	}
}

func TestCanceled(t *testing.T) {
	s := memShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	file := generated(t, 1000, 11)
	rep, err := s.Import(ctx, strings.NewReader(file), importer.ImportOptions{Progress: func(p importer.Progress) {
		if p.Products > 0 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || rep.Created == 0 || rep.Products > 150 || rep.Through == 0 {
		t.Errorf("%v, %d products of them %d created; want an early end", err, rep.Products, rep.Created)
	}
	s.load(t, file, importer.ImportOptions{})
	whole := memShop(t)
	whole.load(t, file, importer.ImportOptions{})
	if got, want := s.dump(t, importer.FormatShopify), whole.dump(t, importer.FormatShopify); got != want {
		t.Error(firstDifference(want, got))
	}
}

func testTwoAtOnce(t *testing.T, s *shop, want string, file string) {
	t.Helper()
	var wg sync.WaitGroup
	reports := make([]importer.Report, 2)
	for i := range reports {
		wg.Go(func() {
			var err error
			reports[i], err = s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{})
			if err != nil || len(reports[i].Faults) > 0 {
				t.Errorf("%v, %+v", err, reports[i].Faults)
			}
		})
	}
	wg.Wait()
	if n := reports[0].Created + reports[1].Created; n != reports[0].Products {
		t.Errorf("%d products made, want %d, each once", n, reports[0].Products)
	}
	if got := s.dump(t, importer.FormatShopify); got != want {
		t.Error(firstDifference(want, got))
	}
	if rep := s.load(t, file, importer.ImportOptions{}); !rep.Unchanging() {
		t.Errorf("third run changes %+v", rep.Changes)
	}
}

func TestTwoAtOnce(t *testing.T) {
	file := generated(t, 500, 2)
	whole := memShop(t)
	whole.load(t, file, importer.ImportOptions{})
	testTwoAtOnce(t, memShop(t), whole.dump(t, importer.FormatShopify), file)
}

func TestJSONLinesFaults(t *testing.T) {
	s := memShop(t)
	lines := `{"handle":"a","title":"A","variants":[{"sku":"X"}]}` + "\n" + `{"handle":"b","title":"B","options":["S"],"variants":[{"options":["1"],"sku":"Y"},{"options":["2"],"sku":"X","price":{"amount":1,"currency":"EUR"}}]}` + "\nc\n"
	rep, err := s.Import(t.Context(), strings.NewReader(lines), importer.ImportOptions{OnFault: importer.OnFaultSkip})
	want := []importer.Fault{{Handle: "b", Row: 2, Line: 2, Column: "variants[1].sku", Value: "X", Message: "row 1 has this SKU too"}}
	if err != nil || len(rep.Faults) != 2 || !reflect.DeepEqual(rep.Faults[:1], want) || rep.Faults[1].Row != 3 || rep.Through != 3 {
		t.Errorf("%v, %+v, want %+v", err, rep.Faults, want)
	}
}

// overtaken answers the first time that somebody else was faster.
type overtaken struct {
	catalog.Service
	first *bool
	dry   bool
}

func (o overtaken) PutProducts(ctx context.Context, in catalog.PutProductsInput) (catalog.PutProductsOutput, error) {
	if in.DryRun == o.dry && *o.first {
		*o.first = false
		out := catalog.PutProductsOutput{Results: make([]catalog.PutResult, len(in.Products))}
		for i := range out.Results {
			out.Results[i] = catalog.PutResult{Outcome: catalog.OutcomeFailed, Error: catalog.ErrSlugTaken.At("/slug")}
		}
		return out, nil
	}
	return o.Service.PutProducts(ctx, in)
}

func TestOvertaken(t *testing.T) {
	for _, dry := range []bool{true, false} {
		s := memShop(t)
		ports := s.ports
		ports.Catalog = overtaken{s.ports.Catalog, new(true), dry}
		rep, err := importer.New(ports, &importer.Options{Log: quiet}).Import(t.Context(), strings.NewReader(sample(t, "apparel.csv")), importer.ImportOptions{})
		if err != nil || rep.Created != rep.Products || len(rep.Faults) > 0 {
			t.Errorf("%v, %+v; want a second try", err, rep)
		}
	}
}

// A product that a file cannot hold does not keep the others from it.
func TestExportLeavesOut(t *testing.T) {
	s := memShop(t)
	s.load(t, "Handle,Title,Variant Price\na,A,1\nc,C,2\n", importer.ImportOptions{})
	in := catalog.CreateProductInput{ProductFields: catalog.ProductFields{Slug: "b", Title: "B", Tags: []string{"x, y"}, Variants: []catalog.VariantFields{{}}}}
	if _, err := s.ports.Catalog.CreateProduct(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	n, err := s.Export(t.Context(), &b, importer.ExportOptions{Format: importer.FormatJSONLines})
	pe, ok := errors.AsType[*importer.ProductError](err)
	if n != 2 || !ok || pe.Handle != "b" || strings.Count(b.String(), "\n") != 2 {
		t.Errorf("%d, %v, %s; want the two others", n, err, b.String())
	}
}
