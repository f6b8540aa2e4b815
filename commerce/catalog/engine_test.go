package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// spy notes the events that are recorded, and refuses to write a slug.
type spy struct {
	memstore.Catalog
	seen   []event.Envelope
	refuse string
	edits  int
	blind  bool // sees no SKU once, as if a rival came after the look
}

func (s *spy) SKUs(ctx context.Context, skus []string) (map[string]string, error) {
	if s.blind {
		s.blind = false
		return map[string]string{}, nil
	}
	return s.Catalog.SKUs(ctx, skus)
}

func (s *spy) Record(ctx context.Context, evs ...event.Envelope) error {
	s.seen = append(s.seen, evs...)
	return s.Catalog.Record(ctx, evs...)
}

func (s *spy) Edit(ctx context.Context, edits []catalog.Edit) error {
	s.edits++
	for _, ed := range edits {
		if ed.New != nil && ed.New.Slug == s.refuse {
			return errors.New("disk full")
		}
	}
	return s.Catalog.Edit(ctx, edits)
}

type shop struct {
	*catalog.Engine
	t     *testing.T
	store *spy
	ids   int
	log   strings.Builder
}

func setup(t *testing.T) *shop {
	s := &shop{t: t, store: &spy{Catalog: memstore.Catalog{DB: memstore.New()}}}
	s.Engine = catalog.New(s.store, safehtml.New(), &catalog.Options{
		Log: slog.New(slog.NewTextHandler(&s.log, nil)), Now: func() time.Time { return noon },
		ID: func(prefix string) string { s.ids++; return fmt.Sprintf("%s_%04d", prefix, s.ids) },
	})
	return s
}

// events checks which events were recorded since the last call.
func (s *shop) events(want ...string) {
	s.t.Helper()
	var got []string
	for _, e := range s.store.seen {
		p, err := catalog.ProductCreated.Decode(event.Envelope{Name: catalog.ProductCreated.Name, Data: e.Data})
		if err != nil {
			s.t.Fatal(err)
		}
		line := strings.TrimPrefix(e.Name, "catalog.") + " " + p.Slug
		if p.Deleted {
			line += " deleted"
		}
		got = append(got, line)
	}
	s.store.seen = nil
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("events = %v, want %v", got, want)
	}
}

func (s *shop) wantErr(err, want error, meta string) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("err = %v, want %v", err, want)
		return
	}
	if e, ok := errors.AsType[*fault.Error](err); meta != "" && (!ok || string(e.Meta) != meta) {
		s.t.Errorf("meta = %s, want %s", e.Meta, meta)
	}
}

// shirt returns a visible product in two sizes.
func shirt(slug string, skus ...string) catalog.ProductFields {
	f := catalog.ProductFields{Slug: slug, Title: "Shirt " + slug, Status: catalog.StatusActive, PublishedAt: &noon, Options: []string{"Size"}}
	for i, sku := range skus {
		f.Variants = append(f.Variants, catalog.VariantFields{SKU: sku, Values: []string{string("SMLX"[i])}})
	}
	return f
}

func (s *shop) create(f catalog.ProductFields) catalog.Product {
	s.t.Helper()
	p, err := s.CreateProduct(s.t.Context(), catalog.CreateProductInput{ProductFields: f})
	if err != nil {
		s.t.Fatal(err)
	}
	s.store.seen = nil
	return p
}

func guest(ctx context.Context) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Guest})
}

func TestCreateProduct(t *testing.T) {
	s := setup(t)
	f := shirt("one", "A", "B")
	f.DescriptionHTML = `<p onclick="x">Fine<script>alert(1)</script></p>`
	p, err := s.CreateProduct(t.Context(), catalog.CreateProductInput{ProductFields: f})
	if err != nil || p.ID == "" || p.Version != 1 || len(p.Variants) != 2 || p.Variants[1].Title != "M" || p.DescriptionHTML != "<p>Fine</p>" {
		t.Fatalf("got %+v, %v", p, err)
	}
	s.events("product_created one")
	if got, err := s.Product(t.Context(), catalog.ProductInput{ID: "one"}); err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("got %+v, %v; want %+v", got, err, p)
	}
	if n, err := s.Generation(t.Context(), op.Nothing{}); err != nil || n.N != 1 {
		t.Errorf("generation = %d, %v; want 1", n.N, err)
	}
	try := func(f catalog.ProductFields) error {
		_, err := s.CreateProduct(t.Context(), catalog.CreateProductInput{ProductFields: f})
		return err
	}
	s.wantErr(try(shirt("one", "C")), catalog.ErrSlugTaken, "")
	s.wantErr(try(shirt("two", "C", "B")), catalog.ErrSKUTaken, fmt.Sprintf(`{"sku":"B","variant_id":%q}`, p.Variants[1].ID))
	f = shirt("three", "D")
	f.CategoryIDs = []string{"cat_none"}
	s.wantErr(try(f), catalog.ErrCategoryNotFound, `{"id":"cat_none"}`)
	f = shirt("four", "D")
	f.Variants[0].Values = []string{"S\u200b"}
	s.wantErr(try(f), fault.ErrInvalid, "")
	s.events()
}

// Who loses a SKU between the look and the write is told the same as who saw it.
func TestRivalTakesSKU(t *testing.T) {
	s := setup(t)
	first := s.create(shirt("one", "A"))
	meta := fmt.Sprintf(`{"sku":"A","variant_id":%q}`, first.Variants[0].ID)
	s.store.blind = true
	_, err := s.CreateProduct(t.Context(), catalog.CreateProductInput{ProductFields: shirt("two", "B", "A")})
	s.wantErr(err, catalog.ErrSKUTaken, meta)
	s.store.blind = true
	out := s.put(false, "two failed, three created", shirt("two", "A"), shirt("three", "C"))
	s.wantErr(out.Results[0].Error, catalog.ErrSKUTaken, meta)
}

func TestUpdateProduct(t *testing.T) {
	s := setup(t)
	p := s.create(shirt("one", "A", "B"))
	other := s.create(shirt("two", "C"))
	try := func(in catalog.UpdateProductInput) (catalog.Product, error) {
		in.ID = p.ID
		return s.UpdateProduct(t.Context(), in)
	}
	q, err := try(catalog.UpdateProductInput{Title: op.Some("New"), Version: 1})
	if err != nil || q.Title != "New" || q.Version != 2 || q.Variants[0].ID != p.Variants[0].ID {
		t.Fatalf("got %+v, %v", q, err)
	}
	s.events("product_updated one")
	if q, err = try(catalog.UpdateProductInput{Title: op.Some("New")}); err != nil || q.Version != 2 {
		t.Errorf("nothing to change: version %d, %v; want 2", q.Version, err)
	}
	s.events()
	_, err = try(catalog.UpdateProductInput{Title: op.Some("Newer"), Version: 1})
	s.wantErr(err, catalog.ErrProductStale, `{"version":2}`)
	_, err = try(catalog.UpdateProductInput{Slug: op.Some("two")})
	s.wantErr(err, catalog.ErrSlugTaken, "")
	_, err = try(catalog.UpdateProductInput{Title: op.Maybe[string]{Set: true, Null: true}})
	s.wantErr(err, fault.ErrInvalid, "")
	_, err = s.UpdateProduct(t.Context(), catalog.UpdateProductInput{ID: "one", Title: op.Some("x")}) // a slug
	s.wantErr(err, catalog.ErrProductNotFound, "")
	vs := []catalog.VariantFields{{SKU: "B", Values: []string{"S"}}, {SKU: "C", Values: []string{"M"}}}
	_, err = try(catalog.UpdateProductInput{Variants: op.Some(vs)})
	s.wantErr(err, catalog.ErrSKUTaken, fmt.Sprintf(`{"sku":"C","variant_id":%q}`, other.Variants[0].ID))
	vs[1] = catalog.VariantFields{SKU: "A", Values: []string{"M"}}
	q, err = try(catalog.UpdateProductInput{Variants: op.Some(vs), PublishedAt: op.Maybe[time.Time]{Set: true, Null: true}})
	if err != nil || q.Variants[0].ID != p.Variants[0].ID || q.Variants[0].SKU != "B" || q.Variants[1].SKU != "A" || q.PublishedAt != nil {
		t.Errorf("SKUs change places: %+v, %v", q, err)
	}
	s.events("product_updated one")
	if _, err = try(catalog.UpdateProductInput{Status: op.Some(catalog.StatusArchived)}); err != nil {
		t.Error(err)
	}
	s.events("product_archived one")
}

func TestUpdateKeepsPicturesOfVariants(t *testing.T) {
	s := setup(t)
	f := shirt("one", "A", "B")
	f.Media = []catalog.MediaFields{{URL: "https://x/1", Variants: [][]string{{"S"}, {"M"}}}}
	p := s.create(f)
	q, err := s.UpdateProduct(t.Context(), catalog.UpdateProductInput{ID: p.ID, Variants: op.Some(f.Variants[1:])})
	if err != nil || len(q.Media[0].VariantIDs) != 1 || q.Media[0].VariantIDs[0] != p.Variants[1].ID || q.Media[0].ID != p.Media[0].ID {
		t.Errorf("media = %+v, %v; want only the variant that is left", q.Media, err)
	}
}

func TestDeleteProduct(t *testing.T) {
	s := setup(t)
	p := s.create(shirt("one", "A"))
	for _, id := range []string{"one", "none"} {
		_, err := s.DeleteProduct(t.Context(), catalog.IDInput{ID: id})
		s.wantErr(err, catalog.ErrProductNotFound, "")
	}
	if _, err := s.DeleteProduct(t.Context(), catalog.IDInput{ID: p.ID}); err != nil {
		t.Fatal(err)
	}
	s.events("product_archived one deleted")
	s.create(shirt("one", "A"))
}

func TestShoppersSeeWhatIsVisible(t *testing.T) {
	s := setup(t)
	later := noon.Add(time.Second)
	draft, soon := shirt("draft", "D"), shirt("soon", "N")
	draft.Status, soon.PublishedAt = catalog.StatusDraft, &later
	shown, hidden := s.create(shirt("shown", "A", "B")), []catalog.Product{s.create(draft), s.create(soon)}
	reader := ident.With(t.Context(), ident.Actor{Kind: ident.Staff, Scopes: []string{"catalog:read"}})
	for _, p := range hidden {
		for _, kind := range []ident.Kind{ident.Guest, ident.Customer, ident.Staff} {
			_, err := s.Product(ident.With(t.Context(), ident.Actor{Kind: kind}), catalog.ProductInput{ID: p.ID})
			s.wantErr(err, catalog.ErrProductNotFound, "")
		}
		if _, err := s.Product(reader, catalog.ProductInput{ID: p.Slug}); err != nil {
			t.Errorf("%s for staff: %v", p.Slug, err)
		}
	}
	if _, err := s.Product(guest(t.Context()), catalog.ProductInput{ID: shown.ID}); err != nil {
		t.Error(err)
	}
	in := catalog.VariantsInput{SKUs: []string{"A", "D", "N", "none", ""}, IDs: []string{shown.Variants[0].ID, hidden[0].Variants[0].ID}}
	if out, err := s.Variants(guest(t.Context()), in); err != nil || len(out.Items) != 1 || !out.Items[0].Visible || out.Items[0].Options["Size"] != "S" {
		t.Errorf("guest: %+v, %v; want the one of shown", out, err)
	}
	out, err := s.Variants(t.Context(), in)
	if err != nil || len(out.Items) != 3 {
		t.Errorf("shop: %+v, %v; want three", out, err)
	}
	for _, v := range out.Items {
		if v.Visible != (v.Slug == "shown") {
			t.Errorf("%s: visible = %v", v.Slug, v.Visible)
		}
	}
}

func TestVariantsShowTheirPicture(t *testing.T) {
	s := setup(t)
	f := shirt("one", "A", "B")
	f.Media = []catalog.MediaFields{{URL: "https://x/all"}, {URL: "https://x/m", Variants: [][]string{{"M"}}}}
	s.create(f)
	out, err := s.Variants(t.Context(), catalog.VariantsInput{SKUs: []string{"A", "B"}})
	if err != nil || len(out.Items) != 2 || out.Items[0].ImageURL != "https://x/all" || out.Items[1].ImageURL != "https://x/m" {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestProducts(t *testing.T) {
	s := setup(t)
	for i := range 5 {
		s.create(shirt(fmt.Sprint("p", i), fmt.Sprint("sku", i)))
	}
	var got []string
	for p, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[catalog.Product], error) {
		return s.Products(ctx, catalog.ProductsInput{Query: page.Query{Limit: 2, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.Slug)
	}
	if fmt.Sprint(got) != "[p0 p1 p2 p3 p4]" {
		t.Errorf("got %v", got)
	}
	_, err := s.Products(t.Context(), catalog.ProductsInput{Query: page.Query{Cursor: "!"}})
	s.wantErr(err, page.ErrCursor, "")
}

// Every operation refuses who may not, through the registered handlers.
func TestPermissions(t *testing.T) {
	s := setup(t)
	staff := func(scope string) ident.Actor {
		return ident.Actor{Kind: ident.Staff, Scopes: []string{scope}}
	}
	inputs := map[string]any{
		catalog.OpProducts.Name: &catalog.ProductsInput{}, catalog.OpCreateProduct.Name: &catalog.CreateProductInput{}, catalog.OpUpdateProduct.Name: &catalog.UpdateProductInput{},
		catalog.OpDeleteProduct.Name: &catalog.IDInput{}, catalog.OpPutProducts.Name: &catalog.PutProductsInput{}, catalog.OpCreateCategory.Name: &catalog.CreateCategoryInput{},
		catalog.OpUpdateCategory.Name: &catalog.UpdateCategoryInput{}, catalog.OpDeleteCategory.Name: &catalog.IDInput{}, catalog.OpPutCategories.Name: &catalog.PutCategoriesInput{},
		catalog.OpPutListing.Name: &catalog.PutListingInput{},
	}
	open := 0
	catalog.Register(op.RegistrarFunc(func(h op.Handler) {
		in, guarded := inputs[h.Name]
		if !guarded {
			if open++; h.Access != op.Anyone {
				t.Errorf("%s has access %s and no case here", h.Name, h.Access)
			}
			return
		}
		for actor, want := range map[string]error{"guest": fault.ErrUnauthenticated, "customer": fault.ErrDenied, "staff": fault.ErrDenied, "scope": nil} {
			who := map[string]ident.Actor{"guest": {Kind: ident.Guest}, "customer": {Kind: ident.Customer, ID: "cus_1"}, "staff": staff("orders:write"), "scope": staff(h.Access.Scope())}[actor]
			if actor == "scope" && h.Access == op.Inside {
				want = fault.ErrDenied
			}
			_, err := h.Call(ident.With(t.Context(), who), in)
			if refused := errors.Is(err, fault.ErrDenied) || errors.Is(err, fault.ErrUnauthenticated); refused != (want != nil) || want != nil && !errors.Is(err, want) {
				t.Errorf("%s as %s: %v, want %v", h.Name, actor, err, want)
			}
		}
	}), s.Engine)
	if open != 6 {
		t.Errorf("%d operations are open to anyone, want 6", open)
	}
}
