package catalog_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
)

// The catalog alone: products are put by slug, and put again without a change.
func Example() {
	ctx := context.Background()
	e := catalog.New(memstore.Catalog{DB: memstore.New()}, safehtml.New(), nil)
	mug := catalog.ProductFields{
		Slug: "mug", Title: "Mug", Status: catalog.StatusActive, Published: new(true), Options: []string{"Color"},
		DescriptionHTML: `<p>Holds tea.</p><script>steal()</script>`,
		Variants:        []catalog.VariantFields{{SKU: "MUG-R", Values: []string{"Red"}}, {SKU: "MUG-B", Values: []string{"Blue"}}},
	}
	for range 2 {
		out, err := e.PutProducts(ctx, catalog.PutProductsInput{Products: []catalog.ProductFields{mug}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Results[0].Outcome)
	}
	variants, err := e.Variants(ctx, catalog.VariantsInput{SKUs: []string{"MUG-B"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	v := variants.Items[0]
	fmt.Println(v.ProductTitle, v.Options["Color"], v.Visible)
	// Output:
	// created
	// unchanged
	// Mug Blue true
}
