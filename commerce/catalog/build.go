package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// build returns the product that f describes, which is settled. Where old, if
// not nil, has a variant with the same values or a picture with the same
// address, its id stays; everything new gets one of newID. Version and
// UpdatedAt are those of a change at now.
func build(f ProductFields, old *Product, now time.Time, newID func(prefix string) string) Product {
	p := Product{
		Slug: f.Slug, Title: f.Title, DescriptionHTML: f.DescriptionHTML, Status: cmp.Or(f.Status, StatusDraft),
		Vendor: f.Vendor, Type: f.Type, Tags: f.Tags, PublishedAt: published(f, old, now), ExternalID: f.ExternalID, SEO: f.SEO,
		CategoryIDs: f.CategoryIDs, Attributes: f.Attributes, Metadata: f.Metadata,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	was := Product{}
	if old != nil {
		was = *old
		p.ID, p.Version, p.CreatedAt = old.ID, old.Version+1, old.CreatedAt
	} else {
		p.ID = newID("prod")
	}
	p.Options = buildOptions(f)
	p.Variants = buildVariants(f.Variants, was.Variants, newID)
	p.Media = buildMedia(f.Media, was.Media, p.Variants, newID)
	return p
}

func published(f ProductFields, old *Product, now time.Time) *time.Time {
	switch {
	case f.Published == nil:
		return f.PublishedAt
	case !*f.Published:
		return nil
	case f.PublishedAt != nil:
		return f.PublishedAt
	case old != nil && old.PublishedAt != nil:
		return old.PublishedAt
	default:
		return &now
	}
}

func buildOptions(f ProductFields) []Option {
	options := make([]Option, len(f.Options))
	for i, name := range f.Options {
		values := make([]string, len(f.Variants))
		for j, v := range f.Variants {
			values[j] = v.Values[i]
		}
		options[i] = Option{Name: name, Values: firsts(values)}
	}
	return options
}

func buildVariants(fs []VariantFields, old []Variant, newID func(prefix string) string) []Variant {
	ids := map[string]string{}
	for _, v := range old {
		ids[Combo(v.Values)] = v.ID
	}
	vs := make([]Variant, len(fs))
	for i, f := range fs {
		id, ok := ids[Combo(f.Values)]
		if !ok {
			id = newID("var")
		}
		vs[i] = Variant{ID: id, SKU: f.SKU, Title: strings.Join(f.Values, " / "), Values: append([]string{}, f.Values...), Position: i + 1,
			Barcode: f.Barcode, WeightG: f.WeightG, RequiresShipping: f.RequiresShipping, Taxable: f.Taxable,
			TaxCategory: f.TaxCategory, Metadata: f.Metadata}
	}
	return vs
}

func buildMedia(fs []MediaFields, old []Media, vs []Variant, newID func(prefix string) string) []Media {
	known := map[string]Media{}
	for _, m := range old {
		known[m.URL] = m
	}
	ids := map[string]string{}
	for _, v := range vs {
		ids[Combo(v.Values)] = v.ID
	}
	ms := make([]Media, len(fs))
	for i, f := range fs {
		m, ok := known[f.URL]
		if !ok {
			m = Media{ID: newID("med"), Type: "image", URL: f.URL}
		}
		m.Alt, m.VariantIDs = f.Alt, []string{}
		for _, values := range f.Variants {
			if id := ids[Combo(values)]; !slices.Contains(m.VariantIDs, id) {
				m.VariantIDs = append(m.VariantIDs, id)
			}
		}
		ms[i] = m
	}
	return ms
}
