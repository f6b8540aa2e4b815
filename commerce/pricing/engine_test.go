package pricing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// watched is a store that counts reads and shows the events given to it.
type watched struct {
	memstore.Pricing
	mu     sync.Mutex
	events []event.Envelope
	reads  map[string]int
	pause  func() // called in Settings
	write  func() // called before Settings and Prices are read
}

func (w *watched) Record(ctx context.Context, evs ...event.Envelope) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, evs...)
	return w.Pricing.Record(ctx, evs...)
}

func (w *watched) read(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads[what]++
}

func (w *watched) Generation(ctx context.Context) (int64, error) {
	w.read("generation")
	return w.Pricing.Generation(ctx)
}

func (w *watched) Settings(ctx context.Context) (pricing.Settings, error) {
	w.read("settings")
	if w.pause != nil {
		w.pause()
	}
	if w.write != nil {
		w.write()
	}
	return w.Pricing.Settings(ctx)
}

func (w *watched) Prices(ctx context.Context, f pricing.PriceFilter) ([]pricing.Price, int64, error) {
	w.read("prices")
	if w.write != nil {
		w.write()
	}
	return w.Pricing.Prices(ctx, f)
}

func (w *watched) Offers(ctx context.Context, f pricing.OfferFilter) ([]pricing.Offer, error) {
	w.read("offers")
	return w.Pricing.Offers(ctx, f)
}

// took returns the events and reads since the last call.
func (w *watched) took() (events []string, reads map[string]int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		events = append(events, e.Name+" "+e.Key+" "+string(e.Data))
	}
	reads = w.reads
	w.events, w.reads = nil, map[string]int{}
	return events, reads
}

// shop is an engine over a seeded store in memory: EUR, Germany, taxes inside.
type shop struct {
	*testing.T
	*pricing.Engine
	store *watched
}

func newShop(t *testing.T) shop {
	t.Helper()
	w := &watched{Pricing: memstore.Pricing{DB: memstore.New()}, reads: map[string]int{}}
	var n atomic.Int64
	e := pricing.New(w, &pricing.Options{
		Now: func() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) },
		ID:  func(prefix string) string { return fmt.Sprintf("%s_%d", prefix, n.Add(1)) },
	})
	must(t)(e.Seed(t.Context(), pricing.SeedInput{Currency: "EUR", Country: "DE", TaxIncluded: true}))
	w.took()
	return shop{t, e, w}
}

// must ends the test on an error.
func must(t *testing.T) func(_ any, err error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func set(variant string, amounts ...int64) pricing.PriceSet {
	s := pricing.PriceSet{VariantID: variant, Currency: "EUR", Prices: []pricing.PriceFields{}}
	for i, a := range amounts {
		s.Prices = append(s.Prices, pricing.PriceFields{MinQuantity: int64(1 + 9*i), Amount: a})
	}
	return s
}

// put writes prices and returns the outcomes.
func (s shop) put(sets ...pricing.PriceSet) string {
	s.Helper()
	out, err := s.PutPrices(s.Context(), pricing.PutPricesInput{Sets: sets})
	if err != nil {
		s.Fatal(err)
	}
	return outcomes(out)
}

func outcomes(out pricing.PutPricesOutput) string {
	var all []string
	for _, r := range out.Results {
		all = append(all, r.Outcome)
	}
	return strings.Join(all, " ")
}

func item(variant string, quantity int64) pricing.QuoteItem {
	return pricing.QuoteItem{ID: "ci_" + variant, VariantID: variant, Quantity: quantity, Taxable: true, TaxCategory: "standard", RequiresShipping: true}
}

func basketOf(items ...pricing.QuoteItem) pricing.QuoteInput {
	return pricing.QuoteInput{Market: pricing.DefaultMarket, Country: "DE", Items: items, Shipping: "so_standard"}
}

func (s shop) quote(in pricing.QuoteInput) pricing.Quote {
	s.Helper()
	q, err := s.Quote(s.Context(), in)
	if err != nil {
		s.Fatal(err)
	}
	return q
}

func (s shop) events(want ...string) {
	s.Helper()
	if got, _ := s.store.took(); !slices.Equal(got, want) {
		s.Errorf("events %q\nwant   %q", got, want)
	}
}

func TestSeed(t *testing.T) {
	s := newShop(t)
	must(t)(s.Seed(t.Context(), pricing.SeedInput{Currency: "USD", Country: "US"}))
	got, err := s.Markets(t.Context(), op.Nothing{})
	want := []pricing.Market{{ID: "default", Name: "Default", Currency: "EUR", Country: "DE", Countries: []string{}, Locales: []string{}, TaxIncluded: true, TimeZone: "UTC"}}
	if err != nil || !reflect.DeepEqual(got.Items, want) {
		t.Errorf("markets after two seeds: %+v, %v", got, err)
	}
	methods, err := s.ShippingMethods(t.Context(), op.Nothing{})
	if err != nil || len(methods.Items) != 1 || methods.Items[0].ID != "so_standard" || methods.Items[0].Bands[0].Prices[0] != money.Zero("EUR") {
		t.Errorf("shipping methods after two seeds: %+v, %v", methods, err)
	}
	s.events()
	rates, err := s.TaxRates(t.Context(), op.Nothing{})
	if err != nil || len(rates.Items) != 0 || rates.Items == nil {
		t.Errorf("tax rates %+v, %v", rates, err)
	}
	if _, err := s.Seed(t.Context(), pricing.SeedInput{Currency: "XXX", Country: "DE"}); paramOf(err) != "/currency" {
		t.Errorf("seed in an unknown currency: %v", err)
	}
}

func TestPickedPrices(t *testing.T) {
	s := newShop(t)
	must(t)(s.PutMarket(t.Context(), pricing.Market{ID: "at", Name: "Austria", Currency: "EUR", Country: "AT", TimeZone: "Europe/Vienna"}))
	must(t)(s.PutMarket(t.Context(), pricing.Market{ID: "us", Name: "USA", Currency: "USD", Country: "US", TimeZone: "America/New_York"}))
	market := set("a", 950)
	market.Market = "at"
	wholesale := set("b", 500)
	wholesale.Market, wholesale.Prices[0].MinQuantity = "at", 5
	if got := s.put(set("a", 1000, 900), market, set("b", 700), wholesale); got != "created created created created" {
		t.Error(got)
	}
	for _, tt := range []struct {
		market, variant string
		quantity        int64
		want            string
	}{
		{"default", "a", 1, "EUR 10.00"}, {"default", "a", 9, "EUR 10.00"}, {"default", "a", 10, "EUR 9.00"}, {"default", "a", 9999, "EUR 9.00"},
		{"at", "a", 1, "EUR 9.50"}, {"at", "a", 10, "EUR 9.50"}, {"at", "b", 4, "EUR 7.00"}, {"at", "b", 5, "EUR 5.00"},
		{"default", "b", 5, "EUR 7.00"}, {"us", "a", 1, "none"}, {"default", "c", 1, "none"},
	} {
		q := s.quote(pricing.QuoteInput{Market: tt.market, Items: []pricing.QuoteItem{item(tt.variant, tt.quantity)}})
		got := "none"
		if p := q.Items[0].Price; p != nil {
			got = p.String()
		}
		if got != tt.want {
			t.Errorf("%d of %s in %s: %s, want %s", tt.quantity, tt.variant, tt.market, got, tt.want)
		}
	}
	if _, err := s.Quote(t.Context(), pricing.QuoteInput{Market: "nowhere"}); !errors.Is(err, pricing.ErrMarketNotFound) {
		t.Errorf("quote in no market: %v", err)
	}
}

func TestQuoteCostsOneRead(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000))
	s.quote(basketOf(item("a", 1)))
	s.store.took()
	for range 3 {
		s.quote(basketOf(item("a", 1)))
	}
	if _, reads := s.store.took(); !reflect.DeepEqual(reads, map[string]int{"prices": 3}) {
		t.Errorf("reads of three warm quotes: %v", reads)
	}
	// Another engine on the same database changes a price and a tax.
	other := pricing.New(s.store.Pricing, nil)
	must(t)(other.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{set("a", 1190)}}))
	must(t)(other.CreateTaxRate(t.Context(), pricing.TaxRateFields{Name: "MwSt.", Country: "DE", Rate: percent("19")}))
	q := s.quote(basketOf(item("a", 1)))
	if q.Totals.Total.Minor != 1190 || q.Totals.Tax.Minor != 190 {
		t.Errorf("quote after changes elsewhere: %+v", q.Totals)
	}
	if _, reads := s.store.took(); !reflect.DeepEqual(reads, map[string]int{"prices": 1, "settings": 1}) {
		t.Errorf("reads of a quote after changes: %v", reads)
	}
}

func TestOneLoaderAtATime(t *testing.T) {
	s := newShop(t)
	e := pricing.New(s.store, nil)
	var inside, most atomic.Int64
	s.store.pause = func() {
		most.Store(max(most.Load(), inside.Add(1)))
		defer inside.Add(-1)
		for range 1000 {
			runtime.Gosched()
		}
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := e.Quote(t.Context(), basketOf()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, reads := s.store.took(); most.Load() != 1 || reads["settings"] != 1 {
		t.Errorf("%d loaders at once, %d loads; want 1 of each", most.Load(), reads["settings"])
	}
}

// TestQuotesNeverMix lets a writer change price and tax together; a quote sees
// both or neither.
func TestQuotesNeverMix(t *testing.T) {
	s := newShop(t)
	rate, err := s.CreateTaxRate(t.Context(), pricing.TaxRateFields{Name: "x", Country: "DE", Rate: 0})
	must(t)(rate, err)
	s.put(set("a", 0))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := int64(0); ; n = (n + 1) % 100 {
			select {
			case <-stop:
				return
			default:
			}
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				_, err := s.UpdateTaxRate(ctx, pricing.UpdateTaxRateInput{ID: rate.ID, TaxRateFields: pricing.TaxRateFields{Name: "x", Country: "DE", Rate: money.Rate(n * 10_000)}})
				if err != nil {
					return err
				}
				_, err = s.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{set("a", n)}})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range 300 {
		q := s.quote(basketOf(item("a", 1)))
		if got, want := int64(q.Taxes[0].Rate), q.Totals.Total.Minor*10_000; got != want {
			// A writer that is faster than three readings is the one excuse:
			// then the quote does not claim to be of a newer generation.
			now, _ := s.store.Pricing.Generation(t.Context())
			if q.Generation >= now {
				t.Errorf("price %v with rate %d of generation %d", q.Totals.Total, got, q.Generation)
			}
		}
	}
	close(stop)
	wg.Wait()
}

// TestQuoteAmongWriters lets prices change before each reading: the quote ends
// all the same, and Redeem looks again.
func TestQuoteAmongWriters(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000))
	other, n := pricing.New(s.store.Pricing, nil), int64(1000)
	s.store.write = func() {
		n++
		must(t)(other.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{set("a", n)}}))
	}
	b := basketOf(item("a", 1))
	q := s.quote(b)
	if now, _ := s.store.Pricing.Generation(t.Context()); q.Generation >= now || q.Totals.Total.Minor >= n {
		t.Errorf("generation %d of %d, total %v of %d", q.Generation, now, q.Totals.Total, n)
	}
	s.store.write = nil
	changedOf(t, second(s.Redeem(t.Context(), pricing.RedeemInput{Key: "k", Basket: b, Total: q.Totals.Total, Generation: q.Generation})))
}

func TestRolledBackSettingsAreNotSeen(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000))
	boom := errors.New("boom")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		must(t)(s.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "gone", Country: "DE", Rate: percent("50")}))
		if q, err := s.Quote(ctx, basketOf(item("a", 1))); err != nil || q.Totals.Tax.Minor == 0 {
			t.Errorf("a quote in the unit does not see its tax: %+v, %v", q.Totals, err)
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	// The next write gives the generation its number again.
	must(t)(s.CreateTaxRate(t.Context(), pricing.TaxRateFields{Name: "stays", Country: "FR", Rate: percent("20")}))
	if q := s.quote(basketOf(item("a", 1))); q.Totals.Tax.Minor != 0 {
		t.Errorf("taxes of a unit that was rolled back: %+v", q.Taxes)
	}
}

func TestRedeem(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1000), set("b", 1), set("free", 0))
	in := func(key string, q pricing.Quote, b pricing.QuoteInput) pricing.RedeemInput {
		return pricing.RedeemInput{Key: key, Basket: b, Total: q.Totals.Total, Generation: q.Generation}
	}
	b := basketOf(item("a", 2))
	q := s.quote(b)
	s.store.took()
	must(t)(s.Redeem(t.Context(), in("k1", q, b)))
	if _, reads := s.store.took(); !reflect.DeepEqual(reads, map[string]int{"generation": 1}) {
		t.Errorf("reads of a redeem without changes: %v", reads)
	}
	must(t)(s.Redeem(t.Context(), in("k1", q, b)))

	s.put(set("b", 2)) // nothing that this basket is about
	must(t)(s.Redeem(t.Context(), in("k2", q, b)))

	s.put(set("a", 1500))
	_, err := s.Redeem(t.Context(), in("k3", q, b))
	want := pricing.Changed{Expected: money.New(2000, "EUR"), Actual: money.New(3000, "EUR")}
	if got := changedOf(t, err); got != want {
		t.Errorf("redeem after a change: %+v, want %+v", got, want)
	}
	q = s.quote(b) // the refused one has left no mark
	must(t)(s.Redeem(t.Context(), in("k3", q, b)))
	s.put(set("a", 1400))
	if got := changedOf(t, second(s.Redeem(t.Context(), in("k4", q, b)))); got.Actual.Minor != 2800 {
		t.Errorf("redeem after the price fell: %+v", got)
	}

	free := basketOf(item("free", 1))
	q = s.quote(free)
	s.put(set("free"))
	changedOf(t, second(s.Redeem(t.Context(), in("k5", q, free)))) // total 0 as before, but not for sale
	s.put(set("free", 0))
	q = s.quote(free)
	must(t)(s.DeleteShippingMethod(t.Context(), pricing.IDInput{ID: "so_standard"}))
	changedOf(t, second(s.Redeem(t.Context(), in("k6", q, free)))) // total 0 as before, but no way to deliver
}

func second(_ any, err error) error { return err }

func changedOf(t *testing.T, err error) (c pricing.Changed) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !errors.Is(err, pricing.ErrTotalChanged) {
		t.Fatalf("%v, want ErrTotalChanged", err)
	}
	if err := json.Unmarshal(f.Meta, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRestore(t *testing.T) {
	s := newShop(t)
	b := basketOf()
	q := s.quote(b)
	redeem := func(key string) error {
		return second(s.Redeem(t.Context(), pricing.RedeemInput{Key: key, Basket: b, Total: q.Totals.Total, Generation: q.Generation}))
	}
	restore := func(key string) {
		t.Helper()
		must(t)(s.Restore(t.Context(), pricing.RestoreInput{Key: key}))
	}
	must(t)(nil, redeem("a"))
	restore("a")
	restore("a")
	if err := redeem("a"); !errors.Is(err, once.ErrUndone) {
		t.Errorf("redeem after its restore: %v", err)
	}
	restore("never")
	if err := redeem("never"); !errors.Is(err, once.ErrUndone) {
		t.Errorf("late redeem: %v", err)
	}
}

func TestPutPrices(t *testing.T) {
	s := newShop(t)
	gen := func() int64 { n, _ := s.store.Pricing.Generation(t.Context()); return n }
	start := gen()
	if got := s.put(set("a", 1000, 900), set("b", 5), set("c")); got != "created created unchanged" {
		t.Error(got)
	}
	s.events(`pricing.price_changed a {"variant":"a","currency":"EUR"}`, `pricing.price_changed b {"variant":"b","currency":"EUR"}`)
	if gen() != start+1 {
		t.Errorf("generation rose by %d, want 1", gen()-start)
	}
	if got := s.put(set("a", 1000, 900), set("b", 5)); got != "unchanged unchanged" || gen() != start+1 {
		t.Errorf("the same again: %s, generation + %d", got, gen()-start-1)
	}
	s.events()

	compare := set("a", 1000)
	compare.Prices[0].CompareAt = new(int64(1200))
	compare.Prices[0].MinQuantity = 0 // 1
	dry, err := s.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{compare, set("b"), set("d", 1)}, DryRun: true})
	if err != nil || outcomes(dry) != "updated updated created" || gen() != start+1 {
		t.Errorf("dry run: %+v, %v, generation + %d", dry, err, gen()-start-1)
	}
	s.events()
	wet, err := s.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{compare, set("b"), set("d", 1)}})
	if err != nil || !reflect.DeepEqual(wet, dry) {
		t.Errorf("what was done %+v, %v\nis not what the dry run said %+v", wet, err, dry)
	}
	if want := []pricing.PriceFields{{MinQuantity: 1, Amount: 1000}, {MinQuantity: 10, Amount: 900}}; !reflect.DeepEqual(wet.Results[0].Before, want) {
		t.Errorf("before = %+v, want %+v", wet.Results[0].Before, want)
	}
	all, err := s.Prices(t.Context(), pricing.PricesInput{VariantIDs: []string{"d", "b", "a", "x"}})
	want := []pricing.Price{{VariantID: "a", MinQuantity: 1, Amount: money.New(1000, "EUR"), CompareAt: new(money.New(1200, "EUR"))}, {VariantID: "d", MinQuantity: 1, Amount: money.New(1, "EUR")}}
	if err != nil || !reflect.DeepEqual(all.Items, want) || all.Generation != gen() {
		t.Errorf("prices %+v, %v; want %+v", all, err, want)
	}
}

func TestPutPricesFaults(t *testing.T) {
	s := newShop(t)
	unknown, market, other := set("a", 1), set("a", 1), set("a", 1)
	unknown.Currency, market.Market = "XXX", "nowhere"
	other.Market, other.Currency = "default", "USD"
	repeats := set("b", 5, 4)
	repeats.Prices[1].MinQuantity = 1
	out, err := s.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{unknown, market, other, repeats, set("é", 1), set("ok", 1), set("ok", 2)}})
	if err != nil || outcomes(out) != "failed failed failed failed failed created failed" {
		t.Fatalf("%s, %v", outcomes(out), err)
	}
	for i, want := range []string{"/sets/0/currency", "/sets/1/market", "/sets/2/currency", "/sets/3/prices/1/min_quantity", "/sets/4/variant_id", "", "/sets/6"} {
		got := ""
		if e := out.Results[i].Error; e != nil {
			got = e.Param
		}
		if got != want || out.Results[i].Before == nil {
			t.Errorf("result %d: fault at %q, want %q", i, got, want)
		}
	}
	if !errors.Is(out.Results[0].Error, money.ErrCurrency) || !errors.Is(out.Results[1].Error, pricing.ErrMarketNotFound) {
		t.Errorf("faults %v, %v", out.Results[0].Error, out.Results[1].Error)
	}
	s.events(`pricing.price_changed ok {"variant":"ok","currency":"EUR"}`)
	negative := set("x", -1)
	if _, err := s.PutPrices(t.Context(), pricing.PutPricesInput{Sets: []pricing.PriceSet{set("y", 1), negative}}); paramOf(err) != "/sets/1/prices/0/amount" {
		t.Errorf("a negative price: %v", err)
	}
	if q := s.quote(basketOf(item("y", 1))); q.Items[0].Price != nil {
		t.Error("a refused call has written something")
	}
}

func TestMarkets(t *testing.T) {
	s := newShop(t)
	at := pricing.Market{ID: "at", Name: "Österreich", Currency: "EUR", Country: "AT", TimeZone: "Europe/Vienna"}
	got, err := s.PutMarket(t.Context(), at)
	if err != nil || got.Countries == nil || got.Locales == nil {
		t.Errorf("new market %+v, %v", got, err)
	}
	at.Currency = "USD"
	if _, err := s.PutMarket(t.Context(), at); !errors.Is(err, pricing.ErrCurrencyFixed) {
		t.Errorf("another currency: %v", err)
	}
	before, _ := s.store.Pricing.Generation(t.Context())
	at.Currency = "EUR"
	must(t)(s.PutMarket(t.Context(), at))
	if after, _ := s.store.Pricing.Generation(t.Context()); after != before {
		t.Error("a market that does not change is written")
	}
	at.Name = "Austria"
	must(t)(s.PutMarket(t.Context(), at))
	all, err := s.Markets(ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), op.Nothing{})
	if err != nil || len(all.Items) != 2 || all.Items[0].ID != "default" || all.Items[1].Name != "Austria" {
		t.Errorf("markets %+v, %v", all, err)
	}
	all.Items[0].Countries = append(all.Items[0].Countries, "XX") // the cache must not notice
	all.Items[0].Name = "mine"
	if again, _ := s.Markets(t.Context(), op.Nothing{}); again.Items[0].Name != "Default" {
		t.Error("a caller has changed the cache")
	}
	for i := len(all.Items); i < 100; i++ {
		at.ID = fmt.Sprintf("m%d", i)
		must(t)(s.PutMarket(t.Context(), at))
	}
	at.ID = "last"
	if _, err := s.PutMarket(t.Context(), at); !errors.Is(err, pricing.ErrTooManyMarkets) {
		t.Errorf("market 101: %v", err)
	}
}

func TestTaxRates(t *testing.T) {
	s := newShop(t)
	f := pricing.TaxRateFields{Name: "MwSt.", Country: "DE", Rate: percent("19")}
	r, err := s.CreateTaxRate(t.Context(), f)
	if err != nil || r.Rate.String() != "19" || r.ID == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	s.events(`pricing.tax_changed ` + r.ID + ` {"tax_rate":"` + r.ID + `","country":"DE"}`)
	must(t)(s.UpdateTaxRate(t.Context(), pricing.UpdateTaxRateInput{ID: r.ID, TaxRateFields: f}))
	s.events()
	f.Country, f.Region = "US", "NY"
	must(t)(s.UpdateTaxRate(t.Context(), pricing.UpdateTaxRateInput{ID: r.ID, TaxRateFields: f}))
	s.events(`pricing.tax_changed `+r.ID+` {"tax_rate":"`+r.ID+`","country":"DE","deleted":true}`,
		`pricing.tax_changed `+r.ID+` {"tax_rate":"`+r.ID+`","country":"US","region":"NY"}`)
	must(t)(s.DeleteTaxRate(t.Context(), pricing.IDInput{ID: r.ID}))
	s.events(`pricing.tax_changed ` + r.ID + ` {"tax_rate":"` + r.ID + `","country":"US","region":"NY","deleted":true}`)
	for _, err := range []error{
		second(s.DeleteTaxRate(t.Context(), pricing.IDInput{ID: r.ID})),
		second(s.UpdateTaxRate(t.Context(), pricing.UpdateTaxRateInput{ID: r.ID, TaxRateFields: f})),
	} {
		if !errors.Is(err, pricing.ErrTaxRateNotFound) {
			t.Errorf("a rate that is gone: %v", err)
		}
	}
	s.events()
}

func TestShippingMethods(t *testing.T) {
	s := newShop(t)
	f := pricing.ShippingMethodFields{Name: "Express", By: pricing.Flat, Markets: []string{"default"}, Bands: []pricing.Band{{Prices: []money.Amount{money.New(990, "EUR")}}}}
	m, err := s.CreateShippingMethod(t.Context(), f)
	if err != nil || m.TaxCategory != "standard" || m.Countries == nil {
		t.Fatalf("%+v, %v", m, err)
	}
	f.Position = 3
	must(t)(s.UpdateShippingMethod(t.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: f}))
	all, err := s.ShippingMethods(t.Context(), op.Nothing{})
	if err != nil || len(all.Items) != 2 || all.Items[1].ID != m.ID || all.Items[1].Position != 3 {
		t.Errorf("methods %+v, %v", all, err)
	}
	f.Markets = []string{"default", "nowhere"}
	for _, err := range []error{
		second(s.CreateShippingMethod(t.Context(), f)),
		second(s.UpdateShippingMethod(t.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: f})),
	} {
		if !errors.Is(err, pricing.ErrMarketNotFound) || paramOf(err) != "/markets/1" {
			t.Errorf("an unknown market: %v", err)
		}
	}
	f.Markets = nil
	must(t)(s.DeleteShippingMethod(t.Context(), pricing.IDInput{ID: m.ID}))
	for _, err := range []error{
		second(s.DeleteShippingMethod(t.Context(), pricing.IDInput{ID: m.ID})),
		second(s.UpdateShippingMethod(t.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: f})),
	} {
		if !errors.Is(err, pricing.ErrShippingMethodNotFound) {
			t.Errorf("a method that is gone: %v", err)
		}
	}
}
