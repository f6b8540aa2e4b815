package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// maxKey is how many code points of a value filters look at.
const maxKey = 255

// PutListing replaces what lists know of the named products; a product without
// rows is in no list any more. Rows of other products are left out.
func (e *Engine) PutListing(ctx context.Context, in PutListingInput) (op.Nothing, error) {
	if err := OpPutListing.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	ids := slices.Compact(slices.Sorted(slices.Values(in.ProductIDs)))
	entries := entriesOf(in.Rows, set(ids))
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		if err := e.store.Lock(ctx, "listing"); err != nil {
			return op.Nothing{}, err
		}
		if err := e.store.PutListing(ctx, ids, entries); err != nil {
			return op.Nothing{}, err
		}
		return op.Nothing{}, e.store.Bump(ctx)
	})
}

// entriesOf returns the entries of the rows whose product is in ids, one for
// each product and market: the last one counts.
func entriesOf(rows []Listed, ids map[string]bool) []Entry {
	type place struct{ product, market string }
	last := map[place]Entry{}
	for _, l := range rows {
		if ids[l.ProductID] {
			last[place{l.ProductID, l.Market}] = l.entry()
		}
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Market, b.Market), cmp.Compare(a.ProductID, b.ProductID))
	})
}

func (l Listed) entry() Entry {
	e := Entry{
		ProductID: l.ProductID, Market: l.Market, Published: l.PublishedAt.UTC(), MinAmount: l.MinAmount, MaxAmount: l.MaxAmount,
		InStock: l.InStock, TitleKey: titleKey(l.Title), Words: entryWords(l.Title, l.Words), Card: l.Card,
	}
	if len(e.Card) == 0 {
		e.Card = []byte("null")
	}
	var keys []Key
	for _, t := range l.Tags {
		keys = append(keys, key(KeyTag, "", t))
	}
	for _, id := range l.CategoryIDs {
		keys = append(keys, key(KeyCategory, "", id))
	}
	for name, values := range l.Options {
		for _, v := range values {
			keys = append(keys, key(KeyOption, name, v))
		}
	}
	slices.SortFunc(keys, compareKeys)
	e.Keys = slices.Compact(keys)
	return e
}

// key returns a key that databases which ignore spaces at the end tell from
// others just as well.
func key(kind KeyKind, name, value string) Key {
	tidy := func(s string) string { return strings.TrimSpace(cut(strings.TrimSpace(s), maxKey)) }
	return Key{Kind: kind, Name: tidy(name), Value: tidy(value)}
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}
