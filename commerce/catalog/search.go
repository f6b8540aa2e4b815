package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/page"
)

// Search lists the products of one market that shoppers may see, from what
// PutListing has written. A category, tag or option that does not exist finds
// nothing. A price filter lets a product pass when the range of its prices
// touches the one that is asked for.
func (e *Engine) Search(ctx context.Context, in SearchInput) (SearchOutput, error) {
	if err := OpSearch.Admit(ctx, in); err != nil {
		return SearchOutput{}, err
	}
	f, err := e.find(ctx, in)
	if err != nil {
		return SearchOutput{}, err
	}
	if strings.TrimSpace(in.Q) != "" && len(f.Terms) == 0 {
		return nothing(in), nil // "%", "***", or what no entry has
	}
	if in.Category != "" {
		c, err := e.store.Category(ctx, in.Category)
		switch {
		case errors.Is(err, ErrCategoryNotFound):
			return nothing(in), nil
		case err != nil:
			return SearchOutput{}, err
		}
		f.Keys = append(f.Keys, anyOf(KeyCategory, "", c.ID))
	}
	return e.search(ctx, in, f)
}

func (e *Engine) search(ctx context.Context, in SearchInput, f Find) (SearchOutput, error) {
	found, err := e.store.Search(ctx, f)
	if err != nil {
		return SearchOutput{}, err
	}
	p := page.Of(found, in.Size(), func(x Found) any { return x.Position.kept() })
	out := SearchOutput{Page: page.Page[json.RawMessage]{Items: make([]json.RawMessage, len(p.Items)), NextCursor: p.NextCursor}}
	for i, x := range p.Items {
		out.Items[i] = x.Card
	}
	if in.Count == "exact" {
		n, err := e.store.Count(ctx, f)
		if err != nil {
			return SearchOutput{}, err
		}
		out.Total = &n
	}
	if in.Facets {
		counts, err := e.store.Facets(ctx, f)
		if err != nil {
			return SearchOutput{}, err
		}
		out.Facets = facets(counts)
	}
	return out, nil
}

// find returns in, but for its category, as stores understand it. It returns
// page.ErrCursor for the cursor of a list in another order.
func (e *Engine) find(ctx context.Context, in SearchInput) (Find, error) {
	f := Find{Market: in.Market, Now: e.now(), PriceGTE: in.PriceGTE, PriceLTE: in.PriceLTE, InStock: in.InStock,
		Sort: cmp.Or(Sort(in.Sort), SortRelevance), Limit: in.Size() + 1}
	if strings.TrimSpace(in.Q) != "" {
		var err error
		if f.Terms, err = e.terms(ctx, in.Market, in.Q); err != nil {
			return f, err
		}
	}
	if f.Sort == SortRelevance && indistinct(f.Terms) {
		f.Sort = SortNewest
	}
	var after Position
	switch there, err := page.Decode(in.Cursor, &after); {
	case err != nil:
		return f, err
	case there && after.Sort != f.Sort:
		return f, page.ErrCursor
	case there:
		f.After = &after
	}
	if in.Tag != "" {
		f.Keys = append(f.Keys, anyOf(KeyTag, "", in.Tag))
	}
	for _, name := range slices.Sorted(maps.Keys(in.Options)) {
		if values := in.Options[name]; len(values) > 0 {
			f.Keys = append(f.Keys, anyOf(KeyOption, name, values...))
		}
	}
	return f, nil
}

// anyOf returns a filter for values as keys have them.
func anyOf(kind KeyKind, name string, values ...string) AnyOf {
	a := AnyOf{Kind: kind, Name: key(kind, name, "").Name}
	for _, v := range values {
		a.Values = append(a.Values, key(kind, name, v).Value)
	}
	return a
}

// kept returns what a cursor must remember of p.
func (p Position) kept() Position {
	out := Position{Sort: p.Sort, ProductID: p.ProductID}
	switch p.Sort {
	case SortCheap, SortDear:
		out.Price = p.Price
	case SortTitle:
		out.TitleKey = p.TitleKey
	case SortRelevance:
		out.Hits, out.Published = p.Hits, p.Published
	case SortNewest:
		out.Published = p.Published
	}
	return out
}

// nothing is the output of a search that cannot find anything.
func nothing(in SearchInput) SearchOutput {
	out := SearchOutput{Page: page.Page[json.RawMessage]{Items: []json.RawMessage{}}}
	if in.Count == "exact" {
		out.Total = new(int64)
	}
	if in.Facets {
		out.Facets = facets(nil)
	}
	return out
}

func facets(counts []KeyCount) *Facets {
	f := &Facets{Tags: []Count{}, Categories: []Count{}, Options: map[string][]Count{}}
	for _, c := range counts {
		n := Count{Value: c.Value, Count: c.Count}
		switch c.Kind {
		case KeyTag:
			f.Tags = append(f.Tags, n)
		case KeyCategory:
			f.Categories = append(f.Categories, n)
		case KeyOption:
			f.Options[c.Name] = append(f.Options[c.Name], n)
		}
	}
	return f
}
