package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func TestSearch(t *testing.T) {
	s := setup(t)
	cat, err := s.CreateCategory(t.Context(), catalog.CreateCategoryInput{Slug: "tops", Name: "Tops"})
	if err != nil {
		t.Fatal(err)
	}
	row := func(id, title string, price int64) catalog.Listed {
		return catalog.Listed{ProductID: id, Market: "eu", MinAmount: &price, MaxAmount: &price, InStock: true, PublishedAt: noon, Title: title,
			Words: "vendor " + id, CategoryIDs: []string{cat.ID}, Tags: []string{"new ", "new"}, Options: map[string][]string{"Size": {"S", "S "}}, Card: json.RawMessage(`{"id":"` + id + `"}`)}
	}
	in := catalog.PutListingInput{ProductIDs: []string{"p1", "p2", "p3"}, Rows: []catalog.Listed{row("p1", "Crème Shirt", 300), row("p2", "Blue 100% Shirt", 100), row("p3", "Hat", 200), row("p4", "Not named", 1)}}
	if _, err := s.PutListing(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		in   catalog.Filters
		want string
	}{
		"all":              {catalog.Filters{}, "p3 p2 p1"},
		"cheap first":      {catalog.Filters{Sort: "price"}, "p2 p3 p1"},
		"dear first":       {catalog.Filters{Sort: "-price"}, "p1 p3 p2"},
		"by title":         {catalog.Filters{Sort: "title"}, "p2 p1 p3"},
		"without accents":  {catalog.Filters{Q: "CREME sh"}, "p1"},
		"apart":            {catalog.Filters{Q: "cre\u0300me"}, "p1"},
		"vendor":           {catalog.Filters{Q: "vend p3"}, "p3"},
		"percent":          {catalog.Filters{Q: "100%"}, "p2"},
		"only percent":     {catalog.Filters{Q: "%"}, ""},
		"only underscore":  {catalog.Filters{Q: "_"}, ""},
		"only spaces":      {catalog.Filters{Q: "  "}, "p3 p2 p1"},
		"injection":        {catalog.Filters{Q: `') OR 1=1 --`}, ""},
		"category by slug": {catalog.Filters{Category: "tops"}, "p3 p2 p1"},
		"category by id":   {catalog.Filters{Category: cat.ID, PriceLTE: new(int64(250))}, "p3 p2"},
		"no such category": {catalog.Filters{Category: "none"}, ""},
		"tag":              {catalog.Filters{Tag: "new"}, "p3 p2 p1"},
		"no such tag":      {catalog.Filters{Tag: "old"}, ""},
		"option":           {catalog.Filters{Options: map[string][]string{"Size": {"M", "S"}}}, "p3 p2 p1"},
		"no such option":   {catalog.Filters{Options: map[string][]string{"size": {"S"}}}, ""},
	} {
		c.in.Count, c.in.Limit = "exact", 2
		var got []string
		for raw, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[json.RawMessage], error) {
			c.in.Cursor = cursor
			out, err := s.Search(guest(ctx), catalog.SearchInput{Market: "eu", Filters: c.in})
			if err == nil && int(*out.Total) != len(strings.Fields(c.want)) {
				t.Errorf("%s: total = %d", what, *out.Total)
			}
			return out.Page, err
		}) {
			if err != nil {
				t.Fatal(err)
			}
			var card struct{ ID string }
			if err := json.Unmarshal(raw, &card); err != nil {
				t.Fatal(err)
			}
			got = append(got, card.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: found %v, want %s", what, got, c.want)
		}
	}
	out, err := s.Search(t.Context(), catalog.SearchInput{Market: "eu", Filters: catalog.Filters{Facets: true, Query: page.Query{Limit: 1}}})
	want := &catalog.Facets{Tags: []catalog.Count{{Value: "new", Count: 3}}, Categories: []catalog.Count{{Value: cat.ID, Count: 3}}, Options: map[string][]catalog.Count{"Size": {{Value: "S", Count: 3}}}}
	if err != nil || !reflect.DeepEqual(out.Facets, want) {
		t.Errorf("facets = %+v, %v; want %+v", out.Facets, err, want)
	}
	_, err = s.Search(t.Context(), catalog.SearchInput{Market: "eu", Filters: catalog.Filters{Sort: "title", Query: page.Query{Cursor: *out.NextCursor}}})
	s.wantErr(err, page.ErrCursor, "")
	if out, err := s.Search(t.Context(), catalog.SearchInput{Market: "us"}); err != nil || len(out.Items) != 0 {
		t.Errorf("another market: %v, %v", out.Items, err)
	}
	if n, err := s.Generation(t.Context(), op.Nothing{}); err != nil || n.N != 2 {
		t.Errorf("generation = %d, %v; want 2", n.N, err)
	}
}

// What shoppers write is not always what the shop has.
func TestSearchForgives(t *testing.T) {
	s := setup(t)
	titles := []string{"Wool Sweater", "Cheese Knife", "T-Shirt", "Tshirt", "Shirt", "Phone 8", "Phone 88", "Shoe", "Red Sole", "Red Hat"}
	var in catalog.PutListingInput
	for i, title := range titles {
		id := fmt.Sprint("p", i)
		in.ProductIDs = append(in.ProductIDs, id)
		in.Rows = append(in.Rows, catalog.Listed{ProductID: id, Market: "eu", PublishedAt: noon, Title: title, Card: json.RawMessage(`"` + title + `"`)})
	}
	if _, err := s.PutListing(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string]string{
		"swaeter": "Wool Sweater", "sweter": "Wool Sweater", "swweater wool": "Wool Sweater", "sweatre": "Wool Sweater", "chesse": "Cheese Knife",
		"sewaetr": "", "swaet": "", "swaeter knife": "",
		"tshirt": "T-Shirt|Tshirt", "t-shirt": "T-Shirt|Tshirt", "T shirt": "T-Shirt", "t-shrit": "T-Shirt", "tshrit": "T-Shirt|Tshirt", "wool-sweater": "Wool Sweater",
		"phone 8": "Phone 8", "phone 9": "Phone 8|Phone 88", "phone 88": "Phone 88", "phone p": "Phone 8|Phone 88", "p": "Phone 8|Phone 88", "pone": "Phone 8|Phone 88",
		"8 p": "Phone 8", "x y": "", "hta": "", "shoes": "Shoe", "sohe": "Red Sole|Shoe", "sho": "Shoe", "shoe": "Shoe", "soe": "", "rede": "Red Hat|Red Sole", "red": "Red Hat|Red Sole",
	} {
		out, err := s.Search(guest(t.Context()), catalog.SearchInput{Market: "eu", Filters: catalog.Filters{Q: q, Sort: "title", Count: "exact"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, raw := range out.Items {
			got = append(got, strings.Trim(string(raw), `"`))
		}
		slices.Sort(got)
		if strings.Join(got, "|") != want || int(*out.Total) != len(got) {
			t.Errorf("%s: found %q of %d, want %s", q, got, *out.Total, want)
		}
	}
}

func TestCategories(t *testing.T) {
	s := setup(t)
	add := func(slug, parent string) catalog.Category {
		t.Helper()
		c, err := s.CreateCategory(t.Context(), catalog.CreateCategoryInput{Slug: slug, Name: strings.ToUpper(slug), ParentID: parent})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a := add("a", "")
	b, other := add("b", a.ID), add("other", "")
	c := add("c", b.ID)
	s.events()
	update := func(in catalog.UpdateCategoryInput) error { _, err := s.UpdateCategory(t.Context(), in); return err }
	s.wantErr(update(catalog.UpdateCategoryInput{ID: a.ID, ParentID: op.Some(c.ID)}), catalog.ErrCategoryCycle, "")
	s.wantErr(update(catalog.UpdateCategoryInput{ID: "none", Name: op.Some("x")}), catalog.ErrCategoryNotFound, "")
	s.wantErr(update(catalog.UpdateCategoryInput{ID: b.ID, ParentID: op.Some("none")}), catalog.ErrCategoryNotFound, `{"id":"none"}`)
	s.wantErr(update(catalog.UpdateCategoryInput{ID: b.ID, Slug: op.Some("a")}), catalog.ErrSlugTaken, "")
	s.wantErr(update(catalog.UpdateCategoryInput{ID: b.ID, Name: op.Maybe[string]{Set: true, Null: true}}), fault.ErrInvalid, "")
	_, err := s.DeleteCategory(t.Context(), catalog.IDInput{ID: b.ID})
	s.wantErr(err, catalog.ErrCategoryNotEmpty, "")
	s.events()
	if err := update(catalog.UpdateCategoryInput{ID: b.ID, ParentID: op.Some(other.ID), Name: op.Some("X")}); err != nil {
		t.Fatal(err)
	}
	s.events("category_changed b")
	got, err := s.Category(t.Context(), catalog.CategoryInput{ID: "c"})
	if err != nil || fmt.Sprint(got.Path) != "[OTHER X C]" || got.Version != 2 {
		t.Errorf("got %+v, %v; want the new path", got, err)
	}
	if err := update(catalog.UpdateCategoryInput{ID: b.ID, ParentID: op.Maybe[string]{Set: true, Null: true}}); err != nil {
		t.Fatal(err)
	}
	s.events("category_changed b")
	if _, err := s.DeleteCategory(t.Context(), catalog.IDInput{ID: c.ID}); err != nil {
		t.Fatal(err)
	}
	s.events("category_changed c deleted")
	_, err = s.DeleteCategory(t.Context(), catalog.IDInput{ID: c.ID})
	s.wantErr(err, catalog.ErrCategoryNotFound, "")
	all, err := s.Categories(guest(t.Context()), op.Nothing{})
	if err != nil || len(all.Items) != 3 || all.Items[1].Slug != "other" {
		t.Errorf("all = %+v, %v", all, err)
	}
}

func TestPutCategories(t *testing.T) {
	s := setup(t)
	in := catalog.PutCategoriesInput{Categories: []catalog.CategoryFields{{Slug: "b", Name: "B", ParentSlug: "a"}, {Slug: "a", Name: "A"}, {Slug: "!", Name: "bad"}}}
	for _, want := range []string{"created", "unchanged"} {
		out, err := s.PutCategories(t.Context(), in)
		if err != nil || out.Results[0].Outcome != want || out.Results[1].Outcome != want || out.Results[2].Outcome != "failed" || out.Results[0].ID == "" {
			t.Fatalf("got %+v, %v; want %s", out, err, want)
		}
	}
	if n, err := s.Generation(t.Context(), op.Nothing{}); err != nil || n.N != 1 {
		t.Errorf("generation = %d, %v; want 1", n.N, err)
	}
}
