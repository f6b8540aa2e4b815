package memstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Search implements catalog.Store.
func (c Catalog) Search(ctx context.Context, f catalog.Find) ([]catalog.Found, error) {
	entries, err := c.matching(ctx, f)
	if err != nil {
		return nil, err
	}
	var out []catalog.Found
	for _, e := range entries {
		found := catalog.Found{Card: e.Card, Position: catalog.Position{Sort: f.Sort, ProductID: e.ProductID,
			Hits: titleHits(e, f.Terms), Published: e.Published.UnixMicro(), Price: e.MinAmount, TitleKey: e.TitleKey}}
		if f.After == nil || comparePositions(found.Position, *f.After) > 0 {
			out = append(out, found)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Found) int { return comparePositions(a.Position, b.Position) })
	return out[:min(len(out), f.Limit)], nil
}

// Words implements catalog.Store.
func (c Catalog) Words(ctx context.Context, market string, prefixes, reduced []string) (begun map[string]int, near []string, err error) {
	entries, err := c.listings().all(ctx, func(_ string, e catalog.Entry) bool { return e.Market == market })
	prefixes = slices.Compact(slices.Sorted(slices.Values(prefixes)))
	begun, has := map[string]int{}, map[string]bool{}
	for _, e := range entries {
		for _, w := range e.Words {
			has[w.Text] = true
			for _, p := range prefixes {
				if strings.HasPrefix(w.Text, p) && begun[p] < catalog.ManyWords {
					begun[p]++
				}
			}
		}
	}
	for w := range has {
		if slices.ContainsFunc(catalog.Reductions(w), func(r string) bool { return slices.Contains(reduced, r) }) {
			near = append(near, w)
		}
	}
	return begun, near, err
}

// Count implements catalog.Store.
func (c Catalog) Count(ctx context.Context, f catalog.Find) (int64, error) {
	entries, err := c.matching(ctx, f)
	return int64(len(entries)), err
}

// Facets implements catalog.Store.
func (c Catalog) Facets(ctx context.Context, f catalog.Find) ([]catalog.KeyCount, error) {
	entries, err := c.matching(ctx, f)
	if err != nil {
		return nil, err
	}
	counts := map[catalog.Key]int64{}
	for _, e := range entries {
		for _, k := range e.Keys {
			counts[k]++
		}
	}
	var out []catalog.KeyCount
	for k, n := range counts {
		out = append(out, catalog.KeyCount{Key: k, Count: n})
	}
	slices.SortFunc(out, func(a, b catalog.KeyCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), catalog.MaxFacets)], nil
}

func (c Catalog) matching(ctx context.Context, f catalog.Find) ([]catalog.Entry, error) {
	return c.listings().all(ctx, func(_ string, e catalog.Entry) bool { return matches(e, f) })
}

func matches(e catalog.Entry, f catalog.Find) bool {
	switch {
	case e.Market != f.Market || e.Published.After(f.Now) || f.InStock && !e.InStock,
		f.PriceGTE != nil && (e.MaxAmount == nil || *e.MaxAmount < *f.PriceGTE),
		f.PriceLTE != nil && (e.MinAmount == nil || *e.MinAmount > *f.PriceLTE):
		return false
	}
	for _, k := range f.Keys {
		if !k.Passes(e.Keys) {
			return false
		}
	}
	for _, t := range f.Terms {
		if !slices.ContainsFunc(e.Words, func(have catalog.Word) bool { return t.Is(have.Text) }) {
			return false
		}
	}
	return true
}

// titleHits returns how many of terms stand in the title.
func titleHits(e catalog.Entry, terms []catalog.Term) int {
	n := 0
	for _, t := range terms {
		if slices.ContainsFunc(e.Words, func(have catalog.Word) bool { return have.Title && t.Is(have.Text) }) {
			n++
		}
	}
	return n
}

// comparePositions orders two entries of one list.
func comparePositions(a, b catalog.Position) int {
	byID := cmp.Compare(a.ProductID, b.ProductID)
	newest := cmp.Or(cmp.Compare(b.Published, a.Published), -byID)
	switch a.Sort {
	case catalog.SortCheap:
		return cmp.Or(comparePrices(a.Price, b.Price, 1), byID)
	case catalog.SortDear:
		return cmp.Or(comparePrices(a.Price, b.Price, -1), -byID)
	case catalog.SortTitle:
		return cmp.Or(cmp.Compare(a.TitleKey, b.TitleKey), byID)
	case catalog.SortRelevance:
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), newest)
	default:
		return newest
	}
}

// comparePrices puts what has no price last, up or down.
func comparePrices(a, b *int64, sign int) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	default:
		return sign * cmp.Compare(*a, *b)
	}
}
