package bench

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// bigCatalog is how many products BenchmarkSearch looks through. Every search
// should take less than 200 ms.
const bigCatalog = 50_000

// BenchmarkSearch asks for a page of 24 of a catalog of 50,000 products: for
// what few have, what all have, what is misspelled, and what is hostile.
func BenchmarkSearch(b *testing.B) {
	each(b, func(b *testing.B, server string) {
		s := open(b, server)
		start := time.Now()
		s.listings(b, bigCatalog)
		b.Logf("%d products are listed in %v", bigCatalog, time.Since(start))
		for _, q := range []string{
			"", "sku0012345", "merino", "swaeter merino", "cotton shirt", "cotton cotto cott cot co", "c", "a b c d e f g h",
			"co ca ba be ma so sh ti", "s m l xl 8 9 1 2", "cotton shop new basic shirt blue size quality", "zzzzzz", "t-shirt",
		} {
			b.Run(strings.ReplaceAll(q, " ", "_"), func(b *testing.B) {
				for b.Loop() {
					in := catalog.SearchInput{Market: pricing.DefaultMarket, Filters: catalog.Filters{Query: page.Query{Limit: 24}, Q: q}}
					if _, err := s.Catalog.Search(b.Context(), in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}

// listings fills the listing with n products of some twenty words: a few that
// all have, some that many have, names of a large vocabulary, and SKUs.
func (s *shop) listings(b *testing.B, n int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of string) string {
		all := strings.Fields(of)
		return all[r.IntN(len(all))]
	}
	syllables := "ba be bi co ca cu da de do fa fi go ha ki la le lo ma me mi mo na ne no pa pe ra ri ro sa se sh so su ta ti to va ve wo za"
	name := func() string { return pick(syllables) + pick(syllables) + pick(syllables) + pick("n r s t l") }
	for from := 0; from < n; from += 500 {
		var in catalog.PutListingInput
		for i := from; i < min(from+500, n); i++ {
			id := fmt.Sprintf("prod_%08d", i)
			title := fmt.Sprintf("%s %s %s %s", name(), pick("Blue Red Green Black White Beige Navy"), pick("Cotton Cotton Cotton Wool Linen Silk Merino"),
				pick("Shirt T-Shirt Sweater Sweatshirt Trousers Shorts Socks Hat Cap Belt Mug Cup"))
			words := fmt.Sprintf("%s quality shop new basic size s m l xl %s %s %s %d sku%07d", name(), pick("sale spring summer autumn winter"), name(), name(), i%100, i)
			price := int64(1000 + i%90*100)
			in.ProductIDs = append(in.ProductIDs, id)
			in.Rows = append(in.Rows, catalog.Listed{ProductID: id, Market: pricing.DefaultMarket, MinAmount: &price, MaxAmount: &price, InStock: i%7 > 0,
				PublishedAt: time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC), Title: title, Words: words, Tags: []string{"new"}, Card: json.RawMessage(`{"id":"` + id + `"}`)})
		}
		ctx := ident.With(b.Context(), ident.Actor{Kind: ident.System, ID: "bench"})
		if _, err := s.Catalog.PutListing(ctx, in); err != nil {
			b.Fatal(err)
		}
	}
}
