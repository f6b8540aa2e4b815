package catalog

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/op"
)

// settle returns f with its defaults filled in and its lists in order, or
// fault.ErrInvalid with everything wrong that tags cannot tell.
func settle(f ProductFields) (ProductFields, error) {
	var bad faults
	bad.plain(at("slug"), f.Slug)
	f.Tags = tidyTags(f.Tags)
	f.CategoryIDs = firsts(f.CategoryIDs)
	f.Attributes = maps.Clone(f.Attributes)
	if f.Attributes == nil {
		f.Attributes = map[string]string{}
	}
	if f.PublishedAt != nil {
		f.PublishedAt = new(f.PublishedAt.UTC().Truncate(time.Microsecond))
	}
	f.Metadata = bad.object(at("metadata"), f.Metadata)
	f.Options = settleOptions(f.Options, &bad)
	f.Variants = settleVariants(f.Options, f.Variants, &bad)
	f.Media = settleMedia(f.Media, f.Variants, &bad)
	return f, bad.err()
}

func settleOptions(names []string, bad *faults) []string {
	names = slices.Clone(names)
	seen := map[string]bool{}
	for i, name := range names {
		bad.plain(at("options", i), name)
		if seen[name] {
			bad.add(codeDouble, at("options", i), "is the name of another option")
		}
		seen[name] = true
	}
	return names
}

func settleVariants(options []string, vs []VariantFields, bad *faults) []VariantFields {
	vs = slices.Clone(vs)
	combos, skus := map[string]bool{}, map[string]bool{}
	for i := range vs {
		v := &vs[i]
		v.SKU = strings.TrimSpace(v.SKU)
		v.TaxCategory = cmp.Or(v.TaxCategory, "standard")
		v.Metadata = bad.object(at("variants", i, "metadata"), v.Metadata)
		bad.plain(at("variants", i, "sku"), v.SKU)
		for j, value := range v.Values {
			bad.plain(at("variants", i, "values", j), value)
		}
		combo := Combo(v.Values)
		switch {
		case len(v.Values) != len(options):
			bad.add(codeValues, at("variants", i, "values"), "has not one value for each option")
		case combos[combo] && len(options) == 0:
			bad.add(codeOneOnly, at("variants", i), "is a second variant of a product without options")
		case combos[combo]:
			bad.add(codeDouble, at("variants", i, "values"), "has the values of another variant")
		}
		combos[combo] = true
		if v.SKU != "" && skus[v.SKU] {
			bad.add(codeDouble, at("variants", i, "sku"), "is the SKU of another variant")
		}
		skus[v.SKU] = true
	}
	return vs
}

// settleMedia joins pictures with the same address: the first one counts, with
// the variants of all.
func settleMedia(ms []MediaFields, vs []VariantFields, bad *faults) []MediaFields {
	known := map[string]bool{}
	for _, v := range vs {
		known[Combo(v.Values)] = true
	}
	var out []MediaFields
	index := map[string]int{}
	for i, m := range ms {
		k, ok := index[m.URL]
		if !ok {
			k = len(out)
			index[m.URL] = k
			out = append(out, MediaFields{URL: m.URL, Alt: m.Alt})
		}
		for j, values := range m.Variants {
			if !known[Combo(values)] {
				bad.add(codeNoValues, at("media", i, "variants", j), "are the values of no variant")
				continue
			}
			out[k].Variants = append(out[k].Variants, values)
		}
	}
	return out
}

// Combo returns the text that two lists of option values share only if they are
// equal: the identity of a variant in its product.
func Combo(values []string) string {
	if len(values) == 0 {
		return "[]"
	}
	data, _ := json.Marshal(values) // strings always encode
	return string(data)
}

// tidyTags returns tags trimmed and sorted, without empty and double ones.
func tidyTags(tags []string) []string {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// firsts returns list without doubles, in order of first appearance.
func firsts(list []string) []string {
	out := make([]string, 0, len(list))
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// fields returns what a caller would have to write to get p.
func (p Product) fields() ProductFields {
	f := ProductFields{
		Slug: p.Slug, Title: p.Title, DescriptionHTML: p.DescriptionHTML, Status: p.Status, Vendor: p.Vendor, Type: p.Type,
		Tags: p.Tags, PublishedAt: p.PublishedAt, ExternalID: p.ExternalID, SEO: p.SEO, CategoryIDs: p.CategoryIDs,
		Attributes: p.Attributes, Metadata: p.Metadata,
	}
	for _, o := range p.Options {
		f.Options = append(f.Options, o.Name)
	}
	values := map[string][]string{}
	for _, v := range p.Variants {
		values[v.ID] = v.Values
		f.Variants = append(f.Variants, VariantFields{SKU: v.SKU, Values: v.Values, Barcode: v.Barcode, WeightG: v.WeightG,
			RequiresShipping: v.RequiresShipping, Taxable: v.Taxable, TaxCategory: v.TaxCategory, Metadata: v.Metadata})
	}
	for _, m := range p.Media {
		mf := MediaFields{URL: m.URL, Alt: m.Alt}
		for _, id := range m.VariantIDs {
			mf.Variants = append(mf.Variants, values[id])
		}
		f.Media = append(f.Media, mf)
	}
	return f
}

// over returns f with the fields that in has.
func (in UpdateProductInput) over(f ProductFields) ProductFields {
	f.Slug, f.Title = in.Slug.Or(f.Slug), in.Title.Or(f.Title)
	f.DescriptionHTML, f.Status = in.DescriptionHTML.Or(f.DescriptionHTML), in.Status.Or(f.Status)
	f.Vendor, f.Type, f.Tags = in.Vendor.Or(f.Vendor), in.Type.Or(f.Type), in.Tags.Or(f.Tags)
	f.ExternalID, f.SEO, f.CategoryIDs = in.ExternalID.Or(f.ExternalID), in.SEO.Or(f.SEO), in.CategoryIDs.Or(f.CategoryIDs)
	f.Options, f.Media = in.Options.Or(f.Options), in.Media.Or(f.Media)
	f.Attributes, f.Metadata = in.Attributes.Or(f.Attributes), in.Metadata.Or(f.Metadata)
	f.Variants = in.Variants.Or(f.Variants)
	f.PublishedAt = orTime(in.PublishedAt, f.PublishedAt)
	if in.Variants.Set && !in.Media.Set {
		f.Media = keepLinks(f.Media, f.Variants)
	}
	return f
}

func orTime(m op.Maybe[time.Time], old *time.Time) *time.Time {
	switch {
	case !m.Set:
		return old
	case m.Null:
		return nil
	default:
		return &m.Value
	}
}

// keepLinks drops from ms the links to variants that are not in vs.
func keepLinks(ms []MediaFields, vs []VariantFields) []MediaFields {
	known := map[string]bool{}
	for _, v := range vs {
		known[Combo(v.Values)] = true
	}
	ms = slices.Clone(ms)
	for i := range ms {
		ms[i].Variants = slices.DeleteFunc(slices.Clone(ms[i].Variants), func(values []string) bool { return !known[Combo(values)] })
	}
	return ms
}
