package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// part is a part of a query with its arguments.
type part struct {
	sql  strings.Builder
	args []any
}

func (q *part) add(sql string, args ...any) {
	q.sql.WriteString(sql)
	q.args = append(q.args, args...)
}

// Search implements catalog.Store.
func (c Catalog) Search(ctx context.Context, f catalog.Find) ([]catalog.Found, error) {
	var q part
	hits := `0`
	if listed, _ := ways(f); len(listed) > 0 {
		hits = `m.hits`
	}
	q.add(`SELECT l.product_id, l.published, l.price_up, l.title_key, l.card, ` + hits + ` AS hits`)
	q.from(f)
	q.after(f.After)
	q.add(` ORDER BY `+catalogOrders[f.Sort]+` LIMIT ?`, f.Limit)
	var rows []struct {
		ProductID string `bun:"product_id"`
		Published int64  `bun:"published"`
		PriceUp   int64  `bun:"price_up"`
		TitleKey  string `bun:"title_key"`
		Card      string `bun:"card"`
		Hits      int    `bun:"hits"`
	}
	if err := c.scan(ctx, &rows, q.sql.String(), q.args...); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	out := make([]catalog.Found, len(rows))
	for i, r := range rows {
		out[i] = catalog.Found{Card: json.RawMessage(r.Card), Position: catalog.Position{Sort: f.Sort, ProductID: r.ProductID,
			Hits: r.Hits, Published: r.Published, TitleKey: r.TitleKey}}
		if r.PriceUp != math.MaxInt64 {
			out[i].Price = &r.PriceUp
		}
	}
	return out, nil
}

var catalogOrders = map[catalog.Sort]string{
	catalog.SortNewest:    `l.published DESC, l.product_id DESC`,
	catalog.SortCheap:     `l.price_up, l.product_id`,
	catalog.SortDear:      `l.price_down DESC, l.product_id DESC`,
	catalog.SortTitle:     `l.title_key, l.product_id`,
	catalog.SortRelevance: `hits DESC, l.published DESC, l.product_id DESC`,
}

// after adds that entries stand after p. The first comparison alone finds the
// place in the index.
func (q *part) after(p *catalog.Position) {
	if p == nil {
		return
	}
	switch p.Sort {
	case catalog.SortCheap:
		q.add(` AND l.price_up >= ? AND (l.price_up > ? OR l.product_id > ?)`, priceUp(p.Price), priceUp(p.Price), p.ProductID)
	case catalog.SortDear:
		q.add(` AND l.price_down <= ? AND (l.price_down < ? OR l.product_id < ?)`, priceDown(p.Price), priceDown(p.Price), p.ProductID)
	case catalog.SortTitle:
		q.add(` AND l.title_key >= ? AND (l.title_key > ? OR l.product_id > ?)`, p.TitleKey, p.TitleKey, p.ProductID)
	case catalog.SortRelevance:
		q.add(` AND (m.hits < ? OR m.hits = ? AND (l.published < ? OR l.published = ? AND l.product_id < ?))`, p.Hits, p.Hits, p.Published, p.Published, p.ProductID)
	default:
		q.add(` AND l.published <= ? AND (l.published < ? OR l.product_id < ?)`, p.Published, p.Published, p.ProductID)
	}
}

// ways returns which terms of f are looked up in the index of words, so that
// the entries that have them are known, and which are asked of each entry that
// has the others: those that many have, which to list takes long. A list by
// relevance must know of all entries what stands in their titles.
func ways(f catalog.Find) (listed, asked []catalog.Term) {
	for _, t := range f.Terms {
		if t.Many {
			asked = append(asked, t)
		} else {
			listed = append(listed, t)
		}
	}
	if len(listed) == 0 && f.Sort == catalog.SortRelevance {
		return asked, nil
	}
	return listed, asked
}

// from adds the tables and the conditions of f, whatever its After. CROSS JOIN
// makes SQLite begin with what has the words; for servers it is any join.
func (q *part) from(f catalog.Find) {
	listed, asked := ways(f)
	if len(listed) > 0 {
		q.add(` FROM (`)
		q.have(f, listed, asked)
		q.add(`) m CROSS JOIN {listing} l ON m.product_id = l.product_id`)
	} else {
		q.add(` FROM {listing} l`)
	}
	published := `l.published`
	if f.Sort != catalog.SortNewest {
		published = `+l.published` // keeps SQLite from taking this index in place of the one that sorts
	}
	q.add(` WHERE l.market = ? AND `+published+` <= ?`, f.Market, micros(f.Now))
	if f.InStock {
		q.add(` AND l.in_stock = 1`)
	}
	if f.PriceGTE != nil {
		q.add(` AND l.price_most >= ?`, *f.PriceGTE)
	}
	if f.PriceLTE != nil {
		q.add(` AND l.price_up <= ? AND l.price_down >= 0`, *f.PriceLTE)
	}
	if len(listed) == 0 {
		for _, t := range asked {
			// An EXISTS would be a join to servers, which begin it with all that
			// have the word; this is asked of one entry after the other until
			// there are enough.
			q.add(` AND (SELECT 1 FROM {listing_word} w WHERE w.product_id = l.product_id AND w.market = l.market`)
			q.is(t)
			q.add(` LIMIT 1) = 1`)
		}
	}
	for _, k := range f.Keys {
		q.add(` AND EXISTS (SELECT 1 FROM {listing_key} k WHERE k.market = l.market AND k.product_id = l.product_id
			AND k.kind = ? AND k.name = ? AND k.value IN (?))`, string(k.Kind), k.Name, bun.List(k.Values))
	}
}

// have adds the query for the products that have all terms, with how many of
// them stand in the title.
func (q *part) have(f catalog.Find, listed, asked []catalog.Term) {
	if len(asked) == 0 {
		q.list(f, listed)
		return
	}
	q.add(`SELECT x.product_id, x.hits`)
	for i := range asked {
		q.add(` + x.hit` + strconv.Itoa(i))
	}
	q.add(` AS hits FROM (SELECT e.product_id, e.hits`)
	for i, t := range asked {
		q.add(`, (SELECT MAX(w.in_title) FROM {listing_word} w WHERE w.product_id = e.product_id AND w.market = ?`, f.Market)
		q.is(t)
		q.add(`) AS hit` + strconv.Itoa(i))
	}
	q.add(` FROM (`)
	q.list(f, listed)
	q.add(`) e) x WHERE 1 = 1`)
	for i := range asked {
		q.add(` AND x.hit` + strconv.Itoa(i) + ` IS NOT NULL`)
	}
}

// list is have by the index of words alone: each term gives a row for each
// product that has it.
func (q *part) list(f catalog.Find, terms []catalog.Term) {
	one := func(t catalog.Term, as string) {
		q.add(`SELECT product_id, MAX(in_title) AS `+as+` FROM {listing_word} w WHERE market = ?`, f.Market)
		q.is(t)
		q.add(` GROUP BY product_id`)
	}
	if len(terms) == 1 {
		one(terms[0], "hits")
		return
	}
	q.add(`SELECT product_id, SUM(hit) AS hits FROM (`)
	for i, t := range terms {
		if i > 0 {
			q.add(` UNION ALL `)
		}
		one(t, "hit")
	}
	q.add(`) one GROUP BY product_id HAVING COUNT(*) = ?`, len(terms))
}

// is adds that the word of w is what t looks for. A prefix is a range: that needs no
// escaping and every database takes the index for it.
func (q *part) is(t catalog.Term) {
	if t.Prefix != "" {
		q.add(` AND w.word >= ? AND w.word < ?`, t.Prefix, t.Prefix+lastRune)
	} else {
		q.add(` AND w.word IN (?)`, bun.List(t.Words))
	}
}

// lastRune sorts after all that may follow a prefix.
const lastRune = "\U0010FFFF"

// Count implements catalog.Store.
func (c Catalog) Count(ctx context.Context, f catalog.Find) (n int64, err error) {
	var q part
	q.add(`SELECT COUNT(*)`)
	q.from(f)
	if err := c.scan(ctx, &n, q.sql.String(), q.args...); err != nil {
		return 0, fmt.Errorf("count a search: %w", err)
	}
	return n, nil
}

// Facets implements catalog.Store.
func (c Catalog) Facets(ctx context.Context, f catalog.Find) ([]catalog.KeyCount, error) {
	var q part
	q.add(`SELECT k.kind, k.name, k.value, COUNT(*) AS n FROM {listing_key} k JOIN (SELECT l.product_id`)
	q.from(f)
	q.add(`) found ON found.product_id = k.product_id WHERE k.market = ? GROUP BY k.kind, k.name, k.value
		ORDER BY n DESC, k.kind, k.name, k.value LIMIT ?`, f.Market, catalog.MaxFacets)
	var rows []struct {
		Kind  string `bun:"kind"`
		Name  string `bun:"name"`
		Value string `bun:"value"`
		N     int64  `bun:"n"`
	}
	if err := c.scan(ctx, &rows, q.sql.String(), q.args...); err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	out := make([]catalog.KeyCount, len(rows))
	for i, r := range rows {
		out[i] = catalog.KeyCount{Key: catalog.Key{Kind: catalog.KeyKind(r.Kind), Name: r.Name, Value: r.Value}, Count: r.N}
	}
	return out, nil
}
