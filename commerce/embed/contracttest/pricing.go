package contracttest

import (
	"errors"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// euros is the id of a second market. Markets cannot be taken away, so there is
// one for all cases and all times.
const euros = "contract-eur"

func market(id, name string) pricing.Market {
	return pricing.Market{ID: id, Name: name, Currency: "EUR", Country: "DE", TimeZone: "Europe/Berlin"}
}

// twoMarkets makes sure that there is the second market.
func (w *world) twoMarkets() {
	w.Helper()
	w.ok(w.Pricing.PutMarket(w.Context(), market(euros, "Contract")))
}

func quoting(market, variant string) pricing.QuoteInput {
	return pricing.QuoteInput{Market: market, Items: []pricing.QuoteItem{{ID: "1", VariantID: variant, Quantity: 1}}}
}

func rate(w *world) pricing.TaxRateFields {
	return pricing.TaxRateFields{Name: "Contract", Country: "AQ", Category: w.name(), Rate: got(money.ParseRate("7.5"))(w)}
}

// far is a way to deliver to where nobody in these cases is.
var far = pricing.ShippingMethodFields{Name: "Contract", Countries: []string{"AQ"}, By: pricing.Flat, Bands: []pricing.Band{{Prices: []money.Amount{usd(500)}}}}

var pricingCases = []trial{
	{"pricing.seed", func(w *world) {
		before := got(w.Pricing.Markets(w.Context(), op.Nothing{}))(w)
		w.ok(w.Pricing.Seed(w.Context(), pricing.SeedInput{Currency: "USD", Country: "US"}))
		if after := got(w.Pricing.Markets(w.Context(), op.Nothing{}))(w); len(after.Items) != len(before.Items) {
			w.Errorf("%d markets, want %d: the shop was not new", len(after.Items), len(before.Items))
		}
	}},
	{"pricing.put_market and pricing.markets", func(w *world) {
		w.twoMarkets()
		w.fails(pricing.ErrCurrencyFixed)(w.Pricing.PutMarket(w.Context(), pricing.Market{ID: euros, Name: "Contract", Currency: "USD", Country: "US", TimeZone: "UTC"}))
		all := got(w.Pricing.Markets(w.Context(), op.Nothing{}))(w)
		if !slices.ContainsFunc(all.Items, func(m pricing.Market) bool { return m.ID == euros && m.Currency == "EUR" }) {
			w.Errorf("markets %+v lack %s in EUR", all.Items, euros)
		}
	}},
	{"pricing.quote", func(w *world) {
		v := w.goods(1250)
		q := got(w.Pricing.Quote(w.inside(), quoting(pricing.DefaultMarket, v)))(w)
		if q.Totals.Subtotal != usd(1250) {
			w.Errorf("subtotal %v, want 12.50", q.Totals.Subtotal)
		}
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.Quote(w.inside(), quoting(nobody, v)))
	}},
	{"pricing.redeem and pricing.restore", func(w *world) {
		v := w.goods(1250)
		q := got(w.Pricing.Quote(w.inside(), quoting(pricing.DefaultMarket, v)))(w)
		in := pricing.RedeemInput{Key: w.name(), Basket: quoting(pricing.DefaultMarket, v), Total: q.Totals.Total, Generation: q.Generation}
		w.ok(w.Pricing.Redeem(w.inside(), in))
		w.ok(w.Pricing.Restore(w.inside(), pricing.RestoreInput{Key: in.Key}))
		w.fails(once.ErrUndone)(w.Pricing.Redeem(w.inside(), in))
		w.make.Price(v, 1300)
		in.Key = w.name()
		w.fails(pricing.ErrTotalChanged)(w.Pricing.Redeem(w.inside(), in))
		in.Basket.Market = nobody
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.Redeem(w.inside(), in))
	}},
	{"pricing.prices, pricing.put_prices and pricing.generation", func(w *world) {
		v := "var_" + w.name()
		before := got(w.Pricing.Generation(w.Context(), op.Nothing{}))(w)
		w.make.Price(v, 700)
		if after := got(w.Pricing.Generation(w.Context(), op.Nothing{}))(w); after.N <= before.N {
			w.Errorf("generation %d after %d, want more", after.N, before.N)
		}
		out := got(w.Pricing.Prices(w.inside(), pricing.PricesInput{VariantIDs: []string{v}}))(w)
		if len(out.Items) != 1 || out.Items[0].Amount != usd(700) {
			w.Errorf("prices %+v, want 7.00", out.Items)
		}
	}},
	{"pricing.create_tax_rate, update_tax_rate, delete_tax_rate and tax_rates", func(w *world) {
		r := got(w.Pricing.CreateTaxRate(w.Context(), rate(w)))(w)
		f := rate(w)
		f.Name = "Other"
		w.ok(w.Pricing.UpdateTaxRate(w.Context(), pricing.UpdateTaxRateInput{ID: r.ID, TaxRateFields: f}))
		all := got(w.Pricing.TaxRates(w.Context(), op.Nothing{}))(w)
		if !slices.ContainsFunc(all.Items, func(o pricing.TaxRate) bool { return o.ID == r.ID && o.Name == "Other" }) {
			w.Errorf("tax rates %+v lack the one with another name", all.Items)
		}
		w.ok(w.Pricing.DeleteTaxRate(w.Context(), pricing.IDInput{ID: r.ID}))
		w.fails(pricing.ErrTaxRateNotFound)(w.Pricing.DeleteTaxRate(w.Context(), pricing.IDInput{ID: r.ID}))
		w.fails(pricing.ErrTaxRateNotFound)(w.Pricing.UpdateTaxRate(w.Context(), pricing.UpdateTaxRateInput{ID: r.ID, TaxRateFields: f}))
	}},
	{"pricing.create_shipping_method, update_shipping_method, delete_shipping_method and shipping_methods", func(w *world) {
		m := got(w.Pricing.CreateShippingMethod(w.Context(), far))(w)
		lost := far
		lost.Markets = []string{nobody}
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.CreateShippingMethod(w.Context(), lost))
		w.fails(pricing.ErrMarketNotFound)(w.Pricing.UpdateShippingMethod(w.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: lost}))
		other := far
		other.Name = "Other"
		w.ok(w.Pricing.UpdateShippingMethod(w.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: other}))
		all := got(w.Pricing.ShippingMethods(w.Context(), op.Nothing{}))(w)
		if !slices.ContainsFunc(all.Items, func(o pricing.ShippingMethod) bool { return o.ID == m.ID && o.Name == "Other" }) {
			w.Errorf("ways to deliver %+v lack the one with another name", all.Items)
		}
		w.ok(w.Pricing.DeleteShippingMethod(w.Context(), pricing.IDInput{ID: m.ID}))
		w.fails(pricing.ErrShippingMethodNotFound)(w.Pricing.DeleteShippingMethod(w.Context(), pricing.IDInput{ID: m.ID}))
		w.fails(pricing.ErrShippingMethodNotFound)(w.Pricing.UpdateShippingMethod(w.Context(), pricing.UpdateShippingMethodInput{ID: m.ID, ShippingMethodFields: far}))
	}},
}

// lastCases leave nothing behind that others could use.
var lastCases = []trial{
	{"pricing.put_market of too many", func(w *world) {
		const most = 100
		for range most + 1 {
			_, err := w.Pricing.PutMarket(w.Context(), market(w.name(), "Contract"))
			if errors.Is(err, pricing.ErrTooManyMarkets) {
				return
			}
			w.ok(nil, err)
		}
		w.Error("a market too many was made")
	}},
}
