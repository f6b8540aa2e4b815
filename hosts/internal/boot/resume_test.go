package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// sheetOf returns a file of n products, some of them with two variants.
func sheetOf(n int) string {
	var b strings.Builder
	b.WriteString("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n")
	for i := range n {
		fmt.Fprintf(&b, "p-%d,Product %d,Size,S,SKU-%d,12.50,shopify,5\n", i, i, i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "p-%d,,,M,SKU-%d-M,12.50,shopify,7\n", i, i)
		}
	}
	return b.String()
}

// An import that is broken off after its first part goes on after it, and the
// shop has in the end what a whole import gives.
func TestResumeImport(t *testing.T) {
	dir := t.TempDir()
	shop := &Shop{Shop: shoptest.Open(t, nil).Shop, log: slog.New(slog.DiscardHandler)}
	name := filepath.Join(dir, "sheet.csv")
	if err := os.WriteFile(name, []byte(sheetOf(250)), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		t.Helper()
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	if _, _, err := ResumeBookmark(dir, name, open()); !errors.Is(err, ErrNoBookmark) {
		t.Errorf("before anything: %v, want ErrNoBookmark", err)
	}

	f := open()
	mark, err := OpenBookmark(dir, name, f, importer.ImportOptions{Stock: importer.StockSet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, die := context.WithCancel(t.Context())
	begun, err := shop.Import(ctx, Upload{Content: f}, importer.ImportOptions{Stock: importer.StockSet}, func(in Import) {
		if err := mark.Turn(in); err != nil {
			t.Error(err)
		}
		if in.Progress.Through > 0 {
			die()
		}
	})
	if !errors.Is(err, ErrImportCanceled) {
		t.Fatalf("broken off: %v", err)
	}

	f = open()
	mark, o, err := ResumeBookmark(dir, name, f)
	if err != nil || o.ID != begun.ID || o.After == 0 || o.Stock != importer.StockSet {
		t.Fatalf("resumed with %+v, %v; want import %s after its first part", o, err, begun.ID)
	}
	in, err := shop.Import(t.Context(), Upload{Content: f}, o, func(in Import) {
		if err := mark.Turn(in); err != nil {
			t.Error(err)
		}
	})
	if err != nil || in.Error != nil || in.ID != begun.ID {
		t.Fatalf("the rest: %+v, %v", in, err)
	}
	if r := in.Report; r.Products == 0 || r.Products >= 250 || r.Created != r.Products || len(r.Missing) != 0 {
		t.Errorf("the rest: %d products, %d created, %d missing; want only new ones, fewer than all", r.Products, r.Created, len(r.Missing))
	}
	if n := products(t, shop); n != 250 {
		t.Errorf("%d products are there, want 250", n)
	}
	again, err := shop.Import(t.Context(), Upload{Content: strings.NewReader(sheetOf(250))}, importer.ImportOptions{Stock: importer.StockSet}, nil)
	if err != nil || again.Report.Unchanged != 250 {
		t.Errorf("a whole import after it: %+v, %v; want nothing to change", again.Report, err)
	}

	if err := os.WriteFile(name, []byte(sheetOf(251)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ResumeBookmark(dir, name, open()); !errors.Is(err, ErrFileChanged) {
		t.Errorf("another file: %v, want ErrFileChanged", err)
	}
	for range 2 {
		if err := mark.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := ResumeBookmark(dir, name, open()); !errors.Is(err, ErrNoBookmark) {
		t.Errorf("after the end: %v, want ErrNoBookmark", err)
	}
}

func products(t *testing.T, s *Shop) (n int) {
	t.Helper()
	for _, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[catalog.Product], error) {
		return s.Catalog.Products(ctx, catalog.ProductsInput{Query: page.Query{Cursor: cursor, Limit: 100}})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
