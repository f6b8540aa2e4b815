package bunstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

type catalogNearRow struct {
	Market string `bun:"market"`
	Near   string `bun:"near"`
	Word   string `bun:"word"`
}

// catalogWords are words by market.
type catalogWords map[string]map[string]bool

func (w catalogWords) add(market, word string) {
	if w[market] == nil {
		w[market] = map[string]bool{}
	}
	w[market][word] = true
}

// wordsIn returns the words that the entries of products have.
func (c Catalog) wordsIn(ctx context.Context, productIDs []string) (catalogWords, error) {
	var rows []catalogWordRow
	if err := c.scan(ctx, &rows, `SELECT DISTINCT market, word FROM {listing_word} WHERE product_id IN (?)`, bun.List(productIDs)); err != nil {
		return nil, fmt.Errorf("read words of listing: %w", err)
	}
	out := catalogWords{}
	for _, r := range rows {
		out.add(r.Market, r.Word)
	}
	return out, nil
}

// putWords takes words out of the dictionary that no entry has any more, of
// those that some entries had before, and puts in what it does not know.
func (c Catalog) putWords(ctx context.Context, old catalogWords, rows []catalogWordRow) error {
	fresh := catalogWords{}
	for _, r := range rows {
		if len(catalog.Reductions(r.Word)) > 0 {
			fresh.add(r.Market, r.Word)
		}
	}
	for _, market := range slices.Sorted(maps.Keys(old)) {
		gone := slices.DeleteFunc(slices.Sorted(maps.Keys(old[market])), func(w string) bool { return fresh[market][w] })
		for part := range slices.Chunk(gone, rowsAtOnce) {
			if _, err := c.exec(ctx, `DELETE FROM {search_word} WHERE market = ? AND word IN (?) AND NOT EXISTS
				(SELECT 1 FROM {listing_word} l WHERE l.market = {search_word}.market AND l.word = {search_word}.word)`, market, bun.List(part)); err != nil {
				return fmt.Errorf("forget words: %w", err)
			}
		}
	}
	for _, market := range slices.Sorted(maps.Keys(fresh)) {
		for part := range slices.Chunk(slices.Sorted(maps.Keys(fresh[market])), rowsAtOnce) {
			if err := c.learnWords(ctx, market, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// learnWords puts those of words in the dictionary that are not there.
func (c Catalog) learnWords(ctx context.Context, market string, words []string) error {
	var known []string
	if err := c.scan(ctx, &known, `SELECT word FROM {search_word} WHERE market = ? AND near IN (?) AND word = near`, market, bun.List(words)); err != nil {
		return fmt.Errorf("read known words: %w", err)
	}
	has := map[string]bool{}
	for _, w := range known {
		has[w] = true
	}
	var rows []catalogNearRow
	for _, w := range words {
		if has[w] {
			continue
		}
		for _, near := range catalog.Reductions(w) {
			rows = append(rows, catalogNearRow{Market: market, Near: near, Word: w})
		}
	}
	if err := insertAll(ctx, c.DB, "search_word", rows, nil); err != nil {
		return fmt.Errorf("learn words: %w", err)
	}
	return nil
}

// Words implements catalog.Store.
func (c Catalog) Words(ctx context.Context, market string, prefixes, reduced []string) (begun map[string]int, near []string, err error) {
	var q part
	if len(reduced) > 0 {
		q.add(`SELECT DISTINCT -1 AS n, word FROM {search_word} WHERE market = ? AND near IN (?)`, market, bun.List(reduced))
	}
	for i, p := range slices.Compact(slices.Sorted(slices.Values(prefixes))) {
		if len(q.args) > 0 {
			q.add(` UNION ALL `)
		}
		q.add(`SELECT COUNT(*) AS n, ? AS word FROM (SELECT 1 FROM {listing_word} WHERE market = ? AND word >= ? AND word < ? LIMIT ?) c`+strconv.Itoa(i),
			p, market, p, p+lastRune, catalog.ManyWords)
	}
	begun = map[string]int{}
	if len(q.args) == 0 {
		return begun, nil, nil
	}
	var rows []struct {
		N    int    `bun:"n"`
		Word string `bun:"word"`
	}
	if err := c.scan(ctx, &rows, q.sql.String(), q.args...); err != nil {
		return nil, nil, fmt.Errorf("look words up: %w", err)
	}
	for _, r := range rows {
		switch {
		case r.N < 0:
			near = append(near, r.Word)
		case r.N > 0:
			begun[r.Word] = r.N
		}
	}
	return begun, near, nil
}
