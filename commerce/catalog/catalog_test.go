package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/page"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestInputsAreWellTagged(t *testing.T) {
	for _, in := range []any{ProductInput{}, ProductsInput{}, CreateProductInput{}, UpdateProductInput{}, IDInput{}, PutProductsInput{}, VariantsInput{},
		CategoryInput{}, CreateCategoryInput{}, UpdateCategoryInput{}, PutCategoriesInput{}, SearchInput{}, PutListingInput{}} {
		if err := check.Type(reflect.TypeOf(in)); err != nil {
			t.Error(err)
		}
	}
}

func TestVisible(t *testing.T) {
	soon, past := noon.Add(time.Microsecond), noon.Add(-time.Hour)
	for _, c := range []struct {
		status Status
		at     *time.Time
		want   bool
	}{
		{StatusActive, &past, true}, {StatusActive, &noon, true}, {StatusActive, &soon, false}, {StatusActive, nil, false},
		{StatusDraft, &past, false}, {StatusArchived, &past, false},
	} {
		if got := (Product{Status: c.status, PublishedAt: c.at}).Visible(noon); got != c.want {
			t.Errorf("%s published %v: visible = %v, want %v", c.status, c.at, got, c.want)
		}
	}
}

func TestIsPlain(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "S / Red": true, "größe ☕": true, "日本": true, "e\u0301": true, "=cmd()": true,
		"a\x00": false, "a\n": false, "a\u200b": false, "a\u202eb": false, "\u2066a": false, "\ufeffa": false, "a\u00ad": false, "\u3164": false, "a\xff": false, "a\u2028": false, "a\u0085": false,
	} {
		if got := isPlain(s); got != want {
			t.Errorf("isPlain(%q) = %v, want %v", s, got, want)
		}
	}
}

func fieldsOf(values ...[]string) ProductFields {
	f := ProductFields{Slug: "shirt", Title: "Shirt", Options: []string{"Size", "Color"}}
	for _, v := range values {
		f.Variants = append(f.Variants, VariantFields{Values: v})
	}
	return f
}

func TestSettleFaults(t *testing.T) {
	s, m := []string{"S", "Red"}, []string{"M", "Red"}
	good := fieldsOf(s, m)
	if _, err := settle(good); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		change func(f *ProductFields)
		code   string
		param  string
	}{
		"hidden slug":          {func(f *ProductFields) { f.Slug = "a\u3164" }, check.BadText, "/slug"},
		"hidden SKU":           {func(f *ProductFields) { f.Variants[1].SKU = "a\u200b" }, check.BadText, "/variants/1/sku"},
		"hidden value":         {func(f *ProductFields) { f.Variants[0].Values = []string{"S\u202e", "x"} }, check.BadText, "/variants/0/values/0"},
		"hidden option":        {func(f *ProductFields) { f.Options = []string{"Size\n", "Color"} }, check.BadText, "/options/0"},
		"double option":        {func(f *ProductFields) { f.Options = []string{"Size", "Size"} }, codeDouble, "/options/1"},
		"missing value":        {func(f *ProductFields) { f.Variants[1].Values = []string{"M"} }, codeValues, "/variants/1/values"},
		"double values":        {func(f *ProductFields) { f.Variants[1].Values = s }, codeDouble, "/variants/1/values"},
		"double SKU":           {func(f *ProductFields) { f.Variants[0].SKU, f.Variants[1].SKU = "a", " a " }, codeDouble, "/variants/1/sku"},
		"metadata is a list":   {func(f *ProductFields) { f.Metadata = json.RawMessage(`[]`) }, codeMetadata, "/metadata"},
		"metadata is no JSON":  {func(f *ProductFields) { f.Variants[0].Metadata = json.RawMessage(`{`) }, codeMetadata, "/variants/0/metadata"},
		"metadata is two":      {func(f *ProductFields) { f.Metadata = json.RawMessage(`{} {}`) }, codeMetadata, "/metadata"},
		"picture of no one":    {func(f *ProductFields) { f.Media = []MediaFields{{URL: "u", Variants: [][]string{{"L", "Red"}}}} }, codeNoValues, "/media/0/variants/0"},
		"values are sensitive": {func(f *ProductFields) { f.Media = []MediaFields{{URL: "u", Variants: [][]string{{"s", "Red"}}}} }, codeNoValues, "/media/0/variants/0"},
	} {
		f := fieldsOf(s, m)
		change(&f, c.change)
		_, err := settle(f)
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || len(e.Errors) != 1 || e.Errors[0].Code != c.code || e.Errors[0].Param != c.param {
			t.Errorf("%s: %v, want %s at %s", what, err, c.code, c.param)
		}
	}
	two := fieldsOf(nil, nil)
	two.Options = nil
	if _, err := settle(two); err == nil || !strings.Contains(err.Error(), "without options") {
		t.Errorf("two variants without options: %v", err)
	}
}

func change(f *ProductFields, fn func(f *ProductFields)) { fn(f) }

func TestSettleTidies(t *testing.T) {
	f := fieldsOf([]string{"S", "Red"})
	f.Tags, f.CategoryIDs = []string{" b", "a", "", "b "}, []string{"c2", "c1", "c2"}
	f.Variants[0].SKU = " X "
	f.Metadata = json.RawMessage(` {"b": 1.10, "a": "<é>"} `)
	f.Media = []MediaFields{{URL: "u", Alt: "first"}, {URL: "v"}, {URL: "u", Alt: "second", Variants: [][]string{{"S", "Red"}}}}
	got, err := settle(f)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Tags, []string{"a", "b"}) || !slices.Equal(got.CategoryIDs, []string{"c2", "c1"}) || got.Variants[0].SKU != "X" || got.Variants[0].TaxCategory != "standard" {
		t.Errorf("got %+v", got)
	}
	if want := `{"a":"\u003cé\u003e","b":1.10}`; string(got.Metadata) != want || string(got.Variants[0].Metadata) != "{}" {
		t.Errorf("metadata = %s, want %s", got.Metadata, want)
	}
	if len(got.Media) != 2 || got.Media[0].Alt != "first" || len(got.Media[0].Variants) != 1 {
		t.Errorf("media = %+v", got.Media)
	}
	if f.Variants[0].SKU != " X " {
		t.Error("settle has changed its input")
	}
}

func counter() func(string) string {
	n := 0
	return func(prefix string) string { n++; return fmt.Sprint(prefix, "_", n) }
}

func full() ProductFields {
	f := fieldsOf([]string{"S", "Red"}, []string{"M", "Red"})
	f.DescriptionHTML, f.Vendor, f.Type, f.ExternalID, f.Status = "<p>d</p>", "v", "t", "x", StatusActive
	f.Tags, f.CategoryIDs, f.PublishedAt, f.SEO = []string{"a"}, []string{"c"}, &noon, SEO{"st", "sd"}
	f.Media = []MediaFields{{URL: "https://a", Alt: "A", Variants: [][]string{{"S", "Red"}}}, {URL: "https://b"}}
	f.Attributes, f.Metadata = map[string]string{"k": "v"}, json.RawMessage(`{"m":1}`)
	f.Variants[0] = VariantFields{SKU: "s", Values: []string{"S", "Red"}, Barcode: "b", WeightG: 1, RequiresShipping: true, Taxable: true, TaxCategory: "reduced", Metadata: json.RawMessage(`{"v":1}`)}
	return f
}

func mustBuild(t *testing.T, f ProductFields, old *Product) Product {
	t.Helper()
	f, err := settle(f)
	if err != nil {
		t.Fatal(err)
	}
	return build(f, old, noon, counter())
}

// Every single change of what a caller writes is one that diff sees, under its
// name, and a product that comes back from JSON is no change.
func TestDiff(t *testing.T) {
	old := mustBuild(t, full(), nil)
	data, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	var back Product
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if got := diff(back, mustBuild(t, full(), &back)); len(got) != 0 {
		t.Errorf("nothing has changed, but %+v", got)
	}
	if got := diff(back, mustBuild(t, back.fields(), &back)); len(got) != 0 {
		t.Errorf("fields of a product do not make it: %+v", got)
	}
	for what, fn := range map[string]func(f *ProductFields){
		"slug": func(f *ProductFields) { f.Slug = "x" }, "title": func(f *ProductFields) { f.Title = "x" },
		"description_html": func(f *ProductFields) { f.DescriptionHTML = "x" }, "status": func(f *ProductFields) { f.Status = StatusDraft },
		"vendor": func(f *ProductFields) { f.Vendor = "x" }, "type": func(f *ProductFields) { f.Type = "x" },
		"tags": func(f *ProductFields) { f.Tags = []string{"a", "b"} }, "published_at": func(f *ProductFields) { f.PublishedAt = nil },
		"external_id": func(f *ProductFields) { f.ExternalID = "" }, "seo/title": func(f *ProductFields) { f.SEO.Title = "" },
		"seo/description": func(f *ProductFields) { f.SEO.Description = "" }, "category_ids": func(f *ProductFields) { f.CategoryIDs = nil },
		"options": func(f *ProductFields) { f.Options[0] = "Width" }, "media": func(f *ProductFields) { slices.Reverse(f.Media) },
		"media/0/alt": func(f *ProductFields) { f.Media[0].Alt = "x" }, "media/0/variants": func(f *ProductFields) { f.Media[0].Variants[0][0] = "M" },
		"attributes/k": func(f *ProductFields) { f.Attributes = nil }, "attributes/": func(f *ProductFields) { f.Attributes = map[string]string{"k": "v", "": ""} },
		"metadata":                 func(f *ProductFields) { f.Metadata = nil },
		"variants/L / X":           func(f *ProductFields) { f.Variants = append(f.Variants, VariantFields{Values: []string{"L", "X"}}) },
		"variants/M / Red removed": func(f *ProductFields) { f.Variants = f.Variants[:1] },
		"variants/S / Red/sku":     func(f *ProductFields) { f.Variants[0].SKU = "x" }, "variants/S / Red/barcode": func(f *ProductFields) { f.Variants[0].Barcode = "" },
		"variants/S / Red/weight_g": func(f *ProductFields) { f.Variants[0].WeightG = 2 }, "variants/S / Red/taxable": func(f *ProductFields) { f.Variants[0].Taxable = false },
		"variants/S / Red/requires_shipping": func(f *ProductFields) { f.Variants[0].RequiresShipping = false },
		"variants/S / Red/tax_category":      func(f *ProductFields) { f.Variants[0].TaxCategory = "" },
		"variants/S / Red/metadata":          func(f *ProductFields) { f.Variants[0].Metadata = nil },
		"variants/M / Red/position":          func(f *ProductFields) { slices.Reverse(f.Variants) },
	} {
		f := full()
		fn(&f)
		got := diff(old, mustBuild(t, f, &old))
		if len(got) == 0 || !strings.HasPrefix(got[0].Field, what) {
			t.Errorf("%s: got %+v", what, got)
		}
	}
}

func TestBuildKeepsIdentity(t *testing.T) {
	old := mustBuild(t, full(), nil)
	f := fieldsOf([]string{"s", "Red"}, []string{"M", "Red"}, []string{"S", "Red"})
	f.Media = []MediaFields{{URL: "https://b"}, {URL: "https://c"}}
	p := mustBuild(t, f, &old)
	if p.ID != old.ID || p.Version != 2 || p.Variants[1].ID != old.Variants[1].ID || p.Variants[2].ID != old.Variants[0].ID || p.Variants[0].ID == old.Variants[0].ID {
		t.Errorf("variants = %+v, want the ids of %+v by values", p.Variants, old.Variants)
	}
	if p.Media[0].ID != old.Media[1].ID || p.Media[1].ID == old.Media[0].ID {
		t.Errorf("media = %+v, want the ids of %+v by URL", p.Media, old.Media)
	}
	if p.Variants[2].Title != "S / Red" || p.Variants[2].Position != 3 || !slices.Equal(p.Options[0].Values, []string{"s", "M", "S"}) || !slices.Equal(p.Options[1].Values, []string{"Red"}) {
		t.Errorf("got %+v, options %+v", p.Variants[2], p.Options)
	}
}

func TestPublished(t *testing.T) {
	before, yes, no := noon.Add(-time.Hour), true, false
	old := &Product{PublishedAt: &before}
	for _, c := range []struct {
		f    ProductFields
		old  *Product
		want *time.Time
	}{
		{ProductFields{}, old, nil}, {ProductFields{PublishedAt: &noon}, old, &noon}, {ProductFields{Published: &no, PublishedAt: &noon}, old, nil},
		{ProductFields{Published: &yes}, old, &before}, {ProductFields{Published: &yes}, nil, &noon}, {ProductFields{Published: &yes}, &Product{}, &noon},
	} {
		if got := published(c.f, c.old, noon); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v over %+v: %v, want %v", c.f, c.old, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for s, want := range map[string]string{
		"Crème brûlée, 100%!": "creme|brulee|100", "VT-M_2": "vt|m|2", "": "", "% _ ' \\": "", "Größe": "große", "ΟΔΟΣ": "οδοσ", "İstanbul": "istanbul",
		"हिन्दी": "हिन्दी", strings.Repeat("é", 99): strings.Repeat("e", maxWord),
	} {
		if got := strings.Join(words(s), "|"); got != want {
			t.Errorf("words of %q = %q, want %q", s, got, want)
		}
	}
	want := []Word{{"blue", false}, {"shirt", true}, {"t", true}, {"tshirt", true}}
	if got := entryWords("T-Shirt", "blue shirt"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAskedFor(t *testing.T) {
	for q, want := range map[string]string{
		"Red shoe red": "[red] [shoe]", "t-shirt SHIRT": "[t shirt]tshirt", "Anna’s mug": "[anna s]annas [mug]", "100%, (new)": "[100] [new]", "- ' %": "",
		"a/b": "[a b]", strings.Repeat("a b c ", 30) + "d-e f wool": "[a] [b] [c] [wool]", "one two three four five-six seven eight nine": "[one] [two] [three] [four] [five six]fivesix [seven] [eight]",
	} {
		var got []string
		for _, a := range askedFor(q) {
			got = append(got, fmt.Sprint(a.words)+a.joined)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q asks for %v, want %s", q, got, want)
		}
	}
}

func TestWaysToSearch(t *testing.T) {
	few, many := func(p string) Term { return Term{Prefix: p} }, func(p string) Term { return Term{Prefix: p, Many: true} }
	words := Term{Words: []string{"shirt"}}
	for _, c := range []struct {
		terms, narrowest []Term
		indistinct       bool
	}{
		{nil, nil, true},
		{[]Term{few("red")}, []Term{few("red")}, false},
		{[]Term{many("c")}, []Term{many("c")}, true},
		{[]Term{many("cotton"), many("shirt")}, []Term{many("cotton"), many("shirt")}, false},
		{[]Term{many("cotton"), many("shirt"), many("new")}, []Term{many("cotton"), many("shirt"), many("new")}, true},
		{[]Term{many("cotton"), many("shirt"), few("red")}, []Term{many("cotton"), many("shirt"), few("red")}, false},
		{[]Term{many("cotton"), many("shirt"), words}, []Term{many("cotton"), many("shirt"), words}, false},
		{[]Term{many("c"), few("cot"), many("co"), few("cotton"), words}, []Term{few("cotton"), words}, false},
	} {
		if got := narrowest(c.terms); !reflect.DeepEqual(got, c.narrowest) {
			t.Errorf("narrowest of %v = %v, want %v", c.terms, got, c.narrowest)
		}
		if got := indistinct(c.terms); got != c.indistinct {
			t.Errorf("indistinct(%v) = %v", c.terms, got)
		}
	}
}

func TestIsClose(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"swaeter", "sweater", true}, {"chesse", "cheese", true}, {"shoe", "shoe", true}, {"shoe", "shoes", true}, {"hoes", "shoes", true}, {"größe", "große", true},
		{"tshrit", "tshirt", true}, {"sweet", "swift", false}, {"abcd", "dbca", false}, {"abcd", "badc", false}, {"aabb", "bbaa", false}, {"shoe", "sh", false}, {"red", "blue", false},
	} {
		if got := isClose(c.a, c.b); got != c.want || isClose(c.b, c.a) != got {
			t.Errorf("%s and %s: %v, want %v", c.a, c.b, got, c.want)
		}
		shared := slices.ContainsFunc(Reductions(c.a), func(r string) bool { return slices.Contains(Reductions(c.b), r) })
		if c.want && !shared {
			t.Errorf("%s and %s have no reduction in common", c.a, c.b)
		}
	}
	for word, want := range map[string]string{"shoe": "shoe hoe soe she sho", "ooo": "ooo oo", "é": "é", "ab": "", "mp3x": "", strings.Repeat("x", 25): "", "жук": "жук ук жк жу"} {
		if got := strings.Join(Reductions(word), " "); got != want {
			t.Errorf("reductions of %s: %s, want %s", word, got, want)
		}
	}
}

// Letters with marks fold to the same, composed or not, and nothing folds twice.
func TestFoldIsNormal(t *testing.T) {
	for r := rune(0xC0); r < 0x2000; r++ {
		if !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) || !unicode.IsLetter(r) {
			continue
		}
		composed, apart := fold(string(r)), fold(norm.NFD.String(string(r)))
		if composed != apart {
			t.Errorf("%c folds to %q composed and %q apart", r, composed, apart)
		}
		if again := fold(composed); again != composed {
			t.Errorf("%c folds to %q, then %q", r, composed, again)
		}
	}
}

func TestTreeRules(t *testing.T) {
	chain := func() *tree {
		tr, parent := newTree(nil), ""
		for i := range maxDepth {
			id := fmt.Sprint("c", i+1)
			if err := tr.set(Category{ID: id, Slug: id, Name: id, ParentID: parent}); err != nil {
				t.Fatal(err)
			}
			parent = id
		}
		return newTree(tr.changed())
	}
	for what, c := range map[string]struct {
		c    Category
		want error
	}{
		"too deep":       {Category{ID: "x", Slug: "x", ParentID: "c20"}, ErrCategoryTooDeep},
		"deep enough":    {Category{ID: "x", Slug: "x", ParentID: "c19"}, nil},
		"no parent":      {Category{ID: "x", Slug: "x", ParentID: "none"}, ErrCategoryNotFound},
		"slug taken":     {Category{ID: "x", Slug: "c3"}, ErrSlugTaken},
		"itself":         {Category{ID: "c3", Slug: "c3", ParentID: "c3"}, ErrCategoryCycle},
		"below itself":   {Category{ID: "c3", Slug: "c3", ParentID: "c9"}, ErrCategoryCycle},
		"subtree moves":  {Category{ID: "c3", Slug: "c3", ParentID: "c1"}, nil},
		"becomes a root": {Category{ID: "c3", Slug: "c3"}, nil},
	} {
		if err := chain().set(c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	tr := chain()
	if err := tr.set(Category{ID: "r", Slug: "r", Name: "r"}); err != nil {
		t.Fatal(err)
	}
	if err := tr.set(Category{ID: "c1", Slug: "c1", Name: "c1", ParentID: "r"}); !errors.Is(err, ErrCategoryTooDeep) {
		t.Errorf("a chain of 20 below a root: %v, want ErrCategoryTooDeep", err)
	}
	if err := tr.remove("c3"); !errors.Is(err, ErrCategoryNotEmpty) {
		t.Errorf("remove c3: %v, want ErrCategoryNotEmpty", err)
	}
}

func TestTreeChanged(t *testing.T) {
	tr := newTree(nil)
	for _, c := range []Category{{ID: "a", Slug: "a", Name: "A"}, {ID: "b", Slug: "b", Name: "B", ParentID: "a"}, {ID: "c", Slug: "c", Name: "C", ParentID: "b"}, {ID: "d", Slug: "d", Name: "D"}} {
		if err := tr.set(c); err != nil {
			t.Fatal(err)
		}
	}
	if got := tr.changed(); len(got) != 4 || got[2].Version != 1 || !slices.Equal(got[2].Path, []string{"A", "B", "C"}) {
		t.Fatalf("got %+v", got)
	}
	tr = newTree(tr.changed())
	b := tr.nodes["b"]
	b.ParentID, b.Name = "d", "X"
	if err := tr.set(b); err != nil {
		t.Fatal(err)
	}
	got := tr.changed()
	if len(got) != 2 || got[1].ID != "c" || got[1].Version != 2 || !slices.Equal(got[1].Path, []string{"D", "X", "C"}) || !slices.Equal(got[1].PathIDs, []string{"d", "b", "c"}) {
		t.Errorf("moved: %+v, want b and c", got)
	}
}

func TestPlant(t *testing.T) {
	tr := newTree([]Category{{ID: "1", Slug: "a", Name: "A", Version: 1, Path: []string{"A"}, PathIDs: []string{"1"}},
		{ID: "2", Slug: "b", Name: "B", ParentID: "1", Version: 1, Path: []string{"A", "B"}, PathIDs: []string{"1", "2"}}})
	out := plant(tr, []CategoryFields{
		{Slug: "leaf", Name: "L", ParentSlug: "new"}, {Slug: "new", Name: "N", ParentSlug: "b"}, {Slug: "a", Name: "A"}, {Slug: "b", Name: "B2", ParentSlug: "a"},
		{Slug: "x", Name: "X", ParentSlug: "y"}, {Slug: "y", Name: "Y", ParentSlug: "x"}, {Slug: "z", Name: "Z", ParentSlug: "none"}, {Slug: "zz", Name: "ZZ", ParentSlug: "z"},
		{Slug: "new", Name: "twice"}, {Slug: "", Name: "nameless"}, {Slug: "bad slug", Name: "x"},
	}, counter())
	want := "created created unchanged updated failed failed failed failed failed failed failed"
	var got []string
	for _, r := range out.Results {
		got = append(got, r.Outcome)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if !errors.Is(out.Results[5].Error, ErrCategoryCycle) || !errors.Is(out.Results[6].Error, ErrCategoryNotFound) {
		t.Errorf("errors = %v, %v", out.Results[5].Error, out.Results[6].Error)
	}
	changed := inOrder(tr.changed())
	if len(changed) != 3 || changed[2].Slug != "leaf" || !slices.Equal(changed[2].Path, []string{"A", "B2", "N", "L"}) {
		t.Errorf("changed = %+v", changed)
	}
}

func TestInOrder(t *testing.T) {
	cs := inOrder([]Category{{ID: "1", Name: "b"}, {ID: "2", Name: "a", Position: 1}, {ID: "3", Name: "z", ParentID: "2"}, {ID: "4", Name: "a"}, {ID: "5", Name: "orphan", ParentID: "none"}, {ID: "6", Name: "a"}})
	var got []string
	for _, c := range cs {
		got = append(got, c.ID)
	}
	if want := "4 6 1 5 2 3"; strings.Join(got, " ") != want {
		t.Errorf("order = %v, want %s", got, want)
	}
}

// A cursor fits into a query, whatever the title.
func TestCursorsFit(t *testing.T) {
	for _, r := range "a<𐌀日" {
		p := Position{Sort: SortTitle, ProductID: strings.Repeat("x", 64), TitleKey: titleKey(strings.Repeat(string(r), 300)), Published: 1 << 60}
		if got := page.Encode(p.kept()); len(got) > 1000 {
			t.Errorf("%c: a cursor of %d bytes", r, len(got))
		}
	}
}
