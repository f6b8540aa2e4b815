package bunstore

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

type catalogListingRow struct {
	Market    string `bun:"market"`
	ProductID string `bun:"product_id"`
	Published int64  `bun:"published"`
	PriceUp   int64  `bun:"price_up"`
	PriceDown int64  `bun:"price_down"`
	PriceMost int64  `bun:"price_most"`
	InStock   int    `bun:"in_stock"`
	TitleKey  string `bun:"title_key"`
	Card      string `bun:"card"`
}

type catalogWordRow struct {
	Market    string `bun:"market"`
	Word      string `bun:"word"`
	ProductID string `bun:"product_id"`
	InTitle   int    `bun:"in_title"`
}

type catalogKeyRow struct {
	Market    string `bun:"market"`
	Kind      string `bun:"kind"`
	Name      string `bun:"name"`
	Value     string `bun:"value"`
	ProductID string `bun:"product_id"`
}

// PutListing implements catalog.Store.
func (c Catalog) PutListing(ctx context.Context, productIDs []string, entries []catalog.Entry) error {
	var listings []catalogListingRow
	var words []catalogWordRow
	var keys []catalogKeyRow
	for _, e := range entries {
		listings = append(listings, catalogListing(e))
		for _, w := range e.Words {
			words = append(words, catalogWordRow{Market: e.Market, Word: w.Text, ProductID: e.ProductID, InTitle: number(w.Title)})
		}
		for _, k := range e.Keys {
			keys = append(keys, catalogKeyRow{Market: e.Market, Kind: string(k.Kind), Name: k.Name, Value: k.Value, ProductID: e.ProductID})
		}
	}
	return c.Do(ctx, func(ctx context.Context) error {
		for _, table := range []string{"listing", "listing_word", "listing_key"} {
			if _, err := c.exec(ctx, `DELETE FROM {`+table+`} WHERE product_id IN (?)`, bun.List(productIDs)); err != nil {
				return fmt.Errorf("clear %s: %w", table, err)
			}
		}
		if err := insertAll(ctx, c.DB, "listing", listings, func(r catalogListingRow) int { return len(r.Card) }); err != nil {
			return fmt.Errorf("write listing: %w", err)
		}
		if err := insertAll(ctx, c.DB, "listing_word", words, nil); err != nil {
			return fmt.Errorf("write words of listing: %w", err)
		}
		if err := insertAll(ctx, c.DB, "listing_key", keys, nil); err != nil {
			return fmt.Errorf("write keys of listing: %w", err)
		}
		return nil
	})
}

func catalogListing(e catalog.Entry) catalogListingRow {
	return catalogListingRow{Market: e.Market, ProductID: e.ProductID, Published: micros(e.Published), PriceUp: priceUp(e.MinAmount),
		PriceDown: priceDown(e.MinAmount), PriceMost: priceDown(e.MaxAmount), InStock: number(e.InStock), TitleKey: e.TitleKey, Card: string(e.Card)}
}

// priceUp and priceDown stand for a price in columns that are sorted up and
// down, so that none is last.
func priceUp(p *int64) int64 {
	if p == nil {
		return math.MaxInt64
	}
	return *p
}

func priceDown(p *int64) int64 {
	if p == nil {
		return -1
	}
	return *p
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

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
	if len(f.Words) > 0 {
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

// from adds the tables and the conditions of f, whatever its After.
func (q *part) from(f catalog.Find) {
	q.add(` FROM {listing} l`)
	if len(f.Words) > 0 {
		q.add(` JOIN (`)
		q.wordsOf(f)
		q.add(`) m ON m.product_id = l.product_id`)
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
	for _, k := range f.Keys {
		q.add(` AND EXISTS (SELECT 1 FROM {listing_key} k WHERE k.market = l.market AND k.product_id = l.product_id
			AND k.kind = ? AND k.name = ? AND k.value IN (?))`, string(k.Kind), k.Name, bun.List(k.Values))
	}
}

// wordsOf adds the query for the products that have all words, with how many of
// them stand in the title: each word gives a row for each product that has it.
// A prefix is a range: that needs no escaping and every database takes the
// index for it.
func (q *part) wordsOf(f catalog.Find) {
	const last = "\U0010FFFF"
	q.add(`SELECT product_id, SUM(hit) AS hits FROM (`)
	for i, w := range f.Words {
		if i > 0 {
			q.add(` UNION ALL `)
		}
		q.add(`SELECT product_id, MAX(in_title) AS hit FROM {listing_word} WHERE market = ? AND word >= ? AND word < ? GROUP BY product_id`, f.Market, w, w+last)
	}
	q.add(`) one GROUP BY product_id HAVING COUNT(*) = ?`, len(f.Words))
}

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
