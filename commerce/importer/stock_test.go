package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// killedAt imports file and dies at write k, before it is made or after. It
// reports whether the import came that far.
func (s *shop) killedAt(t *testing.T, file string, opts importer.ImportOptions, k int, after bool) bool {
	t.Helper()
	g := &gate{n: k, after: after}
	ports := importer.Ports{Catalog: gatedCatalog{s.ports.Catalog, g}, Prices: gatedPrices{s.ports.Prices, g}, Stock: gatedStock{s.ports.Stock, g}}
	_, err := importer.New(ports, &importer.Options{Log: quiet}).Import(t.Context(), strings.NewReader(file), opts)
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	return err != nil
}

// eachDeath calls f with every write at which an import can die, until f reports
// that the import has not come that far.
func eachDeath(t *testing.T, atLeast int, f func(t *testing.T, opts importer.ImportOptions, k int, after bool) bool) {
	t.Helper()
	for _, onFault := range []importer.OnFault{importer.OnFaultStop, importer.OnFaultSkip} {
		for _, after := range []bool{false, true} {
			k := 0
			for f(t, importer.ImportOptions{OnFault: onFault}, k, after) {
				k++
			}
			if k < atLeast {
				t.Fatalf("only %d writes, want %d", k, atLeast)
			}
		}
	}
}

// stockedFile is a file of n products with two variants each, whose stock has
// this tracker in the even ones and that one in the odd ones.
func stockedFile(n int, even, odd string) string {
	var b strings.Builder
	b.WriteString(stocked)
	for i := range n {
		tracker := []string{even, odd}[i%2]
		fmt.Fprintf(&b, "p%d,P,Size,S,%s,7,deny,10,12\np%d,,,M,shopify,3,deny,10,\n", i, tracker, i)
	}
	return b.String()
}

// X13: that a file no longer names a tracker is not forgotten with the process
// that has read it.
func TestKilledUntracking(t *testing.T) {
	before, file := stockedFile(120, "shopify", ""), stockedFile(120, "", "shopify")
	whole := memShop(t)
	whole.load(t, before, importer.ImportOptions{})
	rep := whole.load(t, file, importer.ImportOptions{})
	if rep.Updated != 120 || whole.level(t, "p0", 0).Tracked || !whole.level(t, "p1", 0).Tracked {
		t.Fatalf("%+v; want tracking off in p0 and on in p1", rep)
	}
	want := whole.dump(t, importer.FormatJSONLines)
	eachDeath(t, 4, func(t *testing.T, opts importer.ImportOptions, k int, after bool) bool {
		s := memShop(t)
		s.load(t, before, importer.ImportOptions{})
		killed := s.killedAt(t, file, opts, k, after)
		s.load(t, file, opts)
		if got := s.dump(t, importer.FormatJSONLines); got != want {
			t.Errorf("%s, killed at write %d, after it %v, and run again: %s", opts.OnFault, k, after, firstDifference(want, got))
		}
		return killed
	})
}

// Whoever may be sold before its stock is counted is sold without end, and the
// first count would bring the sold units back: a new variant has stock before
// it has a price.
func TestStockBeforePrice(t *testing.T) {
	file := stockedFile(120, "shopify", "shopify")
	eachDeath(t, 6, func(t *testing.T, opts importer.ImportOptions, k int, after bool) bool {
		s := memShop(t)
		killed := s.killedAt(t, file, opts, k, after)
		for i := range 120 {
			p, err := s.ports.Catalog.Products(t.Context(), catalog.ProductsInput{Query: page.Query{Limit: 1}, Slugs: []string{fmt.Sprintf("p%d", i)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Items) > 0 && s.price(t, p.Items[0].Slug, 0) != "" && s.level(t, p.Items[0].Slug, 0).Version == 0 {
				t.Fatalf("%s, killed at write %d, after it %v: %s is for sale without stock", opts.OnFault, k, after, p.Items[0].Slug)
			}
		}
		return killed
	})
}

// A product that is left out keeps its tracking, and its variants their prices
// where others have faults.
func TestSkippedKeepsTracking(t *testing.T) {
	before := stockedFile(3, "shopify", "shopify")
	s := memShop(t)
	s.load(t, before, importer.ImportOptions{})
	file := edit(t, stockedFile(3, "", ""), "p1,P,", "p1,"+strings.Repeat("x", 600)+",")
	for _, dry := range []bool{true, false} {
		rep, err := s.Import(t.Context(), strings.NewReader(file), importer.ImportOptions{OnFault: importer.OnFaultSkip, DryRun: dry})
		if err != nil || rep.Failed != 1 || rep.Updated != 2 || len(rep.Changes) != 4 || !s.level(t, "p1", 0).Tracked {
			t.Errorf("dry %v: %v, %+v; want p1 as it was", dry, err, rep)
		}
	}
	if s.level(t, "p0", 0).Tracked || s.level(t, "p2", 0).Tracked {
		t.Error("p0 and p2 are tracked")
	}
}

// A product that is untracked may take the SKU that one before it gives up.
func TestUntrackingMovesSKU(t *testing.T) {
	const head = "Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n"
	for _, onFault := range []importer.OnFault{importer.OnFaultStop, importer.OnFaultSkip} {
		s := memShop(t)
		s.load(t, head+"a,A,X,,7,10\nb,B,Y,shopify,7,10\n", importer.ImportOptions{})
		rep := s.load(t, head+"a,A,Z,,7,10\nb,B,X,,7,10\n", importer.ImportOptions{OnFault: onFault})
		if v := s.product(t, "b").Variants[0]; rep.Updated != 2 || v.SKU != "X" || s.level(t, "b", 0).Tracked {
			t.Errorf("%s: %+v, SKU %q", onFault, rep, v.SKU)
		}
	}
}

// The price of a variant whose stock is refused stays; those of its siblings do
// not wait for it.
func TestPriceBesideFaultyStock(t *testing.T) {
	s := memShop(t)
	file := stockedFile(1, "shopify", "shopify")
	s.load(t, file, importer.ImportOptions{})
	in := inventory.ReserveInput{OrderID: "ord_1", Items: []inventory.Quantity{{VariantID: s.product(t, "p0").Variants[0].ID, Quantity: 6}}}
	if _, err := s.ports.Stock.Reserve(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	changed := edit(t, edit(t, file, "7,deny,10,12", "5,deny,11,12"), "3,deny,10,", "4,deny,11,")
	rep, err := s.Import(t.Context(), strings.NewReader(changed), importer.ImportOptions{OnFault: importer.OnFaultSkip, Stock: importer.StockSet})
	if err != nil || rep.Failed != 1 || rep.VariantsFailed != 1 || rep.VariantsUpdated != 1 {
		t.Errorf("%v, %+v; want one variant of two", err, rep)
	}
	if a, b := s.price(t, "p0", 0), s.price(t, "p0", 1); a != "USD 10.00 was 12.00" || b != "USD 11.00" || s.level(t, "p0", 1).OnHand != 4 {
		t.Errorf("prices %s and %s, %d on hand", a, b, s.level(t, "p0", 1).OnHand)
	}
}

// sellsOne sells one of a variant as soon as stock is written.
type sellsOne struct {
	inventory.Service
	variant *string
}

func (s sellsOne) PutLevels(ctx context.Context, in inventory.PutLevelsInput) (inventory.PutLevelsOutput, error) {
	out, err := s.Service.PutLevels(ctx, in)
	if err != nil || in.DryRun || *s.variant == "" {
		return out, err
	}
	_, err = s.Adjust(ctx, inventory.AdjustInput{VariantID: *s.variant, Delta: -1, Reason: "sold"})
	*s.variant = ""
	return out, err
}

// An import that turns tracking off counts a variant once.
func TestUntrackingCountsOnce(t *testing.T) {
	for _, onFault := range []importer.OnFault{importer.OnFaultStop, importer.OnFaultSkip} {
		s := memShop(t)
		s.load(t, stockedFile(1, "shopify", ""), importer.ImportOptions{})
		ports := s.ports
		ports.Stock = sellsOne{s.ports.Stock, new(s.product(t, "p0").Variants[0].ID)}
		opts := importer.ImportOptions{OnFault: onFault, Stock: importer.StockSet}
		_, err := importer.New(ports, &importer.Options{Log: quiet}).Import(t.Context(), strings.NewReader(stockedFile(1, "", "")), opts)
		if l := s.level(t, "p0", 0); err != nil || l.OnHand != 6 || l.Tracked {
			t.Errorf("%s: %v, %+v; want the 6 that are left", onFault, err, l)
		}
	}
}
