package bunstore

import (
	"context"
	"fmt"
	"math"

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
		old, err := c.wordsIn(ctx, productIDs)
		if err != nil {
			return err
		}
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
		return c.putWords(ctx, old, words)
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
