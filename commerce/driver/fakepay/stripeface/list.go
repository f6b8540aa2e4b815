package stripeface

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// page returns the objects that a list asks for, those made last first.
func page(c *call, url string, all []object) (object, *problem) {
	limit, ok, e := c.form.number("limit")
	if !ok {
		limit = 10
	}
	if e == nil && (limit < 1 || limit > 100) {
		e = invalid("parameter_invalid_integer", "limit", "This value must be between 1 and 100.")
	}
	if e != nil {
		return nil, e
	}
	kept := []object{}
	for _, o := range slices.Backward(all) {
		ok, e := within(o["created"].(int64), c.form)
		if e != nil {
			return nil, e
		}
		if ok {
			kept = append(kept, o)
		}
	}
	if after := c.form.text("starting_after"); after != "" {
		i := slices.IndexFunc(kept, func(o object) bool { return o["id"] == after })
		if i < 0 {
			return nil, missing("object", "starting_after", after)
		}
		kept = kept[i+1:]
	}
	more := int64(len(kept)) > limit
	if before := c.form.text("ending_before"); before != "" {
		i := slices.IndexFunc(kept, func(o object) bool { return o["id"] == before })
		if i < 0 {
			return nil, missing("object", "ending_before", before)
		}
		from := max(0, i-int(limit))
		kept, more = kept[from:i], from > 0
	}
	return object{"object": "list", "url": url, "has_more": more, "data": kept[:min(int64(len(kept)), limit)]}, nil
}

// within reports whether something was made when created says.
func within(at int64, f form) (bool, *problem) {
	if f.text("created") != "" {
		n, _, e := f.number("created")
		return at == n, e
	}
	for name := range f.sub("created") {
		n, _, e := f.sub("created").number(name)
		if e != nil {
			return false, e
		}
		if name == "gt" && at <= n || name == "gte" && at < n || name == "lt" && at >= n || name == "lte" && at > n {
			return false, nil
		}
	}
	return true, nil
}

// shownOf shows those of all that a list asks for.
func shownOf[T any](all []T, keep func(T) bool, show func(T) object) []object {
	out := []object{}
	for _, one := range all {
		if keep(one) {
			out = append(out, show(one))
		}
	}
	return out
}

func is(want, got string) bool { return want == "" || want == got }

func (b *Bank) listIntents(c *call) (object, *problem) {
	return page(c, "/v1/payment_intents", shownOf(b.intents, func(*intent) bool { return true }, b.showIntent))
}

func (b *Bank) listRefunds(c *call) (object, *problem) {
	return page(c, "/v1/refunds", shownOf(b.refunds, func(r *refund) bool {
		return is(c.form.text("payment_intent"), r.intent.id) && is(c.form.text("charge"), r.charge.id)
	}, b.showRefund))
}

func (b *Bank) listCharges(c *call) (object, *problem) {
	return page(c, "/v1/charges", shownOf(b.charges, func(ch *charge) bool { return is(c.form.text("payment_intent"), ch.intent.id) }, b.showCharge))
}

func (b *Bank) listDisputes(c *call) (object, *problem) {
	return page(c, "/v1/disputes", shownOf(b.disputes, func(d *dispute) bool {
		return is(c.form.text("payment_intent"), d.charge.intent.id) && is(c.form.text("charge"), d.charge.id)
	}, b.showDispute))
}

func (b *Bank) listBalance(c *call) (object, *problem) {
	return page(c, "/v1/balance_transactions", shownOf(b.balance, func(t *transaction) bool {
		return is(c.form.text("source"), t.source) && is(c.form.text("type"), t.kind) && is(c.form.text("currency"), t.currency)
	}, b.showTransaction))
}

func (b *Bank) listEvents(c *call) (object, *problem) {
	const kept = 30 * 24 * time.Hour
	types := c.form.list("types")
	return page(c, "/v1/events", shownOf(b.log, func(e *event) bool {
		return e.created > c.now-int64(kept/time.Second) && is(c.form.text("type"), e.kind) && (len(types) == 0 || slices.Contains(types, e.kind)) &&
			(c.form.text("delivery_success") == "" || (c.form.text("delivery_success") == "true") == e.told)
	}, b.showEvent))
}

// indexed is how long it takes until a search finds something.
const indexed = time.Minute

var metadataIs = regexp.MustCompile(`^metadata\[['"]([^'"]+)['"]\]\s*:\s*['"](.*)['"]$`)

func (b *Bank) search(c *call) (object, *problem) {
	m := metadataIs.FindStringSubmatch(strings.TrimSpace(c.form.text("query")))
	if m == nil {
		return nil, invalid("", "query", "We were unable to parse your search query.")
	}
	found := shownOf(b.intents, func(in *intent) bool {
		return in.metadata[m[1]] == strings.ReplaceAll(m[2], `\`, "") && in.created <= c.now-int64(indexed/time.Second)
	}, b.showIntent)
	slices.Reverse(found)
	return object{"object": "search_result", "url": "/v1/payment_intents/search", "has_more": false, "next_page": nil, "data": found}, nil
}

// expand puts whole objects in the place of their ids.
func (b *Bank) expand(o object, f form) *problem {
	for _, path := range f.list("expand") {
		parts := strings.Split(path, ".")
		if len(parts) > 4 {
			return invalid("", "", "You cannot expand more than 4 levels of a property. Property: %s", path)
		}
		if !b.expandPath(o, parts) {
			return invalid("", "", "This property cannot be expanded (%s).", path)
		}
	}
	return nil
}

func (b *Bank) expandPath(o object, path []string) bool {
	if list, ok := o[path[0]].([]object); ok {
		for _, one := range list {
			if len(path) > 1 && !b.expandPath(one, path[1:]) {
				return false
			}
		}
		return len(path) > 1
	}
	value, there := o[path[0]]
	if id, ok := value.(string); ok {
		whole := b.whole(id)
		if whole == nil {
			return false
		}
		o[path[0]] = whole
		value = whole
	}
	whole, ok := value.(object)
	if !ok {
		return there && value == nil
	}
	return len(path) == 1 || b.expandPath(whole, path[1:])
}

// whole returns the object with an id, nil when there is none.
func (b *Bank) whole(id string) object {
	prefix, _, _ := strings.Cut(id, "_")
	get, ok := map[string]func(*call) (object, *problem){"pi": b.getIntent, "ch": b.getCharge, "re": b.getRefund, "dp": b.getDispute, "txn": b.getBalance}[prefix]
	if !ok {
		return nil
	}
	o, _ := get(&call{id: id})
	return o
}
