package bench

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// BenchmarkComplete completes carts of three things out of sixty.
func BenchmarkComplete(b *testing.B) { sales(b, 3, 60) }

// BenchmarkHot completes carts that all want the same thing, so that they queue
// for one row of stock.
func BenchmarkHot(b *testing.B) { sales(b, 1, 1) }

func sales(b *testing.B, things, kinds int) {
	each(b, func(b *testing.B, server string) {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
				s := open(b, server)
				rate := s.sell(b, clients, s.carts(b, b.N, things, kinds))
				floor := s.floor(b, clients, b.N, kinds)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(rate, "orders/s")
				b.ReportMetric(floor, "floor/s")
				b.ReportMetric(rate/floor, "ratio")
			})
		}
	})
}

// BenchmarkProductList lists 24 of 200 products.
func BenchmarkProductList(b *testing.B) {
	each(b, func(b *testing.B, server string) {
		s := open(b, server)
		s.products(b, 200)
		for b.Loop() {
			if out, err := s.list(b.Context()); err != nil || len(out.Items) != 24 {
				b.Fatal(len(out.Items), err)
			}
		}
	})
}

// BenchmarkProductPage shows a product with its price and stock.
func BenchmarkProductPage(b *testing.B) {
	each(b, func(b *testing.B, server string) {
		s := open(b, server)
		s.products(b, 200)
		some, err := s.Catalog.Products(b.Context(), catalog.ProductsInput{})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; b.Loop(); i++ {
			in := storefront.ProductInput{ID: some.Items[i%len(some.Items)].ID}
			if _, err := s.Storefront.Product(b.Context(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkImport reads a file of 50,000 rows into an empty shop.
func BenchmarkImport(b *testing.B) {
	const rows = 50_000
	var file bytes.Buffer
	if err := importer.Generate(&file, rows, 1); err != nil {
		b.Fatal(err)
	}
	read := 0
	for range b.N {
		b.StopTimer()
		s := open(b, buntest.SQLite)
		b.StartTimer()
		report, err := s.Importer.Import(b.Context(), bytes.NewReader(file.Bytes()), importer.ImportOptions{Currency: "USD"})
		if err != nil || report.Failed > 0 {
			b.Fatalf("%d products failed, %v", report.Failed, err)
		}
		read += report.Rows
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
}
