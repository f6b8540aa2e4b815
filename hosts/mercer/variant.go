package main

import (
	"context"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// variant returns the variant that a command line names: by id, by SKU, or as
// slug/value/value with a value for each option of the product. A product with
// one variant may be named by its slug and a slash.
func (s *shop) variant(ctx context.Context, ref string) (catalog.VariantOf, error) {
	in := catalog.VariantsInput{SKUs: []string{ref}}
	if strings.HasPrefix(ref, "var_") {
		in = catalog.VariantsInput{IDs: []string{ref}}
	}
	out, err := s.Catalog.Variants(ctx, in)
	switch {
	case err != nil:
		return catalog.VariantOf{}, err
	case len(out.Items) == 1:
		return out.Items[0], nil
	}
	slug, values, ok := strings.Cut(ref, "/")
	if !ok {
		return catalog.VariantOf{}, catalog.ErrVariantNotFound.Saying("there is no variant with the id or SKU " + ref)
	}
	return s.variantOf(ctx, slug, values)
}

func (s *shop) variantOf(ctx context.Context, slug, values string) (catalog.VariantOf, error) {
	p, err := s.Catalog.Product(ctx, catalog.ProductInput{ID: slug})
	if err != nil {
		return catalog.VariantOf{}, err
	}
	want := strings.Split(values, "/")
	if values == "" {
		want = []string{}
	}
	for _, v := range p.Variants {
		// A value may have a slash of its own.
		if slices.Equal(v.Values, want) || strings.Join(v.Values, "/") == values {
			return catalog.VariantOf{Variant: v, ProductID: p.ID, Slug: p.Slug, ProductTitle: p.Title}, nil
		}
	}
	var all []string
	for _, v := range p.Variants {
		all = append(all, p.Slug+"/"+strings.Join(v.Values, "/"))
	}
	return catalog.VariantOf{}, catalog.ErrVariantNotFound.Saying("there is no variant " + slug + "/" + values + "; there is: " + strings.Join(all, ", "))
}

// named is how people know a variant: by its SKU, or else by slug and values.
func named(v catalog.VariantOf) string {
	if v.SKU != "" {
		return v.SKU
	}
	return v.Slug + "/" + strings.Join(v.Values, "/")
}
