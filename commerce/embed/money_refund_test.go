package embed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func favor(o order.Order, minor int64) checkout.RefundInput {
	return checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Goodwill: new(money.New(minor, o.Currency))}}
}

// units asks for units of the nth item.
func units(o order.Order, item int, n int64) checkout.RefundInput {
	return checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Items: []order.Units{{ItemID: o.Items[item].ID, Quantity: n}}}}
}

func rest(o order.Order) checkout.RefundInput {
	return checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID}}
}

// R01: two refunds of 60 of a payment of 100 at once: one is made, and at no
// instant more is spoken for than was captured.
func TestTwoRefundsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		mug := w.Variant("Mug", 10000, int64(n))
		for range n {
			o := w.Order(card, one(mug))
			var done atomic.Bool
			var most int64
			var watch sync.WaitGroup
			watch.Go(func() {
				for !done.Load() {
					most = max(most, w.sum("amount", "{refund} WHERE status <> 'failed' AND order_id = ?", o.ID))
				}
			})
			a, b := duel(t, func() error { _, err := w.give(favor(o, 6000), "a"+ident.NewID("key")); return err },
				func() error { _, err := w.give(favor(o, 6000), "b"+ident.NewID("key")); return err }, order.ErrAlreadyRefunded, checkout.ErrInProgress)
			done.Store(true)
			watch.Wait()
			if (a == nil) == (b == nil) || most > 10000 {
				t.Errorf("%v and %v; at most %d were spoken for", a, b, most)
			}
			w.same(t, o, 10000, 6000)
		}
	})
}

// R02: three clicks at once with one key are one refund.
func TestClicksOnRefund(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.Order(card, one(w.Variant("Mug", 10000, 10)))
		key := ident.NewID("key")
		together(3, func(int) {
			if _, err := w.give(favor(o, 3000), key); err != nil {
				lost(t, err, idem.ErrInFlight)
			}
		})
		for range 2 {
			if r, err := w.give(favor(o, 3000), key); err != nil || r.Status != order.RefundSucceeded {
				t.Errorf("%s, %v", r.Status, err)
			}
		}
		_, err := w.give(favor(o, 2000), key)
		lost(t, err, idem.ErrReused)
		w.same(t, o, 10000, 3000)
	})
}

// office serves the shop over HTTP also to staff, of whom one is returned.
func (w *world) office() (h http.Handler, staff string) {
	w.Helper()
	keys, err := jwtauth.Secret(make([]byte, 32))
	if err != nil {
		w.Fatal(err)
	}
	m := httpapi.New(&httpapi.Options{Log: slog.New(slog.DiscardHandler), Authenticator: account.Access(jwtauth.New("test", keys, nil), account.Keys(w.shop.Accounts))})
	w.shop.Register(m)
	k, err := w.shop.Accounts.CreateKey(context.Background(), account.CreateKeyInput{Name: "test", Scopes: []string{"*"}})
	if err != nil {
		w.Fatal(err)
	}
	return m, "Bearer " + k.Secret
}

// R02, R05: what is refused over HTTP, and the field that is named.
func TestRefusedRefunds(t *testing.T) {
	w := on(t, buntest.SQLite)
	h, boss := w.office()
	o := w.Order(card, shoptest.Line{Variant: w.Variant("Mug", 1000, 10), Quantity: 3})
	path := "POST /v1/admin/orders/" + o.ID + "/refunds"
	good := `{"reason":"x","goodwill":{"amount":100,"currency":"USD"}}`
	if rec := ask(h, path, good, "Authorization", boss); rec.Code != http.StatusBadRequest {
		t.Errorf("without a key: %d %s", rec.Code, rec.Body)
	}
	item := o.Items[0].ID
	for i, c := range []struct {
		body   string
		status int
		param  string
	}{
		{`{"reason":"x","goodwill":{"amount":-1,"currency":"USD"}}`, 422, "/goodwill/amount"},
		{`{"reason":"x","goodwill":{"amount":0,"currency":"USD"}}`, 422, "/goodwill/amount"},
		{`{"reason":"x","goodwill":{"amount":10.001,"currency":"USD"}}`, 400, "/goodwill/amount"},
		{`{"reason":"x","goodwill":{"amount":100,"currency":"EUR"}}`, 422, "/goodwill/currency"},
		{`{"reason":"x","goodwill":{"amount":3001,"currency":"USD"}}`, 422, ""},
		{`{"reason":"x","shipping":{"amount":1,"currency":"USD"}}`, 422, "/shipping/amount"},
		{`{"reason":"x","items":[{"item_id":"` + item + `","quantity":4}]}`, 422, "/items/0/quantity"},
		{`{"reason":"x","items":[{"item_id":"` + item + `","quantity":0}]}`, 422, "/items/0/quantity"},
		{`{"reason":"x","items":[{"item_id":"` + item + `","quantity":-1}]}`, 422, "/items/0/quantity"},
		{`{"reason":"x","items":[{"item_id":"oi_none","quantity":1}]}`, 422, "/items/0/item_id"},
		{`{"goodwill":{"amount":100,"currency":"USD"}}`, 422, "/reason"},
	} {
		rec := ask(h, path, c.body, "Authorization", boss, "Idempotency-Key", fmt.Sprint("refused-", i))
		var said struct {
			Param  string `json:"param"`
			Errors []fault.Item
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &said); err != nil || rec.Code != c.status || !strings.Contains(rec.Body.String(), `"`+c.param+`"`) && c.param != "" {
			t.Errorf("%s: %d %s, want %d at %s", c.body, rec.Code, rec.Body, c.status, c.param)
		}
	}
	if n := w.count("{refund}"); n != 0 {
		t.Errorf("%d refunds were made", n)
	}
	if rec := ask(h, path, good, "Authorization", boss, "Idempotency-Key", "good"); rec.Code != http.StatusCreated {
		t.Errorf("a good one: %d %s", rec.Code, rec.Body)
	}
	w.same(t, o, 3000, 100)
	w.audit(t)
}

// R06: a refund that had succeeded comes back: the money can be refunded again.
func TestRefundComesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.serve()
		o := w.Order(card, shoptest.Line{Variant: w.Variant("Mug", 1000, 10), Quantity: 2})
		for _, first := range []fakepay.Outcome{fakepay.Approve, fakepay.Process} {
			w.bank.SetOn(fakepay.CallRefund, fakepay.Any, first)
			r, err := w.give(units(o, 0, 2), "")
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.give(units(o, 0, 1), "")
			if fault.KindOf(err) != fault.Invalid {
				lost(t, err, order.ErrAlreadyRefunded)
			}
			if ok, err := w.bank.SettleRefund(r.Payments[0].ID, payment.RefundFailed); !ok || err != nil {
				t.Fatal(ok, err)
			}
			w.notice(h, "evt_"+r.ID, o.Payment.ID)
			w.apply()
			got := w.order(o.ID)
			if last := got.Refunds[len(got.Refunds)-1]; last.Status != order.RefundFailed || got.Balance.Refunded.Minor != 0 {
				t.Errorf("the refund is %s, %v went back", last.Status, got.Balance.Refunded)
			}
			if n := w.events("payment.refund_failed", o.Payment.ID); n == 0 {
				t.Error("nobody is told")
			}
			w.same(t, o, 2000, 0)
		}
		w.bank.SetOn(fakepay.CallRefund, fakepay.Any, fakepay.Approve)
		if r, err := w.give(units(o, 0, 2), ""); err != nil || r.Status != order.RefundSucceeded || r.Amount != shoptest.USD(2000) {
			t.Errorf("again: %+v, %v", r, err)
		}
		w.same(t, o, 2000, 2000)
	})
}

// sold is an item of an order that is placed as a checkout does, with a discount.
type sold struct{ price, quantity, discount, tax int64 }

// discounted places an order of items in a currency, taxes included or on top,
// and has it paid by card.
func (w *world) discounted(c money.Currency, included bool, items ...sold) order.Order {
	w.Helper()
	ctx := ident.As(context.Background(), "checkout")
	a := func(minor int64) money.Amount { return money.New(minor, c) }
	id := ident.NewID("ord")
	o := order.Order{ID: id, CartID: ident.NewID("cart"), PlacedAt: w.clock.Now(), Market: pricing.DefaultMarket, Currency: c, Locale: "en", TaxIncluded: included,
		Email: "ada@example.com", Totals: bill.Zero(c), Discounts: []order.Discount{{ID: "disc_1", Title: "Sale", Amount: a(0)}}}
	for i, s := range items {
		sub := s.price * s.quantity
		it := order.Item{ID: fmt.Sprint("oi_", i), ProductID: "prod_1", VariantID: "var_1", Title: "Thing", Quantity: s.quantity, UnitPrice: a(s.price), Subtotal: a(sub),
			Discount: a(s.discount), Tax: a(s.tax), Total: a(sub - s.discount)}
		taxable := sub - s.discount - s.tax
		if !included {
			it.Total.Minor, taxable = it.Total.Minor+s.tax, sub-s.discount
		}
		it.TaxLines = []bill.Tax{{Name: "VAT", Taxable: a(taxable), Amount: it.Tax}}
		o.Items = append(o.Items, it)
		o.Discounts[0].Amount.Minor += s.discount
		o.Discounts[0].Allocations = append(o.Discounts[0].Allocations, order.Allocation{ItemID: it.ID, Amount: it.Discount})
		o.Totals.Subtotal.Minor += sub
		o.Totals.Tax.Minor += s.tax
		o.Totals.Total.Minor += it.Total.Minor
	}
	o.Totals.Discount, o.Totals.AmountDue = o.Discounts[0].Amount, o.Totals.Total
	o.Taxes = []bill.Tax{{Name: "VAT", Taxable: a(0), Amount: o.Totals.Tax}}
	zero := money.Zero(c)
	o.Balance = order.Balance{Authorized: zero, Captured: zero, Refunded: zero, Due: o.Totals.AmountDue}
	p, err := w.far.Payments.Open(ctx, payment.OpenInput{ID: "pay_" + id[len("ord_"):] + ".1", OrderID: id, Method: card, Amount: o.Totals.AmountDue})
	if err != nil {
		w.Fatal(err)
	}
	if p, err = w.far.Payments.Authorize(ctx, payment.IDInput{ID: p.ID}); err != nil || p.Status != payment.StatusCaptured {
		w.Fatal(p.Status, err)
	}
	o.Payments = []order.Payment{{ID: p.ID, Method: p.Method, Status: string(p.Status), Amount: p.Amount, Authorized: p.Authorized, Captured: p.Captured,
		Refunded: p.Refunded, Refunding: p.Refunding, Disputed: p.Disputed, NextAction: json.RawMessage("null"), Version: p.Version}}
	if _, err := w.far.Orders.Place(ctx, order.PlaceInput{CheckoutID: o.CartID + ".1", Order: o, Confirmed: true}); err != nil {
		w.Fatal(err)
	}
	return w.order(id)
}

// given is what a refund gave back: its amount, and the tax in it.
type given struct{ amount, tax int64 }

// R07 to R09: discounts and taxes go back with what they were of, to the cent.
func TestRefundOfDiscountedOrders(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		w := with(t, buntest.Open(t, server), fakepay.New(nil), nil, "GBP")
		t.Run(server, func(t *testing.T) { discountedRefunds(t, w) })
	}
}

func discountedRefunds(t *testing.T, w *world) {
	example26 := []sold{{1999, 1, 116, 155}, {333, 3, 58, 78}, {4550, 2, 526, 707}}
	for name, c := range map[string]struct {
		currency money.Currency
		included bool
		items    []sold
		parts    [][2]int64 // item, units
		want     []given
		rest     given
	}{
		"6: all":          {"GBP", true, []sold{{2390, 10, 5975, 2988}}, nil, nil, given{17925, 2988}},
		"7: one by one":   {"GBP", true, []sold{{2390, 10, 5975, 2988}}, [][2]int64{{0, 1}, {0, 1}, {0, 1}, {0, 1}}, []given{{1793, 299}, {1792, 299}, {1793, 298}, {1792, 299}}, given{10755, 1793}},
		"R07: one × 10":   {"GBP", true, []sold{{2390, 10, 5975, 2988}}, slices.Repeat([][2]int64{{0, 1}}, 10), tenTimes, given{}},
		"R07: 3 and 7":    {"GBP", true, []sold{{2390, 10, 5975, 2988}}, [][2]int64{{0, 3}, {0, 7}}, []given{{5378, 896}, {12547, 2092}}, given{}},
		"17: 1, 1, 1":     {"GBP", true, []sold{{334, 3, 2, 0}}, [][2]int64{{0, 1}, {0, 1}, {0, 1}}, []given{{333, 0}, {334, 0}, {333, 0}}, given{}},
		"17: 2, 1":        {"GBP", true, []sold{{334, 3, 2, 0}}, [][2]int64{{0, 2}, {0, 1}}, []given{{667, 0}, {333, 0}}, given{}},
		"18":              {"GBP", false, []sold{{10000, 2, 2000, 1800}}, [][2]int64{{0, 1}}, []given{{9900, 900}}, given{9900, 900}},
		"19":              {"GBP", true, []sold{{6000, 1, 600, 0}, {4000, 1, 400, 0}}, [][2]int64{{1, 1}}, []given{{3600, 0}}, given{5400, 0}},
		"27: one by one":  {"GBP", false, example26, [][2]int64{{1, 1}, {1, 1}, {1, 1}}, []given{{340, 26}, {339, 26}, {340, 26}}, given{2038 + 9281, 155 + 707}},
		"12: yen":         {"JPY", true, []sold{{1980, 3, 891, 459}}, [][2]int64{{0, 1}, {0, 1}}, []given{{1683, 153}, {1683, 153}}, given{1683, 153}},
		"all but a penny": {"GBP", true, []sold{{1, 3, 2, 0}}, [][2]int64{{0, 2}}, []given{{1, 0}}, given{}},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.discounted(c.currency, c.included, c.items...)
			sum := given{}
			try := func(in checkout.RefundInput, want given) {
				t.Helper()
				plan, err := w.far.Checkout.PreviewRefund(t.Context(), order.RefundInput{ID: in.ID, Items: in.Items, Reason: "damaged"})
				r, err2 := w.give(in, "")
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				if got := (given{r.Amount.Minor, r.Tax.Minor}); got != want || plan.Amount != r.Amount || plan.Tax != r.Tax {
					t.Errorf("gave back %+v, promised %v and %v, want %+v", got, plan.Amount, plan.Tax, want)
				}
				sum.amount, sum.tax = sum.amount+r.Amount.Minor, sum.tax+r.Tax.Minor
			}
			for i, p := range c.parts {
				try(units(o, int(p[0]), p[1]), c.want[i])
			}
			if c.rest != (given{}) {
				try(rest(o), c.rest)
			}
			_, err := w.give(rest(o), "")
			lost(t, err, order.ErrAlreadyRefunded)
			if want := (given{o.Totals.Total.Minor, o.Totals.Tax.Minor}); sum != want {
				t.Errorf("altogether %+v went back, want %+v", sum, want)
			}
			w.same(t, o, o.Totals.Total.Minor, o.Totals.Total.Minor)
		})
	}
}

// tenTimes is what each of the ten units of example 6 gives back.
var tenTimes = []given{{1793, 299}, {1792, 299}, {1793, 298}, {1792, 299}, {1793, 299}, {1792, 299}, {1793, 299}, {1792, 298}, {1793, 299}, {1792, 299}}

// priced makes something that costs so much in the currency of the shop.
func (w *world) priced(c money.Currency, minor int64) string {
	w.Helper()
	v := w.Variant("Thing", 1, 1000)
	out, err := w.far.Pricing.PutPrices(context.Background(), pricing.PutPricesInput{Sets: []pricing.PriceSet{{VariantID: v, Currency: c, Prices: []pricing.PriceFields{{Amount: minor}}}}})
	if err != nil || out.Results[0].Error != nil {
		w.Fatal(err, out.Results)
	}
	return v
}

// R12, and examples whose prices a shop can be given: what is sent to the bank is
// payable in the currency, however the units go back.
func TestRefundInCurrencies(t *testing.T) {
	for _, c := range []struct {
		currency money.Currency
		included bool
		rate     money.Rate // in a millionth
		price    int64
		quantity int64
		total    int64
		parts    []given // one unit each
	}{
		{"JPY", true, 100_000, 999, 1, 999, []given{{999, 91}}},
		{"JPY", true, 100_000, 1980, 3, 5940, []given{{1980, 180}, {1980, 180}, {1980, 180}}},
		{"KWD", true, 0, 1708, 3, 5120, []given{{1710, 0}, {1710, 0}, {1700, 0}}},
		{"UGX", false, 180_000, 60001, 2, 141602, []given{{70801, 10800}, {70801, 10800}}},
		{"ISK", true, 240_000, 5, 3, 15, []given{{5, 1}, {5, 1}, {5, 1}}},
		{"EUR", false, 190_000, 108, 3, 386, []given{{129, 21}, {128, 20}, {129, 21}}},
		{"GBP", true, 200_000, 3823, 10, 38230, nil},
	} {
		t.Run(fmt.Sprint(c.currency, c.price), func(t *testing.T) {
			w := with(t, buntest.Open(t, buntest.SQLite), fakepay.New(nil), nil, c.currency)
			ctx := context.Background()
			market, err := w.far.Pricing.PutMarket(ctx, pricing.Market{ID: pricing.DefaultMarket, Name: "Default", Currency: c.currency, Country: "DE", Countries: []string{}, Locales: []string{"en"}, TaxIncluded: c.included, TimeZone: "UTC"})
			if err == nil && c.rate > 0 {
				_, err = w.far.Pricing.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "VAT", Country: "DE", Rate: c.rate})
			}
			if err != nil || market.Currency != c.currency {
				t.Fatal(market, err)
			}
			o := w.Order(card, shoptest.Line{Variant: w.priced(c.currency, c.price), Quantity: c.quantity})
			if o.Totals.Total != money.New(c.total, c.currency) || w.intent(o).Captured != o.Totals.Total {
				t.Fatalf("the total is %v, the bank took %v", o.Totals.Total, w.intent(o).Captured)
			}
			sum := given{}
			for i := range c.quantity {
				r, err := w.give(units(o, 0, 1), "")
				if err != nil {
					t.Fatal(err)
				}
				got := given{r.Amount.Minor, r.Tax.Minor}
				if c.parts != nil && got != c.parts[i] {
					t.Errorf("unit %d gave back %+v, want %+v", i, got, c.parts[i])
				}
				if step := c.currency.Step(); got.amount%step != 0 {
					t.Errorf("%d cannot be paid in %s", got.amount, c.currency)
				}
				sum.amount, sum.tax = sum.amount+got.amount, sum.tax+got.tax
			}
			if want := (given{c.total, o.Totals.Tax.Minor}); sum != want {
				t.Errorf("altogether %+v went back, want %+v", sum, want)
			}
			w.same(t, o, c.total, c.total)
			w.audit(t)
		})
	}
}

// Example 28: what was paid for the way goes back with the taxes of the goods.
func TestRefundOfShipping(t *testing.T) {
	w := on(t, buntest.SQLite)
	ctx := context.Background()
	_, err := w.far.Pricing.PutMarket(ctx, pricing.Market{ID: pricing.DefaultMarket, Name: "Default", Currency: "USD", Country: "DE", Countries: []string{}, Locales: []string{"en"}, TaxIncluded: true, TimeZone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.far.Pricing.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "VAT", Country: "DE", Rate: 190_000}); err != nil {
		t.Fatal(err)
	}
	ways, err := w.far.Pricing.ShippingMethods(ctx, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.far.Pricing.UpdateShippingMethod(ctx, pricing.UpdateShippingMethodInput{ID: ways.Items[0].ID, ShippingMethodFields: pricing.ShippingMethodFields{Name: "Parcel", By: "flat",
		Bands: []pricing.Band{{From: 0, Prices: []money.Amount{shoptest.USD(490)}}}, TaxCategory: pricing.Goods}})
	if err != nil {
		t.Fatal(err)
	}
	o := w.Order(card, one(w.Variant("Mug", 3000, 5)), one(w.Variant("Pot", 1000, 5)))
	if o.Totals.Total != shoptest.USD(4490) || o.Shipping.Tax != shoptest.USD(78) {
		t.Fatalf("total %v, tax on the way %v", o.Totals.Total, o.Shipping.Tax)
	}
	ship := func(minor int64) given {
		t.Helper()
		r, err := w.give(checkout.RefundInput{RefundInput: order.RefundInput{ID: o.ID, Shipping: new(shoptest.USD(minor))}}, "")
		if err != nil {
			t.Fatal(err)
		}
		return given{r.Amount.Minor, r.Tax.Minor}
	}
	if a, b := ship(245), ship(245); a != (given{245, 39}) || b != (given{245, 39}) {
		t.Errorf("the way goes back as %+v and %+v", a, b)
	}
	if r, err := w.give(rest(o), ""); err != nil || r.Amount != shoptest.USD(4000) || r.Tax != shoptest.USD(479+160) {
		t.Errorf("the goods: %v with %v, %v", r.Amount, r.Tax, err)
	}
	w.same(t, o, 4490, 4490)
	w.audit(t)
}

// R10, example 29: a card and a gift card have paid: the card first, and neither
// gets more than it paid.
func TestRefundToSeveral(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		gift := w.issue(5000)
		c := w.accepting(1, w.Variant("Mug", 8500, 5), gift)[0]
		p, err := w.complete(c, card, "click")
		if err != nil || len(p.Payments) != 2 {
			t.Fatalf("%d payments, %v", len(p.Payments), err)
		}
		o := p.Order
		for _, s := range []struct{ minor, card, gift int64 }{{2000, 2000, 0}, {4000, 1500, 2500}} {
			r, err := w.give(favor(o, s.minor), "")
			if err != nil || r.Status != order.RefundSucceeded {
				t.Fatal(r.Status, err)
			}
			got := map[bool]int64{}
			for _, part := range r.Payments {
				got[strings.Contains(part.PaymentID, ".g")] += part.Amount.Minor
			}
			if got[false] != s.card || got[true] != s.gift {
				t.Errorf("%d went back as %v, want %d to the card and %d to the gift card", s.minor, got, s.card, s.gift)
			}
		}
		if in := w.intent(o); in.Captured.Minor != 3500 || len(in.Refunds) != 2 || w.left(gift) != 2500 {
			t.Errorf("the bank took %v, %d refunds, the gift card has %d", in.Captured, len(in.Refunds), w.left(gift))
		}
		if r, err := w.give(rest(o), ""); err != nil || r.Amount != shoptest.USD(2500) || w.left(gift) != 5000 {
			t.Errorf("the rest %v, %v; the gift card has %d", r.Amount, err, w.left(gift))
		}
		_, err = w.give(favor(o, 1), "")
		lost(t, err, order.ErrAlreadyRefunded)
	})
}
