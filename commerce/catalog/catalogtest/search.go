package catalogtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

const market = "eu"

// entry returns what is listed of a product: title is also its words.
func entry(id, title string, price int64, days int) catalog.Entry {
	e := catalog.Entry{ProductID: id, Market: market, Published: day.AddDate(0, 0, days), InStock: true, TitleKey: title,
		Words: []catalog.Word{}, Keys: []catalog.Key{}, Card: json.RawMessage(`{"id":"` + id + `"}`)}
	if price >= 0 {
		e.MinAmount, e.MaxAmount = new(price), new(price+100)
	}
	for w := range strings.FieldsSeq(title) {
		e.Words = append(e.Words, catalog.Word{Text: w, Title: true})
	}
	return e
}

// now is when searches of this suite are made.
var now = day.AddDate(0, 0, 100)

func find(change func(f *catalog.Find)) catalog.Find {
	f := catalog.Find{Market: market, Now: now, Sort: catalog.SortNewest, Limit: 100}
	if change != nil {
		change(&f)
	}
	return f
}

// terms returns a search for words that begin with each of prefixes.
func terms(prefixes ...string) (out []catalog.Term) {
	for _, p := range prefixes {
		out = append(out, catalog.Term{Prefix: p})
	}
	return out
}

func put(t *testing.T, s catalog.Store, entries ...catalog.Entry) {
	t.Helper()
	var products []string
	for _, e := range entries {
		products = append(products, e.ProductID)
	}
	list(t, s, products, entries)
}

// list replaces the entries of products as engines do.
func list(t *testing.T, s catalog.Store, products []string, entries []catalog.Entry) {
	t.Helper()
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Lock(ctx, "listing"), s.PutListing(ctx, products, entries))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, s catalog.Store, what string, f catalog.Find, want ...string) {
	t.Helper()
	found, err := s.Search(t.Context(), f)
	if got := sorted(ids(found)); err != nil || !slices.Equal(got, sorted(want)) {
		t.Errorf("%s: found %v, %v; want %v", what, got, err, want)
	}
	if n, err := s.Count(t.Context(), f); err != nil || n != int64(len(want)) {
		t.Errorf("%s: counted %d, %v; want %d", what, n, err, len(want))
	}
}

func listingIsReplaced(t *testing.T, s catalog.Store) {
	a, us, b := entry("prod_a", "red shoe", 100, 1), entry("prod_a", "red shoe", 100, 1), entry("prod_b", "red hat", 100, 2)
	us.Market = "us"
	a.Keys = []catalog.Key{{Kind: catalog.KeyTag, Value: "old"}}
	put(t, s, a, us, b)
	a = entry("prod_a", "blue shoe", 200, 1)
	a.Card = json.RawMessage(`{"b":1,"a":"` + `\\ ' é"}`)
	put(t, s, a)
	want(t, s, "old words", find(func(f *catalog.Find) { f.Terms = terms("red") }), "prod_b")
	want(t, s, "new words", find(func(f *catalog.Find) { f.Terms = terms("blue") }), "prod_a")
	want(t, s, "old keys", find(func(f *catalog.Find) { f.Keys = []catalog.AnyOf{{Kind: catalog.KeyTag, Values: []string{"old"}}} }))
	want(t, s, "other market", find(func(f *catalog.Find) { f.Market = "us" }))
	found, err := s.Search(t.Context(), find(func(f *catalog.Find) { f.Terms = terms("blue") }))
	if err != nil || len(found) != 1 || string(found[0].Card) != string(a.Card) {
		t.Errorf("found %+v, %v; want the card as it was put", found, err)
	}
	list(t, s, []string{"prod_a", "prod_b", "prod_none"}, nil)
	want(t, s, "all removed", find(nil))
}

func searchFilters(t *testing.T, s catalog.Store) {
	tag := func(v string) catalog.Key { return catalog.Key{Kind: catalog.KeyTag, Value: v} }
	size := func(v string) catalog.Key { return catalog.Key{Kind: catalog.KeyOption, Name: "Size", Value: v} }
	a, b, c, later := entry("prod_a", "a", 1000, 1), entry("prod_b", "b", 2000, 2), entry("prod_c", "c", -1, 3), entry("prod_d", "d", 1, 101)
	a.Keys, b.Keys, c.Keys = []catalog.Key{tag(hostile), size("S")}, []catalog.Key{tag("x"), tag("Sale"), size("M")}, []catalog.Key{tag("sale"), {Kind: catalog.KeyOption, Name: "Cup", Value: "S"}}
	b.InStock = false
	put(t, s, a, b, c, later)
	tags := func(values ...string) catalog.AnyOf { return catalog.AnyOf{Kind: catalog.KeyTag, Values: values} }
	sizes := func(values ...string) catalog.AnyOf {
		return catalog.AnyOf{Kind: catalog.KeyOption, Name: "Size", Values: values}
	}
	for what, c := range map[string]struct {
		change func(f *catalog.Find)
		want   []string
	}{
		"all published":      {nil, []string{"prod_a", "prod_b", "prod_c"}},
		"published just now": {func(f *catalog.Find) { f.Now = later.Published }, []string{"prod_a", "prod_b", "prod_c", "prod_d"}},
		"another market":     {func(f *catalog.Find) { f.Market = "EU" }, nil},
		"hostile market":     {func(f *catalog.Find) { f.Market = hostile }, nil},
		"in stock":           {func(f *catalog.Find) { f.InStock = true }, []string{"prod_a", "prod_c"}},
		"from a price":       {func(f *catalog.Find) { f.PriceGTE = new(int64(1100)) }, []string{"prod_a", "prod_b"}},
		"from a higher":      {func(f *catalog.Find) { f.PriceGTE = new(int64(1101)) }, []string{"prod_b"}},
		"from nothing":       {func(f *catalog.Find) { f.PriceGTE = new(int64(0)) }, []string{"prod_a", "prod_b"}},
		"up to a price":      {func(f *catalog.Find) { f.PriceLTE = new(int64(1000)) }, []string{"prod_a"}},
		"up to the most":     {func(f *catalog.Find) { f.PriceLTE = new(int64(1<<63 - 1)) }, []string{"prod_a", "prod_b"}},
		"a tag":              {func(f *catalog.Find) { f.Keys = []catalog.AnyOf{tags("sale")} }, []string{"prod_c"}},
		"a hostile tag":      {func(f *catalog.Find) { f.Keys = []catalog.AnyOf{tags(hostile)} }, []string{"prod_a"}},
		"one of some":        {func(f *catalog.Find) { f.Keys = []catalog.AnyOf{sizes("S", "M", "L")} }, []string{"prod_a", "prod_b"}},
		"both":               {func(f *catalog.Find) { f.Keys = []catalog.AnyOf{sizes("S", "M"), tags("x")} }, []string{"prod_b"}},
		"neither":            {func(f *catalog.Find) { f.Keys = []catalog.AnyOf{sizes("S"), tags("x")} }, nil},
	} {
		want(t, s, what, find(c.change), c.want...)
	}
}

// searchOrders walks each order in pages of two over entries with many ties.
func searchOrders(t *testing.T, s catalog.Store) {
	a, b, c := entry("prod_a", "beta x", 300, 2), entry("prod_b", "alpha", 100, 2), entry("prod_c", "alpha", -1, 1)
	d, e, f := entry("prod_d", "émile x", 300, 3), entry("prod_e", "Zulu", -1, 2), entry("prod_f", "", 0, 3)
	e.Words = append(e.Words, catalog.Word{Text: "xylo"})
	put(t, s, a, b, c, d, e, f)
	for order, want := range map[catalog.Sort]string{
		catalog.SortNewest:    "f d e b a c",
		catalog.SortCheap:     "f b a d c e",
		catalog.SortDear:      "d a b f e c",
		catalog.SortTitle:     "f e b c a d",
		catalog.SortRelevance: "d a e",
	} {
		q := find(func(f *catalog.Find) { f.Sort, f.Limit = order, 2 })
		if order == catalog.SortRelevance {
			q.Terms = terms("x")
		}
		var got []string
		for range 9 {
			found, err := s.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				break
			}
			for _, id := range ids(found) {
				got = append(got, strings.TrimPrefix(id, "prod_"))
			}
			q.After = &found[len(found)-1].Position
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", order, got, want)
		}
	}
}

func searchWords(t *testing.T, s catalog.Store) {
	a, b, c := entry("prod_a", "red running shoe", 1, 1), entry("prod_b", "blue shoe", 1, 2), entry("prod_c", "größe 100", 1, 3)
	b.Words = append(b.Words, catalog.Word{Text: "running"})
	put(t, s, a, b, c)
	for q, found := range map[string][]string{
		"shoe": {"prod_a", "prod_b"}, "sho": {"prod_a", "prod_b"}, "shoes": nil, "run shoe": {"prod_a", "prod_b"}, "red blue": nil, "r": {"prod_a", "prod_b"},
		"gr": {"prod_c"}, "größ": {"prod_c"}, "grosse": nil, "1": {"prod_c"}, "%": nil, "_": nil, "s%": nil, hostile: nil, "Red": nil, "run running": {"prod_a", "prod_b"},
	} {
		want(t, s, q, find(func(f *catalog.Find) { f.Terms = terms(strings.Fields(q)...) }), found...)
	}
	got, err := s.Search(t.Context(), find(func(f *catalog.Find) { f.Terms, f.Sort = terms("run", "shoe"), catalog.SortRelevance }))
	if err != nil || len(got) != 2 || got[0].Hits != 2 || got[1].Hits != 1 {
		t.Errorf("got %+v, %v; want two hits in titles before one", got, err)
	}
}

// searchTerms looks for whole words beside beginnings of words.
func searchTerms(t *testing.T, s catalog.Store) {
	put(t, s, entry("prod_a", "red shoe", 1, 1), entry("prod_b", "blue shoes", 1, 2), entry("prod_c", "s hat", 1, 3))
	whole := func(words ...string) catalog.Term { return catalog.Term{Words: words} }
	for what, c := range map[string]struct {
		terms []catalog.Term
		found []string
	}{
		"a word":              {[]catalog.Term{whole("shoe")}, []string{"prod_a"}},
		"one of two words":    {[]catalog.Term{whole("shoe", "shoes", "none")}, []string{"prod_a", "prod_b"}},
		"a letter":            {[]catalog.Term{whole("s")}, []string{"prod_c"}},
		"with a beginning":    {[]catalog.Term{whole("shoe", "shoes"), {Prefix: "bl"}}, []string{"prod_b"}},
		"only part of a word": {[]catalog.Term{whole("sho")}, nil},
		"many":                {[]catalog.Term{{Prefix: "sho", Many: true}}, []string{"prod_a", "prod_b"}},
		"many and few":        {[]catalog.Term{{Prefix: "sho", Many: true}, {Prefix: "red"}}, []string{"prod_a"}},
		"many and one of two": {[]catalog.Term{{Prefix: "sho", Many: true}, {Prefix: "b", Many: true}, whole("shoe", "shoes")}, []string{"prod_b"}},
		"many whole words":    {[]catalog.Term{{Words: []string{"s"}, Many: true}, {Prefix: "h", Many: true}}, []string{"prod_c"}},
		"many, together none": {[]catalog.Term{{Prefix: "sho", Many: true}, {Prefix: "hat", Many: true}}, nil},
		"hostile":             {[]catalog.Term{whole(hostile, "%", "_")}, nil},
	} {
		for _, order := range []catalog.Sort{catalog.SortNewest, catalog.SortRelevance, catalog.SortCheap} {
			want(t, s, what+" by "+string(order), find(func(f *catalog.Find) { f.Terms, f.Sort = c.terms, order }), c.found...)
		}
	}
	b := entry("prod_b", "blue shoes", 1, 2)
	b.Words[1].Title = false
	put(t, s, b)
	got, err := s.Search(t.Context(), find(func(f *catalog.Find) {
		f.Terms, f.Sort = []catalog.Term{{Prefix: "sho", Many: true}, {Words: []string{"red", "blue"}}}, catalog.SortRelevance
	}))
	if err != nil || len(got) != 2 || got[0].ProductID != "prod_a" || got[0].Hits != 2 || got[1].Hits != 1 {
		t.Errorf("got %+v, %v; want two hits in a title before one", got, err)
	}
}

// knowsWords asks for what a search may look for, while entries come and go.
func knowsWords(t *testing.T, s catalog.Store) {
	ask := func(what, market, prefixes, reduced, begun, near string) {
		t.Helper()
		var less []string
		for w := range strings.FieldsSeq(reduced) {
			less = append(less, catalog.Reductions(w)...)
		}
		b, n, err := s.Words(t.Context(), market, strings.Fields(prefixes), less)
		var some []string
		for p, count := range b {
			some = append(some, fmt.Sprint(p, "=", count))
		}
		if got, want := fmt.Sprint(sorted(some), sorted(n)), fmt.Sprint(strings.Fields(begun), strings.Fields(near)); err != nil || got != want {
			t.Errorf("%s: known are %s, %v; want %s", what, got, err, want)
		}
	}
	a, b, us := entry("prod_a", "sweater shoe s", 1, 1), entry("prod_b", "sweater sole größe", 1, 2), entry("prod_a", "swearer", 1, 1)
	us.Market = "us"
	put(t, s, a, b, us)
	ask("beginnings", market, "swea shoe soles % größ Shoe", "", "größ=1 shoe=1 swea=2", "")
	ask("words that are close", market, "", "swaeter grüße", "", "größe sweater")
	ask("of several", market, "s x s", "shoe", "s=5", "shoe sole")
	ask("of one letter", market, "", "s", "", "s")
	ask("hostile", market, hostile, hostile, "", "")
	ask("another market", "us", "swea shoe", "sweater", "swea=1", "swearer")
	ask("nothing", market, "", "", "", "")
	put(t, s, entry("prod_a", "hat", 1, 1))
	ask("words that one of two had", market, "shoe sweater", "shoe", "sweater=1", "sole")
	ask("words that are gone elsewhere", "us", "swearer", "swearer", "", "")
	list(t, s, []string{"prod_a", "prod_b"}, nil)
	ask("words that nobody has", market, "sweater hat", "sweater hats sole", "", "")
	put(t, s, entry("prod_a", "sweater", 1, 1))
	ask("words that are back", market, "sweat", "sweatre", "sweat=1", "sweater")
}

func facetsCount(t *testing.T, s catalog.Store) {
	tag := func(v string) catalog.Key { return catalog.Key{Kind: catalog.KeyTag, Value: v} }
	var all []catalog.Entry
	for i := range 5 {
		e := entry(fmt.Sprint("prod_", i), "thing", 1, i)
		e.Keys = []catalog.Key{tag("all"), {Kind: catalog.KeyOption, Name: "Size", Value: fmt.Sprint(i % 2)}}
		if i == 4 {
			e.InStock = false
		}
		all = append(all, e)
	}
	elsewhere := all[0]
	elsewhere.Market = "us"
	put(t, s, append(all, elsewhere)...)
	got, err := s.Facets(t.Context(), find(func(f *catalog.Find) {
		f.Terms, f.InStock, f.Limit = terms("thi"), true, 1
		f.After = &catalog.Position{Sort: f.Sort, ProductID: "prod_2", Published: day.Add(time.Hour).UnixMicro()}
	}))
	want := []catalog.KeyCount{{Key: tag("all"), Count: 4},
		{Key: catalog.Key{Kind: catalog.KeyOption, Name: "Size", Value: "0"}, Count: 2}, {Key: catalog.Key{Kind: catalog.KeyOption, Name: "Size", Value: "1"}, Count: 2}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}
