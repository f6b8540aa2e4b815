package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// diff returns what makes b another product than a, nothing when a caller could
// have written either to get the other. Long texts are cut.
func diff(a, b Product) []Change {
	d := changes{}
	d.text("slug", a.Slug, b.Slug)
	d.text("title", a.Title, b.Title)
	d.text("description_html", a.DescriptionHTML, b.DescriptionHTML)
	d.text("status", string(a.Status), string(b.Status))
	d.text("vendor", a.Vendor, b.Vendor)
	d.text("type", a.Type, b.Type)
	d.list("tags", a.Tags, b.Tags)
	d.text("published_at", stamp(a.PublishedAt), stamp(b.PublishedAt))
	d.text("external_id", a.ExternalID, b.ExternalID)
	d.text("seo/title", a.SEO.Title, b.SEO.Title)
	d.text("seo/description", a.SEO.Description, b.SEO.Description)
	d.list("category_ids", a.CategoryIDs, b.CategoryIDs)
	d.list("options", optionNames(a), optionNames(b))
	d.media(a, b)
	d.attributes(a.Attributes, b.Attributes)
	d.text("metadata", string(a.Metadata), string(b.Metadata))
	d.variants(a.Variants, b.Variants)
	return d
}

type changes []Change

// text notes a change from one text to another.
func (d *changes) text(field, from, to string) {
	if from != to {
		*d = append(*d, Change{Field: field, From: short(from), To: short(to)})
	}
}

// list notes a change from one list to another, also if they read the same.
func (d *changes) list(field string, from, to []string) {
	if !slices.Equal(from, to) {
		*d = append(*d, Change{Field: field, From: short(strings.Join(from, ", ")), To: short(strings.Join(to, ", "))})
	}
}

func (d *changes) attributes(from, to map[string]string) {
	all := maps.Clone(from)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, to)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		was, had := from[k]
		is, has := to[k]
		if was != is || had != has {
			*d = append(*d, Change{Field: "attributes/" + k, From: short(was), To: short(is)})
		}
	}
}

// media compares the pictures by address, and what else is said of those that
// both have.
func (d *changes) media(a, b Product) {
	d.list("media", urls(a.Media), urls(b.Media))
	known := map[string]Media{}
	for _, m := range a.Media {
		known[m.URL] = m
	}
	for i, m := range b.Media {
		was, ok := known[m.URL]
		if !ok {
			continue
		}
		field := "media/" + strconv.Itoa(i)
		d.text(field+"/alt", was.Alt, m.Alt)
		d.list(field+"/variants", combos(a, was.VariantIDs), combos(b, m.VariantIDs))
	}
}

func (d *changes) variants(from, to []Variant) {
	old := map[string]Variant{}
	for _, v := range from {
		old[Combo(v.Values)] = v
	}
	for _, v := range to {
		combo, label := Combo(v.Values), label(v)
		was, ok := old[combo]
		delete(old, combo)
		if !ok {
			*d = append(*d, Change{Field: label + " added", To: v.SKU})
			continue
		}
		d.variant(label, was, v)
	}
	for _, v := range from {
		if _, gone := old[Combo(v.Values)]; gone {
			*d = append(*d, Change{Field: label(v) + " removed", From: v.SKU})
		}
	}
}

func (d *changes) variant(label string, a, b Variant) {
	d.text(label+"/sku", a.SKU, b.SKU)
	d.text(label+"/position", strconv.Itoa(a.Position), strconv.Itoa(b.Position))
	d.text(label+"/barcode", a.Barcode, b.Barcode)
	d.text(label+"/weight_g", strconv.FormatInt(a.WeightG, 10), strconv.FormatInt(b.WeightG, 10))
	d.text(label+"/requires_shipping", strconv.FormatBool(a.RequiresShipping), strconv.FormatBool(b.RequiresShipping))
	d.text(label+"/taxable", strconv.FormatBool(a.Taxable), strconv.FormatBool(b.Taxable))
	d.text(label+"/tax_category", a.TaxCategory, b.TaxCategory)
	d.text(label+"/metadata", string(a.Metadata), string(b.Metadata))
}

// label names a variant in changes: "variants/S / Red", "variants/default" for
// the one of a product without options.
func label(v Variant) string {
	if v.Title == "" {
		return "variants/default"
	}
	return "variants/" + v.Title
}

func optionNames(p Product) (names []string) {
	for _, o := range p.Options {
		names = append(names, o.Name)
	}
	return names
}

func urls(ms []Media) (out []string) {
	for _, m := range ms {
		out = append(out, m.URL)
	}
	return out
}

// combos returns the identities of the variants with these ids, which, unlike
// titles, cannot be mistaken for one another.
func combos(p Product, ids []string) (out []string) {
	for _, v := range p.Variants {
		if slices.Contains(ids, v.ID) {
			out = append(out, Combo(v.Values))
		}
	}
	return out
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// short cuts s to what a table can show.
func short(s string) string {
	const most = 200
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
