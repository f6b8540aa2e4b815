package importer

import (
	"maps"
	"slices"
	"strconv"
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
	n := news{it: it, touched: map[int]bool{}}
	n.read()
	n.changes = append(n.changes, it.changes...)
	rep.VariantsRemoved += n.removed
	updated := rep.countVariants(it, n.touched) || len(n.changes) > 0 || it.result.Outcome == catalog.OutcomeUpdated
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
	rep.AddChanges(n.changes...)
}

// countVariants counts the variants of it and reports whether one of those that
// were there has changed.
func (r *Report) countVariants(it *item, touched map[int]bool) (updated bool) {
	for i, g := range it.goods {
		switch {
		case g.failed:
			r.VariantsFailed++
		case g.created:
			r.VariantsCreated++
		case g.changed || touched[i]:
			r.VariantsUpdated++
			updated = true
		default:
			r.VariantsUnchanged++
		}
	}
	if it.keeps {
		r.VariantsUnchanged += len(it.rec.Variants)
	}
	return updated
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

// news is what the catalog has changed of a product, as people name it.
type news struct {
	it      *item
	changes []Change
	touched map[int]bool // the variants that it is about
	removed int          // variants
}

func (n *news) add(variant, what, from, to string) {
	n.changes = append(n.changes, Change{Handle: n.it.rec.Handle, Variant: variant, What: what, From: from, To: to})
}

func (n *news) read() {
	it := n.it
	if it.old == nil || it.result.Outcome != catalog.OutcomeUpdated {
		return
	}
	labels := it.labels()
	for _, c := range it.result.Changes {
		label, what := cutLast(c.Field, "/")
		if i, ok := labels[label]; ok {
			n.variant(i, what, c)
			continue
		}
		n.product(c)
	}
	n.images()
}

// variant reads a change of the i-th variant.
func (n *news) variant(i int, what string, c catalog.Change) {
	if what == "position" && !n.it.reordered() {
		return
	}
	n.touched[i] = true
	name := title(n.it.rec.Variants[i].Options)
	if g := n.it.goods[i]; what == "metadata" && g.old != nil {
		n.columns(name, g.old.Metadata, n.it.fields.Variants[i].Metadata)
		return
	}
	n.add(name, word(what), c.From, c.To)
}

// product reads a change of the product, or of which variants it has.
func (n *news) product(c catalog.Change) {
	it := n.it
	switch {
	case strings.HasPrefix(c.Field, "variants/"):
		name, verb := cutLast(strings.TrimPrefix(c.Field, "variants/"), " ")
		if verb == "removed" {
			n.removed++
		}
		if len(it.old.Options) == 0 && verb == "removed" || len(it.fields.Options) == 0 && verb == "added" {
			name = ""
		}
		n.add(name, verb, c.From, c.To)
	case c.Field == "metadata":
		n.columns("", it.old.Metadata, it.fields.Metadata)
	case c.Field == "published_at":
		n.add("", "published", strconv.FormatBool(c.From != ""), strconv.FormatBool(c.To != ""))
	case c.Field == "media" || strings.HasPrefix(c.Field, "media/"): // see images
	default:
		n.add("", word(c.Field), c.From, c.To)
	}
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

// columns tells what has changed of the columns that metadata keeps.
func (n *news) columns(variant string, from, to []byte) {
	a, b := kept[string](from, keyColumns), kept[string](to, keyColumns)
	all := merged(a, b, func(string) bool { return false })
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			n.add(variant, name, a[name], b[name])
		}
	}
	if string(keep(from, keyColumns, b)) != string(keep(to, keyColumns, b)) {
		n.add(variant, "columns of images", "", "")
	}
}

// images tells which pictures have gone, come or changed.
func (n *news) images() {
	var gone, came, stayed, order []string
	alts := map[string]string{}
	for _, m := range n.it.old.Media {
		alts[m.URL] = m.Alt
		if picture(n.it.fields.Media, m.URL) >= 0 {
			stayed = append(stayed, m.URL)
		} else {
			gone = append(gone, m.URL)
		}
	}
	for _, m := range n.it.fields.Media {
		alt, known := alts[m.URL]
		switch {
		case !known:
			came = append(came, m.URL)
			continue
		case alt != m.Alt:
			n.add("", "image alt text", alt, m.Alt)
		}
		order = append(order, m.URL)
	}
	for i := range max(len(gone), len(came)) {
		n.add("", "image", nth(gone, i), nth(came, i))
	}
	if !slices.Equal(stayed, order) {
		n.add("", "order of images", strings.Join(stayed, " "), strings.Join(order, " "))
	}
	n.shown()
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// shown tells which variants show another picture than before.
func (n *news) shown() {
	for i, g := range n.it.goods {
		if g.old == nil {
			continue
		}
		from, to := nth(shownBy(*n.it.old, g.old.Values), 0), ""
		for _, m := range n.it.fields.Media {
			if slices.ContainsFunc(m.Variants, func(values []string) bool { return slices.Equal(values, g.old.Values) }) {
				to = m.URL
				break
			}
		}
		if from != to {
			n.touched[i] = true
			n.add(title(g.old.Values), "image", from, to)
		}
	}
}
