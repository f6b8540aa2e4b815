package importer_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

var samples = []string{"apparel.csv", "home-and-garden.csv"}

func TestImportSamples(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			s := memShop(t)
			file := sample(t, name)
			rep := s.load(t, file, importer.ImportOptions{})
			if rep.Created == 0 || rep.Created != rep.Products || rep.VariantsCreated != rep.Variants || len(rep.Faults) > 0 || len(rep.Missing) > 0 || rep.Currency != "USD" || rep.Through != rep.Rows+1 {
				t.Errorf("report %+v, want everything created", rep)
			}
			before, events := s.state(t), s.events
			again := s.load(t, file, importer.ImportOptions{})
			if !again.Unchanging() || len(again.Changes) > 0 || again.VariantsUnchanged != rep.Variants {
				t.Errorf("second report %+v, want nothing changed", again)
			}
			if got := s.state(t); got != before {
				t.Errorf("the second import has changed the shop")
			}
			if s.events != events {
				t.Errorf("the second import has recorded %d events", s.events-events)
			}
			var text strings.Builder
			if err := again.WriteText(&text); err != nil || !strings.Contains(text.String(), "Nothing to change") {
				t.Errorf("text %q, %v; want it to say that nothing has changed", text.String(), err)
			}
		})
	}
}

func TestImportedProduct(t *testing.T) {
	s := memShop(t)
	s.load(t, sample(t, "apparel.csv"), importer.ImportOptions{})
	p := s.product(t, "classic-varsity-top")
	if p.Title != "Classic Varsity Top" || p.Vendor != "partners-demo" || p.Status != catalog.StatusActive || p.PublishedAt == nil {
		t.Errorf("product %+v, want the one of the file, published", p)
	}
	var values []string
	for _, v := range p.Variants {
		values = append(values, strings.Join(v.Values, "/"))
		if v.SKU != "" {
			t.Errorf("SKU %q, want none as in the file", v.SKU)
		}
	}
	if got, want := fmt.Sprint(values), "[Small Medium Large]"; got != want {
		t.Errorf("variants %s, want %s", got, want)
	}
	if got := s.price(t, p.Slug, 1); got != "USD 60.00" {
		t.Errorf("price %q, want USD 60.00", got)
	}
	l := s.level(t, p.Slug, 0)
	if l.OnHand != 1 || l.Tracked || l.Backorder != 0 {
		t.Errorf("level %+v, want 1, kept but not enforced", l)
	}
}

// edit replaces old by new in file, where it must stand once.
func edit(t *testing.T, file, old, new string) string {
	t.Helper()
	if n := strings.Count(file, old); n != 1 {
		t.Fatalf("%q stands %d times in the file", old, n)
	}
	return strings.Replace(file, old, new, 1)
}

func TestImportNamesChanges(t *testing.T) {
	s := memShop(t)
	file := sample(t, "apparel.csv")
	s.load(t, file, importer.ImportOptions{})
	before := s.state(t)
	events := s.events

	changed := edit(t, file, "ocean-blue-shirt,Ocean Blue Shirt,", "ocean-blue-shirt,Ocean Green Shirt,")
	changed = edit(t, changed, "classic-varsity-top,,,,,,,,Large,,,,,,0,,1,deny,manual,60,", "classic-varsity-top,,,,,,,,Large,,,,,,0,,1,deny,manual,65.50,")
	changed = edit(t, changed, "city-woman-fashion_925x@2x.jpg", "city-woman-fashion_926x@2x.jpg")
	changed = edit(t, changed, "classic-varsity-top,,,,,,,,Medium,,,,,,0,,1,deny,manual,60,,true,true,,,,,,,,,,,,,,,,,,,,,,kg,\r\n", "")

	want := []importer.Change{
		{Handle: "ocean-blue-shirt", What: "title", From: "Ocean Blue Shirt", To: "Ocean Green Shirt"},
		{Handle: "classic-varsity-top", Variant: "Medium", What: "removed"},
		{Handle: "classic-varsity-top", Variant: "Large", What: "price", From: "60.00", To: "65.50"},
		{Handle: "floral-white-top", What: "image", From: "https://burst.shopifycdn.com/photos/city-woman-fashion_925x…", To: "https://burst.shopifycdn.com/photos/city-woman-fashion_926x…"},
	}
	check := func(rep importer.Report) {
		t.Helper()
		if !reflect.DeepEqual(rep.Changes, want) {
			t.Errorf("changes\n%+v\nwant\n%+v", rep.Changes, want)
		}
		if rep.Updated != 3 || rep.Created != 0 || rep.Unchanged != rep.Products-3 || rep.VariantsRemoved != 1 || len(rep.Missing) > 0 {
			t.Errorf("report %+v, want three products updated", rep)
		}
	}
	dry := s.load(t, changed, importer.ImportOptions{DryRun: true})
	check(dry)
	if s.state(t) != before || s.events != events {
		t.Error("the dry run has written something")
	}
	real := s.load(t, changed, importer.ImportOptions{})
	check(real)
	dry.DryRun = false
	if !reflect.DeepEqual(dry, real) {
		t.Errorf("dry run\n%+v\nreal run\n%+v", dry, real)
	}
	if rep := s.load(t, changed, importer.ImportOptions{}); !rep.Unchanging() {
		t.Errorf("third report %+v, want nothing changed", rep)
	}
}

func TestImportMissing(t *testing.T) {
	s := memShop(t)
	s.load(t, "Handle,Title,Variant Price\nmug,Mug,1\nbowl,Bowl,2\n", importer.ImportOptions{})
	rep := s.load(t, "Handle,Title,Variant Price\nbowl,Bowl,2\n", importer.ImportOptions{})
	if got := fmt.Sprint(rep.Missing); got != "[mug]" || rep.Unchanged != 1 {
		t.Errorf("missing %s, report %+v; want the mug, which stays", got, rep)
	}
	s.product(t, "mug")
}

func TestDryRunOfNewProducts(t *testing.T) {
	for _, file := range []string{sample(t, "apparel.csv"), sample(t, "home-and-garden.csv"), generated(t, 400, 3)} {
		s := memShop(t)
		empty, events := s.state(t), s.events
		dry := s.load(t, file, importer.ImportOptions{DryRun: true})
		if s.state(t) != empty || s.events != events {
			t.Error("the dry run has written something")
		}
		real := s.load(t, file, importer.ImportOptions{})
		dry.DryRun = false
		if !reflect.DeepEqual(dry, real) {
			t.Errorf("dry run\n%+v\nreal run\n%+v", dry, real)
		}
	}
}

func TestExportImportExport(t *testing.T) {
	files := map[string]string{"generated": generated(t, 800, 7)}
	for _, name := range samples {
		files[name] = sample(t, name)
	}
	for name, file := range files {
		for _, format := range []importer.Format{importer.FormatShopify, importer.FormatJSONLines} {
			t.Run(name+"/"+string(format), func(t *testing.T) {
				a, b := memShop(t), memShop(t)
				a.load(t, file, importer.ImportOptions{})
				first := a.dump(t, format)
				b.load(t, first, importer.ImportOptions{})
				if second := b.dump(t, format); second != first {
					t.Errorf("exports differ:\n%s", firstDifference(first, second))
				}
				before := a.state(t)
				if rep := a.load(t, first, importer.ImportOptions{}); !rep.Unchanging() || a.state(t) != before {
					t.Errorf("the own export changes the shop: %+v", rep.Changes)
				}
			})
		}
	}
}

// Exports stand in the order of handles, however the shop numbers products, and
// what belongs to the product by its place in the file stays there when another
// variant comes first.
func TestExportOrder(t *testing.T) {
	s := memShop(t)
	file := "Handle,Title,Option1 Name,Option1 Value,Variant Price,Color\nz,Z,Size,S,1,\nz,,,M,1,red\nb,B,,,1,\na,A,,,1,\n"
	s.load(t, file, importer.ImportOptions{})
	p := s.product(t, "z")
	in := catalog.UpdateProductInput{ID: p.ID}
	for _, i := range []int{1, 0} {
		v := p.Variants[i]
		in.Variants.Value = append(in.Variants.Value, catalog.VariantFields{Values: v.Values, Metadata: v.Metadata})
	}
	in.Variants.Set = true
	if _, err := s.ports.Catalog.UpdateProduct(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	first := s.dump(t, importer.FormatShopify)
	if a, b, z := strings.Index(first, "\na,"), strings.Index(first, "\nb,"), strings.Index(first, "\nz,"); a > b || b > z {
		t.Errorf("export\n%s\nwant a, b, z", first)
	}
	other := memShop(t)
	other.load(t, first, importer.ImportOptions{})
	for _, format := range []importer.Format{importer.FormatShopify, importer.FormatJSONLines} {
		if a, b := s.dump(t, format), other.dump(t, format); a != b {
			t.Error(firstDifference(a, b))
		}
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n%s\n%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

// J01: what a spreadsheet would run comes back as it was, numbers too.
func TestFormulasThroughShop(t *testing.T) {
	texts := []string{"=cmd()", "+1", "-2+3", "@x", "\tx", "＝1", "'=x", "'x"}
	file := "Handle,Title,Vendor,Variant Price,Variant Inventory Qty,Number\n"
	for i, text := range texts {
		file += fmt.Sprintf("p%d,'%s,'%s,%d,%d,-%d.5\n", i, text, text, i, i, i)
	}
	file = strings.ReplaceAll(file, ",''x", ",'x") // a text that is no formula has no apostrophe too many
	s := memShop(t)
	s.load(t, file, importer.ImportOptions{})
	for i, text := range texts {
		if p := s.product(t, fmt.Sprint("p", i)); p.Title != text || p.Vendor != text {
			t.Errorf("title %q and vendor %q, want %q", p.Title, p.Vendor, text)
		}
	}
	out := s.dump(t, importer.FormatShopify)
	if !strings.Contains(out, "'=cmd()") || !strings.Contains(out, ",-3.5\n") {
		t.Errorf("export\n%s\nwant formulas neutralized and numbers left", out)
	}
	if rep := s.load(t, out, importer.ImportOptions{}); !rep.Unchanging() {
		t.Errorf("%+v, want nothing changed", rep.Changes)
	}
}

const stocked = "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price\n"

func TestStock(t *testing.T) {
	file := stocked + "mug,Mug,Size,S,shopify,7,deny,10,12\nmug,,,M,,3,continue,10,\nmug,,,L,shopify,-2,deny,10,\nmug,,,XL,,,deny,10,\n"
	type level struct {
		onHand    int64
		tracked   bool
		backorder int64
		there     bool
	}
	levels := func(s *shop) (out []level) {
		for i := range s.product(t, "mug").Variants {
			l := s.level(t, "mug", i)
			out = append(out, level{l.OnHand, l.Tracked, l.Backorder, l.Version > 0})
		}
		return out
	}
	for name, tc := range map[string]struct {
		opts importer.ImportOptions
		want []level
	}{
		"new":   {importer.ImportOptions{}, []level{{7, true, 0, true}, {3, false, inventory.Unlimited, true}, {0, true, 0, true}, {}}},
		"set":   {importer.ImportOptions{Stock: importer.StockSet}, []level{{7, true, 0, true}, {3, false, inventory.Unlimited, true}, {0, true, 0, true}, {}}},
		"skip":  {importer.ImportOptions{Stock: importer.StockSkip}, []level{{}, {}, {}, {}}},
		"track": {importer.ImportOptions{TrackAll: true}, []level{{7, true, 0, true}, {3, true, inventory.Unlimited, true}, {0, true, 0, true}, {0, true, 0, true}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := memShop(t)
			rep := s.load(t, file, tc.opts)
			if got := levels(s); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("levels %+v, want %+v", got, tc.want)
			}
			if n := len(rep.Warnings); (n == 1) != (tc.opts.Stock != importer.StockSkip) {
				t.Errorf("warnings %+v, want one about the quantity below zero", rep.Warnings)
			}
		})
	}
}

func TestStockAfterSales(t *testing.T) {
	file := stocked + "mug,Mug,,,shopify,7,deny,10,\n"
	s := memShop(t)
	s.load(t, file, importer.ImportOptions{})
	id := s.product(t, "mug").Variants[0].ID
	if _, err := s.ports.Stock.Adjust(t.Context(), inventory.AdjustInput{VariantID: id, Delta: -5, Reason: "sold"}); err != nil {
		t.Fatal(err)
	}
	if rep := s.load(t, file, importer.ImportOptions{}); !rep.Unchanging() || s.level(t, "mug", 0).OnHand != 2 {
		t.Errorf("%+v, on hand %d; want the 2 that are left", rep.Changes, s.level(t, "mug", 0).OnHand)
	}
	set := importer.ImportOptions{Stock: importer.StockSet, ID: "imp_1"}
	rep := s.load(t, file, set)
	if want := (importer.Change{Handle: "mug", What: "stock", From: "2", To: "7"}); len(rep.Changes) != 1 || rep.Changes[0] != want {
		t.Errorf("changes %+v, want %+v", rep.Changes, want)
	}
	if _, err := s.ports.Stock.Adjust(t.Context(), inventory.AdjustInput{VariantID: id, Delta: -1, Reason: "sold"}); err != nil {
		t.Fatal(err)
	}
	if s.load(t, file, set); s.level(t, "mug", 0).OnHand != 6 {
		t.Errorf("on hand %d after the same import again, want 6: it counts once", s.level(t, "mug", 0).OnHand)
	}
}

// Tracking that the shop has turned on itself stays on until a file that has
// named a tracker no longer does.
func TestTracking(t *testing.T) {
	without, with := stocked+"mug,Mug,,,,7,deny,10,\n", stocked+"mug,Mug,,,shopify,7,deny,10,\n"
	s := memShop(t)
	s.load(t, without, importer.ImportOptions{})
	id := s.product(t, "mug").Variants[0].ID
	if _, err := s.ports.Stock.SetLevel(t.Context(), inventory.SetLevelInput{VariantID: id, OnHand: 4}); err != nil {
		t.Fatal(err)
	}
	if rep := s.load(t, without, importer.ImportOptions{}); !rep.Unchanging() || !s.level(t, "mug", 0).Tracked {
		t.Errorf("%+v; want tracking to stay on", rep.Changes)
	}
	if rep := s.load(t, s.dump(t, importer.FormatShopify), importer.ImportOptions{}); !rep.Unchanging() {
		t.Errorf("the own export changes %+v", rep.Changes)
	}
	other := memShop(t)
	other.load(t, with, importer.ImportOptions{})
	rep := other.load(t, without, importer.ImportOptions{})
	if other.level(t, "mug", 0).Tracked {
		t.Errorf("%+v; want tracking off", rep.Changes)
	}
}

func TestPrices(t *testing.T) {
	s := memShop(t)
	rep := s.load(t, stocked+"mug,Mug,Size,S,,,,10,12\nmug,,,M,,,,,\n", importer.ImportOptions{})
	if len(rep.Warnings) != 1 || rep.Warnings[0].Row != 3 || rep.Warnings[0].Column != "Variant Price" {
		t.Errorf("warnings %+v, want one in row 3", rep.Warnings)
	}
	if got := s.price(t, "mug", 0) + "; " + s.price(t, "mug", 1); got != "USD 10.00 was 12.00; " {
		t.Errorf("prices %q", got)
	}
	s.load(t, stocked+"mug,Mug,Size,S,,,,,9\nmug,,,M,,,,5,\n", importer.ImportOptions{})
	if got := s.price(t, "mug", 0) + "; " + s.price(t, "mug", 1); got != "USD 10.00 was 9.00; USD 5.00" {
		t.Errorf("prices %q, want the one that the file does not name to stay", got)
	}
	s.load(t, "Handle,Title,Option1 Name,Option1 Value,Variant Price\nmug,Mug,Size,S,10.50\nmug,,,M,5\n", importer.ImportOptions{})
	if got := s.price(t, "mug", 0); got != "USD 10.50 was 9.00" {
		t.Errorf("price %q, want the compare-at price to stay where the file has no column for it", got)
	}
	set := pricing.PriceSet{VariantID: s.product(t, "mug").Variants[0].ID, Currency: "USD", Prices: []pricing.PriceFields{{Amount: 1050}, {MinQuantity: 10, Amount: 900}}}
	if _, err := s.ports.Prices.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{set}}); err != nil {
		t.Fatal(err)
	}
	s.load(t, stocked+"mug,Mug,Size,S,,,,10,9\nmug,,,M,,,,5,\n", importer.ImportOptions{})
	if got := s.price(t, "mug", 0); got != "USD 10.00 was 9.00, USD 9.00" {
		t.Errorf("prices %q, want the one of ten to stay", got)
	}
	set.Prices = []pricing.PriceFields{{Amount: 1000, CompareAt: new(int64(900))}}
	if _, err := s.ports.Prices.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{set}}); err != nil {
		t.Fatal(err)
	}
	s.load(t, "Handle,Title,Option1 Name,Option1 Value,Variant Price\nmug,Mug,Size,S,11\nmug,,,M,5\n", importer.ImportOptions{Currency: "EUR"})
	if got := s.price(t, "mug", 0); got != "EUR 11.00, USD 10.00 was 9.00" {
		t.Errorf("prices %q, want one in each currency", got)
	}
}

// What a file has no column for stays as it is.
func TestColumnsThatAreNotThere(t *testing.T) {
	s := memShop(t)
	file := "Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Price,Image Src,Image Alt Text,Variant Image,Cost per item,Mystery\n" +
		"mug,Mug,<p>Nice</p>,Ann,\"a, b\",true,Size,S,M-S,100,10,https://x.example/1.jpg,One,https://x.example/1.jpg,3,yes\n" +
		"mug,,,,,,,M,M-M,200,20,https://x.example/2.jpg,Two,,4,\n"
	s.load(t, file, importer.ImportOptions{})
	before := s.state(t)
	for _, other := range []string{
		"Handle,Title\nmug,Mug\n",
		"Handle,Title,Option1 Name,Option1 Value,Variant Price\nmug,Mug,Size,S,10\nmug,,,M,20\n",
		"Handle,Title,Option1 Name,Option1 Value,Variant SKU\nmug,Mug,Size,S,M-S\nmug,,,M,M-M\n",
		"Handle,Title,Image Src,Variant Image,Option1 Name,Option1 Value\nmug,Mug,https://x.example/1.jpg,https://x.example/1.jpg,Size,S\nmug,,https://x.example/2.jpg,,,M\n",
	} {
		if rep := s.load(t, other, importer.ImportOptions{}); !rep.Unchanging() || s.state(t) != before {
			t.Errorf("%s\nhas changed %+v", other, rep.Changes)
		}
	}
	rep, err := s.Import(t.Context(), strings.NewReader("Handle,Title,Variant Price\nmug,Mug,11\n"), importer.ImportOptions{})
	if err == nil || len(rep.Faults) != 1 || rep.Faults[0].Row != 2 || s.state(t) != before {
		t.Errorf("%v, %+v; want a fault: whose price is that?", err, rep.Faults)
	}
}

// What no file says stays too: categories, attributes, other metadata.
func TestOthersFieldsStay(t *testing.T) {
	s := memShop(t)
	file := "Handle,Title,Variant Price,Mystery\nmug,Mug,10,yes\n"
	s.load(t, file, importer.ImportOptions{})
	p := s.product(t, "mug")
	var meta = `{"erp":{"n":12345678901234567890},"_shopify":{"Mystery":"yes"}}`
	in := catalog.UpdateProductInput{ID: p.ID}
	in.Attributes.Set, in.Attributes.Value = true, map[string]string{"color": "red"}
	in.Metadata.Set, in.Metadata.Value = true, []byte(meta)
	in.ExternalID.Set, in.ExternalID.Value = true, "x-1"
	if _, err := s.ports.Catalog.UpdateProduct(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	before := s.state(t)
	if rep := s.load(t, file, importer.ImportOptions{}); !rep.Unchanging() || s.state(t) != before {
		t.Errorf("changed %+v", rep.Changes)
	}
	rep := s.load(t, edit(t, file, "yes", "no"), importer.ImportOptions{})
	if want := (importer.Change{Handle: "mug", What: "Mystery", From: "yes", To: "no"}); len(rep.Changes) != 1 || rep.Changes[0] != want {
		t.Errorf("changes %+v, want %+v", rep.Changes, want)
	}
	if p := s.product(t, "mug"); p.ExternalID != "x-1" || p.Attributes["color"] != "red" || !strings.Contains(string(p.Metadata), "12345678901234567890") {
		t.Errorf("product %+v, want what others have written", p)
	}
	if fmt.Sprint(rep.UnknownColumns) != "[Mystery]" {
		t.Errorf("unknown columns %v, want Mystery", rep.UnknownColumns)
	}
}

func TestStatus(t *testing.T) {
	s := memShop(t)
	s.load(t, "Handle,Title,Published,Variant Price\nmug,Mug,false,1\n", importer.ImportOptions{})
	if p := s.product(t, "mug"); p.Status != catalog.StatusDraft || p.PublishedAt != nil {
		t.Errorf("%s, %v; want a draft", p.Status, p.PublishedAt)
	}
	s.load(t, "Handle,Title,Published,Variant Price\nmug,Mug,true,1\n", importer.ImportOptions{})
	p := s.product(t, "mug")
	if p.Status != catalog.StatusActive || p.PublishedAt == nil {
		t.Fatalf("%s, %v; want it on sale", p.Status, p.PublishedAt)
	}
	s.load(t, "Handle,Title,Published,Status,Variant Price\nmug,Big mug,true,archived,1\n", importer.ImportOptions{})
	s.load(t, "Handle,Title,Published,Variant Price\nmug,Mug,true,1\n", importer.ImportOptions{})
	if q := s.product(t, "mug"); q.Status != catalog.StatusArchived || !q.PublishedAt.Equal(*p.PublishedAt) {
		t.Errorf("%s, %v; want it archived and the first time of publication", q.Status, q.PublishedAt)
	}
}

func TestSanitizedBody(t *testing.T) {
	s := memShop(t)
	file := "Handle,Title,Body (HTML),Variant Price\nmug,Mug,<p onclick=x()>Nice<script>alert(1)</script></p>,1\n"
	s.load(t, file, importer.ImportOptions{})
	if got := s.product(t, "mug").DescriptionHTML; got != "<p>Nice</p>" {
		t.Errorf("body %q", got)
	}
	if rep := s.load(t, file, importer.ImportOptions{}); !rep.Unchanging() {
		t.Errorf("changes %+v, want none", rep.Changes)
	}
}
