package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// title returns the values as the catalog names a variant, "S / Red".
func title(values []string) string { return strings.Join(values, " / ") }

// tell counts it and lists what it has changed.
func (r *run) tell(it *item) {
	rep := &r.report
	rep.Products++
	rep.Variants += len(it.rec.Variants)
	rep.AddFaults(it.faults...)
	rep.AddWarnings(it.warnings...)
	rep.AddWarnings(r.oversold(it)...)
	if it.result == nil {
		rep.Failed++
		rep.VariantsFailed += len(it.rec.Variants)
		return
	}
	changes, touched, removed := it.productChanges()
	changes = append(changes, it.changes...)
	updated := len(changes) > 0 || it.result.Outcome == catalog.OutcomeUpdated
	for i, g := range it.goods {
		switch {
		case g.failed:
			rep.VariantsFailed++
		case g.created:
			rep.VariantsCreated++
		case g.changed || touched[i]:
			rep.VariantsUpdated++
			updated = true
		default:
			rep.VariantsUnchanged++
		}
	}
	if it.keeps {
		rep.VariantsUnchanged += len(it.rec.Variants)
	}
	rep.VariantsRemoved += removed
	switch {
	case it.failed():
		rep.Failed++
	case it.result.Outcome == catalog.OutcomeCreated:
		rep.Created++
	case updated:
		rep.Updated++
	default:
		rep.Unchanged++
	}
	if it.result.Outcome != catalog.OutcomeCreated {
		rep.AddChanges(changes...)
	}
}

// oversold returns warnings about quantities below zero, which no shelf holds.
func (r *run) oversold(it *item) (out []Fault) {
	for i, v := range it.rec.Variants {
		if r.opts.Stock != StockSkip && v.Quantity != nil && *v.Quantity < 0 {
			out = append(out, it.about(colQuantity, i, v.value(colQuantity), "a quantity below zero counts as 0"))
		}
	}
	return out
}

var fieldWords = map[string]string{
	"description_html": "body", "seo/title": "SEO title", "seo/description": "SEO description",
	"weight_g": "grams", "requires_shipping": "requires shipping", "tax_category": "tax code",
}

// productChanges returns what the catalog has changed of the product, as people
// name it, the variants that it is about, and how many it has removed.
func (it *item) productChanges() (out []Change, touched map[int]bool, removed int) {
	touched = map[int]bool{}
	if it.old == nil || it.result.Outcome != catalog.OutcomeUpdated {
		return nil, touched, 0
	}
	add := func(variant, what, from, to string) {
		out = append(out, Change{Handle: it.rec.Handle, Variant: variant, What: what, From: from, To: to})
	}
	labels := it.labels()
	for _, c := range it.result.Changes {
		label, what, ofVariant := cutLabel(c.Field, labels)
		switch {
		case ofVariant && what == "metadata":
			i := labels[label]
			touched[i] = true
			if g := it.goods[i]; g.old != nil {
				it.columnChanges(add, title(g.old.Values), g.old.Metadata, it.fields.Variants[i].Metadata)
			}
		case ofVariant && what == "position":
			if it.reordered() {
				touched[labels[label]] = true
				add(title(it.rec.Variants[labels[label]].Options), what, c.From, c.To)
			}
		case ofVariant:
			touched[labels[label]] = true
			add(title(it.rec.Variants[labels[label]].Options), word(what), c.From, c.To)
		case strings.HasPrefix(c.Field, "variants/"):
			name, verb := cutLast(strings.TrimPrefix(c.Field, "variants/"), " ")
			if verb == "removed" {
				removed++
			}
			add(strings.TrimPrefix(name, "default"), verb, c.From, c.To)
		case c.Field == "metadata":
			it.columnChanges(add, "", it.old.Metadata, it.fields.Metadata)
		case c.Field == "published_at":
			add("", "published", fmt.Sprint(c.From != ""), fmt.Sprint(c.To != ""))
		case c.Field == "media" || strings.HasPrefix(c.Field, "media/"): // below, in full
		default:
			add("", word(c.Field), c.From, c.To)
		}
	}
	it.imageChanges(add, touched)
	return out, touched, removed
}

func word(field string) string {
	if w, ok := fieldWords[field]; ok {
		return w
	}
	return field
}

func cutLast(s, sep string) (before, after string) {
	i := strings.LastIndex(s, sep)
	return s[:max(i, 0)], s[i+1:]
}

// labels returns the place in the record of each variant, by what the catalog
// calls it in changes.
func (it *item) labels() map[string]int {
	out := map[string]int{}
	for i := range it.goods {
		label := "variants/default"
		if t := title(it.rec.Variants[i].Options); t != "" {
			label = "variants/" + t
		}
		out[label] = i
	}
	return out
}

// cutLabel takes a field like "variants/S / Red/sku" apart.
func cutLabel(field string, labels map[string]int) (label, what string, ok bool) {
	label, what = cutLast(field, "/")
	_, ok = labels[label]
	return label, what, ok
}

// reordered reports whether variants that were there before have changed places
// among themselves. That others before them are gone moves them too, and is
// told already.
func (it *item) reordered() bool {
	place := map[string]int{}
	for i, v := range it.old.Variants {
		place[catalog.Combo(v.Values)] = i
	}
	last := -1
	for _, v := range it.fields.Variants {
		i, known := place[catalog.Combo(v.Values)]
		if !known {
			continue
		}
		if i < last {
			return true
		}
		last = i
	}
	return false
}

// columnChanges tells what has changed of the columns that metadata keeps.
func (it *item) columnChanges(add func(variant, what, from, to string), variant string, from, to []byte) {
	a, b := kept[string](from, keyColumns), kept[string](to, keyColumns)
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			add(variant, name, a[name], b[name])
		}
	}
	if string(keep(from, keyColumns, b)) != string(keep(to, keyColumns, b)) {
		add(variant, "columns of images", "", "")
	}
}

// imageChanges tells which pictures have gone, come or changed.
func (it *item) imageChanges(add func(variant, what, from, to string), touched map[int]bool) {
	var gone, came []string
	for _, m := range it.old.Media {
		if picture(it.fields.Media, m.URL) < 0 {
			gone = append(gone, m.URL)
		}
	}
	alts := map[string]string{}
	var stay, order []string
	for _, m := range it.old.Media {
		alts[m.URL] = m.Alt
		if picture(it.fields.Media, m.URL) >= 0 {
			stay = append(stay, m.URL)
		}
	}
	for _, m := range it.fields.Media {
		alt, known := alts[m.URL]
		if !known {
			came = append(came, m.URL)
			continue
		}
		order = append(order, m.URL)
		if alt != m.Alt {
			add("", "image alt text", alt, m.Alt)
		}
	}
	for i := range max(len(gone), len(came)) {
		add("", "image", nth(gone, i), nth(came, i))
	}
	if !slices.Equal(stay, order) {
		add("", "order of images", strings.Join(stay, " "), strings.Join(order, " "))
	}
	it.shownChanges(add, touched)
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// shownChanges tells which variants show another picture than before.
func (it *item) shownChanges(add func(variant, what, from, to string), touched map[int]bool) {
	for i, g := range it.goods {
		if g.old == nil {
			continue
		}
		from, to := nth(shownBy(*it.old, g.old.Values), 0), ""
		for _, m := range it.fields.Media {
			if slices.ContainsFunc(m.Variants, func(values []string) bool { return slices.Equal(values, g.old.Values) }) {
				to = m.URL
				break
			}
		}
		if from != to {
			touched[i] = true
			add(title(g.old.Values), "image", from, to)
		}
	}
}
