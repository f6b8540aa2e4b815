package contracttest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

var catalogCases = []trial{
	{"catalog.product", func(w *world) {
		p := w.product()
		for _, id := range []string{p.ID, p.Slug} {
			if same := got(w.Catalog.Product(w.Context(), catalog.ProductInput{ID: id}))(w); same.ID != p.ID {
				w.Errorf("product %s is %s, want %s", id, same.ID, p.ID)
			}
		}
		w.fails(catalog.ErrProductNotFound)(w.Catalog.Product(w.Context(), catalog.ProductInput{ID: nobody}))
	}},
	{"catalog.products", func(w *world) {
		p := w.product()
		all := got(w.Catalog.Products(w.Context(), catalog.ProductsInput{IDs: []string{p.ID}}))(w)
		if len(all.Items) != 1 || all.Items[0].Slug != p.Slug {
			w.Errorf("products %+v, want the one that was asked for", all.Items)
		}
	}},
	{"catalog.create_product", func(w *world) {
		p := w.product()
		for want, change := range map[*fault.Error]func(*catalog.ProductFields){
			catalog.ErrSlugTaken:        func(f *catalog.ProductFields) { f.Slug = p.Slug },
			catalog.ErrSKUTaken:         func(f *catalog.ProductFields) { f.Variants[0].SKU = p.Variants[0].SKU },
			catalog.ErrCategoryNotFound: func(f *catalog.ProductFields) { f.CategoryIDs = []string{nobody} },
		} {
			f := w.fields()
			change(&f)
			w.fails(want)(w.Catalog.CreateProduct(w.Context(), catalog.CreateProductInput{ProductFields: f}))
		}
	}},
	{"catalog.update_product", func(w *world) {
		p, other := w.product(), w.product()
		sku := []catalog.VariantFields{{SKU: other.Variants[0].SKU}}
		for want, in := range map[*fault.Error]catalog.UpdateProductInput{
			catalog.ErrProductNotFound:  {ID: nobody, Title: op.Some("Other")},
			catalog.ErrSlugTaken:        {ID: p.ID, Slug: op.Some(other.Slug)},
			catalog.ErrSKUTaken:         {ID: p.ID, Variants: op.Some(sku)},
			catalog.ErrProductStale:     {ID: p.ID, Version: p.Version + 7, Title: op.Some("Other")},
			catalog.ErrCategoryNotFound: {ID: p.ID, CategoryIDs: op.Some([]string{nobody})},
		} {
			w.fails(want)(w.Catalog.UpdateProduct(w.Context(), in))
		}
		in := catalog.UpdateProductInput{ID: p.ID, Version: p.Version, Title: op.Some("Other")}
		if now := got(w.Catalog.UpdateProduct(w.Context(), in))(w); now.Title != "Other" || now.Slug != p.Slug {
			w.Errorf("product is %s, %s, want another title alone", now.Title, now.Slug)
		}
	}},
	{"catalog.delete_product", func(w *world) {
		p := w.product()
		w.ok(w.Catalog.DeleteProduct(w.Context(), catalog.IDInput{ID: p.ID}))
		w.fails(catalog.ErrProductNotFound)(w.Catalog.DeleteProduct(w.Context(), catalog.IDInput{ID: p.ID}))
	}},
	{"catalog.put_products", func(w *world) {
		good, bad := w.fields(), w.fields()
		bad.CategoryIDs = []string{nobody}
		out := got(w.Catalog.PutProducts(w.Context(), catalog.PutProductsInput{Products: []catalog.ProductFields{good, bad}}))(w)
		if len(out.Results) != 2 || out.Results[0].Outcome != "created" || out.Results[1].Error == nil {
			w.Errorf("results %+v, want one made and one refused", out.Results)
		}
	}},
	{"catalog.variants", func(w *world) {
		p := w.product()
		in := catalog.VariantsInput{IDs: []string{nobody, p.Variants[0].ID}, SKUs: []string{p.Variants[0].SKU}}
		if out := got(w.Catalog.Variants(w.Context(), in))(w); len(out.Items) != 1 || out.Items[0].ProductID != p.ID {
			w.Errorf("variants %+v, want the one of %s", out.Items, p.ID)
		}
	}},
	{"catalog.generation", func(w *world) {
		before := got(w.Catalog.Generation(w.Context(), op.Nothing{}))(w)
		w.product()
		if after := got(w.Catalog.Generation(w.Context(), op.Nothing{}))(w); after.N <= before.N {
			w.Errorf("generation %d after %d, want more", after.N, before.N)
		}
	}},
	{"catalog.put_listing and catalog.search", func(w *world) {
		id, tag, market := "prod_"+w.name(), w.name(), w.name()
		row := catalog.Listed{ProductID: id, Market: market, PublishedAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Title: "Contract", Words: "contract",
			Tags: []string{tag}, Card: json.RawMessage(`{"id":"` + id + `"}`)}
		w.ok(w.Catalog.PutListing(w.inside(), catalog.PutListingInput{ProductIDs: []string{id}, Rows: []catalog.Listed{row}}))
		find := catalog.SearchInput{Market: market, Filters: catalog.Filters{Tag: tag}}
		if out := got(w.Catalog.Search(w.Context(), find))(w); len(out.Items) != 1 || string(out.Items[0]) != string(row.Card) {
			w.Errorf("found %s, want %s", out.Items, row.Card)
		}
		w.ok(w.Catalog.PutListing(w.inside(), catalog.PutListingInput{ProductIDs: []string{id}}))
		if out := got(w.Catalog.Search(w.Context(), find))(w); len(out.Items) != 0 {
			w.Errorf("found %s, want nothing any more", out.Items)
		}
	}},
	{"catalog.categories", func(w *world) {
		c := w.category("")
		all := got(w.Catalog.Categories(w.Context(), op.Nothing{}))(w)
		if !slices.ContainsFunc(all.Items, func(o catalog.Category) bool { return o.ID == c.ID }) {
			w.Errorf("%s is not among %d categories", c.ID, len(all.Items))
		}
	}},
	{"catalog.category", func(w *world) {
		c := w.category("")
		w.ok(w.Catalog.Category(w.Context(), catalog.CategoryInput{ID: c.Slug}))
		w.fails(catalog.ErrCategoryNotFound)(w.Catalog.Category(w.Context(), catalog.CategoryInput{ID: nobody}))
	}},
	{"catalog.create_category", func(w *world) {
		deep := w.chain()
		for want, in := range map[*fault.Error]catalog.CreateCategoryInput{
			catalog.ErrSlugTaken:        {Slug: deep[0].Slug, Name: "Contract"},
			catalog.ErrCategoryNotFound: {ParentID: nobody, Slug: w.name(), Name: "Contract"},
			catalog.ErrCategoryTooDeep:  {ParentID: deep[len(deep)-1].ID, Slug: w.name(), Name: "Contract"},
		} {
			w.fails(want)(w.Catalog.CreateCategory(w.Context(), in))
		}
	}},
	{"catalog.update_category", func(w *world) {
		deep, c := w.chain(), w.category("")
		for want, in := range map[*fault.Error]catalog.UpdateCategoryInput{
			catalog.ErrCategoryNotFound: {ID: nobody, Name: op.Some("Other")},
			catalog.ErrSlugTaken:        {ID: c.ID, Slug: op.Some(deep[0].Slug)},
			catalog.ErrCategoryCycle:    {ID: deep[0].ID, ParentID: op.Some(deep[1].ID)},
			catalog.ErrCategoryTooDeep:  {ID: c.ID, ParentID: op.Some(deep[len(deep)-1].ID)},
		} {
			w.fails(want)(w.Catalog.UpdateCategory(w.Context(), in))
		}
		w.fails(catalog.ErrCategoryNotFound)(w.Catalog.UpdateCategory(w.Context(), catalog.UpdateCategoryInput{ID: c.ID, ParentID: op.Some(nobody)}))
		in := catalog.UpdateCategoryInput{ID: c.ID, ParentID: op.Some(deep[0].ID)}
		if now := got(w.Catalog.UpdateCategory(w.Context(), in))(w); now.ParentID != deep[0].ID {
			w.Errorf("parent %s, want %s", now.ParentID, deep[0].ID)
		}
	}},
	{"catalog.delete_category", func(w *world) {
		parent := w.category("")
		child := w.category(parent.ID)
		w.fails(catalog.ErrCategoryNotEmpty)(w.Catalog.DeleteCategory(w.Context(), catalog.IDInput{ID: parent.ID}))
		w.ok(w.Catalog.DeleteCategory(w.Context(), catalog.IDInput{ID: child.ID}))
		w.fails(catalog.ErrCategoryNotFound)(w.Catalog.DeleteCategory(w.Context(), catalog.IDInput{ID: child.ID}))
	}},
	{"catalog.put_categories", func(w *world) {
		in := catalog.PutCategoriesInput{Categories: []catalog.CategoryFields{{Slug: w.name(), Name: "Contract"}, {ParentSlug: nobody, Slug: w.name(), Name: "Contract"}}}
		out := got(w.Catalog.PutCategories(w.Context(), in))(w)
		if len(out.Results) != 2 || out.Results[0].Outcome != "created" || out.Results[1].Error == nil {
			w.Errorf("results %+v, want one made and one refused", out.Results)
		}
	}},
}

// chain makes categories one below the other, as deep as they may stand.
func (w *world) chain() []catalog.Category {
	const deepest = 20
	in := catalog.PutCategoriesInput{}
	above := ""
	for range deepest {
		slug := w.name()
		in.Categories = append(in.Categories, catalog.CategoryFields{ParentSlug: above, Slug: slug, Name: "Contract"})
		above = slug
	}
	out := make([]catalog.Category, deepest)
	for i, r := range got(w.Catalog.PutCategories(w.Context(), in))(w).Results {
		if r.Error != nil {
			w.Fatal(r.Error)
		}
		out[i] = catalog.Category{ID: r.ID, Slug: r.Slug}
	}
	return out
}
