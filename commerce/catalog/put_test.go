package catalog_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

func outcomes(out catalog.PutProductsOutput) string {
	var got []string
	for _, r := range out.Results {
		got = append(got, r.Slug+" "+r.Outcome)
	}
	return strings.Join(got, ", ")
}

func (s *shop) put(dry bool, want string, fs ...catalog.ProductFields) catalog.PutProductsOutput {
	s.t.Helper()
	out, err := s.PutProducts(s.t.Context(), catalog.PutProductsInput{Products: fs, DryRun: dry})
	if err != nil {
		s.t.Fatal(err)
	}
	if got := outcomes(out); got != want {
		s.t.Errorf("got %s; want %s", got, want)
	}
	return out
}

func TestPutProducts(t *testing.T) {
	s := setup(t)
	a, b := shirt("a", "A1", "A2"), shirt("b", "B1")
	b.DescriptionHTML = `<b onclick="x">&</b>`
	dry := s.put(true, "a created, b created", a, b)
	if dry.Results[0].ID != "" || dry.Results[0].Variants[1] != (catalog.PutVariant{Created: true}) {
		t.Errorf("a dry run has ids: %+v", dry.Results[0])
	}
	s.events()
	out := s.put(false, "a created, b created", a, b)
	s.events("product_created a", "product_created b")
	if p, err := s.Product(t.Context(), catalog.ProductInput{ID: "b"}); err != nil || p.DescriptionHTML != "<b>&amp;</b>" {
		t.Errorf("description = %s, %v; want it sanitized", p.DescriptionHTML, err)
	}
	if s.store.edits != 1 {
		t.Errorf("written in %d steps, want 1", s.store.edits)
	}
	again := s.put(false, "a unchanged, b unchanged", a, b)
	if s.events(); s.store.edits != 1 || again.Results[0].ID != out.Results[0].ID || again.Results[0].Variants[0] != (catalog.PutVariant{ID: out.Results[0].Variants[0].ID}) {
		t.Errorf("unchanged: %d edits, %+v", s.store.edits, again.Results[0])
	}
	a.Title, a.Tags = "New", []string{"x"}
	a.Variants = append(a.Variants, catalog.VariantFields{SKU: "A3", Values: []string{"L"}})
	dry = s.put(true, "a updated, b unchanged", a, b)
	s.events()
	out = s.put(false, "a updated, b unchanged", a, b)
	want := []catalog.Change{{Field: "title", From: "Shirt a", To: "New"}, {Field: "tags", From: "", To: "x"}, {Field: "variants/L added", To: "A3"}}
	if !reflect.DeepEqual(out.Results[0].Changes, want) || !reflect.DeepEqual(dry.Results[0].Changes, want) || !out.Results[0].Variants[2].Created || out.Results[0].Variants[1].Created {
		t.Errorf("got %+v, dry %+v; want %+v", out.Results[0], dry.Results[0].Changes, want)
	}
	s.events("product_updated a")
}

func TestPutFailsAlone(t *testing.T) {
	s := setup(t)
	taken := s.create(shirt("taken", "T"))
	sku, tag, values, category := shirt("sku", "T"), shirt("tag"), shirt("values", "V"), shirt("category", "C")
	values.Options, category.CategoryIDs = nil, []string{"cat_none"}
	twice, same := shirt("good", "Z"), shirt("same", "G") // the SKU of good
	fs := []catalog.ProductFields{sku, tag, shirt("good", "G"), values, category, twice, same}
	want := "sku failed, tag failed, good created, values failed, category failed, good failed, same failed"
	codes := []string{"catalog.sku_taken", "request.invalid", "", "request.invalid", "catalog.category_not_found", "catalog.slug_taken", "catalog.sku_taken"}
	for _, dry := range []bool{true, false} {
		out := s.put(dry, want, fs...)
		for i, r := range out.Results {
			if code := codes[i]; code == "" != (r.Error == nil) || r.Error != nil && r.Error.Code != code {
				t.Errorf("dry %v: %s: %v, want %q", dry, r.Slug, r.Error, code)
			}
		}
		if got, want := string(out.Results[0].Error.Meta), fmt.Sprintf(`{"sku":"T","variant_id":%q}`, taken.Variants[0].ID); got != want {
			t.Errorf("meta = %s, want %s", got, want)
		}
	}
	s.events("product_created good")
	_, err := s.PutProducts(t.Context(), catalog.PutProductsInput{})
	s.wantErr(err, fault.ErrInvalid, "")
}

// A SKU that a product gives up is free for those after it in the call.
func TestPutPassesSKUsOn(t *testing.T) {
	s := setup(t)
	s.put(false, "a created, b created", shirt("a", "1", "2"), shirt("b", "3"))
	s.put(true, "b failed, a updated", shirt("b", "2"), shirt("a", "2", "9"))
	s.put(false, "a updated, b updated", shirt("a", "2", "9"), shirt("b", "1"))
	s.put(false, "a unchanged, b unchanged", shirt("a", "2", "9"), shirt("b", "1"))
}

// When the unit of all fails, each product has its own.
func TestPutOneByOne(t *testing.T) {
	s := setup(t)
	s.store.refuse = "bad"
	out := s.put(false, "a created, bad failed, c created", shirt("a", "A"), shirt("bad", "B"), shirt("c", "C"))
	if out.Results[1].Error.Code != fault.ErrInternal.Code || strings.Contains(out.Results[1].Error.Error(), "disk") {
		t.Errorf("error = %v, want no more than an internal one", out.Results[1].Error)
	}
	if !strings.Contains(s.log.String(), "disk full") {
		t.Errorf("log = %q, want the cause", s.log.String())
	}
	if _, err := s.Product(t.Context(), catalog.ProductInput{ID: "c"}); err != nil {
		t.Error(err)
	}
}

func TestPutKeepsStatusAndPublication(t *testing.T) {
	s := setup(t)
	before := noon.Add(-time.Hour)
	f := shirt("a", "A")
	f.PublishedAt = &before
	s.create(f)
	f.Status, f.PublishedAt, f.Published = "", nil, new(true)
	s.put(false, "a unchanged", f)
	f.Published = new(false)
	s.put(false, "a updated", f)
}
