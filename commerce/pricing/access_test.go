package pricing_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// handlers returns the operations of an engine by name.
func handlers(s pricing.Service) map[string]op.Handler {
	all := map[string]op.Handler{}
	pricing.Register(op.RegistrarFunc(func(h op.Handler) { all[h.Name] = h }), s)
	return all
}

func TestRegister(t *testing.T) {
	all := handlers(newShop(t))
	if want := reflect.TypeFor[pricing.Service]().NumMethod(); len(all) != want {
		t.Errorf("%d operations are registered, want %d", len(all), want)
	}
	for name, h := range all {
		if err := check.Type(h.In); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// direct is a caller of the handlers in this process, through JSON.
type direct map[string]op.Handler

func (d direct) Call(ctx context.Context, name string, in, out any) error {
	h := d[name]
	arg := h.New()
	reflect.ValueOf(arg).Elem().Set(reflect.ValueOf(in))
	got, err := h.Call(ctx, arg)
	if err != nil {
		return err
	}
	data, err := json.Marshal(got)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func TestClient(t *testing.T) {
	s := newShop(t)
	s.put(set("a", 1190))
	must(t)(s.CreateTaxRate(t.Context(), pricing.TaxRateFields{Name: "MwSt.", Country: "DE", Rate: percent("19")}))
	c := pricing.Client{Caller: direct(handlers(s))}
	want := s.quote(basketOf(item("a", 3)))
	got, err := c.Quote(t.Context(), basketOf(item("a", 3)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("quote through a client %+v, %v\nwant %+v", got, err, want)
	}
}

func TestAccess(t *testing.T) {
	s := newShop(t)
	const anyone, inside = "anyone", "inside"
	access := map[string]string{
		"pricing.markets": anyone, "pricing.generation": anyone, "pricing.quote": inside, "pricing.redeem": inside, "pricing.restore": inside, "pricing.prices": "catalog:read",
		"pricing.promotions": "promotions:read", "pricing.promotion": "promotions:read", "pricing.create_promotion": "promotions:write",
		"pricing.update_promotion": "promotions:write", "pricing.delete_promotion": "promotions:write", "pricing.try_code": inside,
		"pricing.put_prices": "catalog:write", "pricing.seed": "settings:write", "pricing.put_market": "settings:write",
		"pricing.tax_rates": "settings:read", "pricing.create_tax_rate": "settings:write", "pricing.update_tax_rate": "settings:write", "pricing.delete_tax_rate": "settings:write",
		"pricing.shipping_methods": "settings:read", "pricing.create_shipping_method": "settings:write", "pricing.update_shipping_method": "settings:write", "pricing.delete_shipping_method": "settings:write",
	}
	for name, h := range handlers(s) {
		need := access[name]
		for _, tt := range []struct {
			who  ident.Actor
			want error
		}{
			{ident.Actor{Kind: ident.Guest}, fault.ErrUnauthenticated},
			{ident.Actor{Kind: ident.Customer, ID: "cus_1"}, fault.ErrDenied},
			{ident.Actor{Kind: ident.Staff, Scopes: []string{"orders:write"}}, fault.ErrDenied},
			{ident.Actor{Kind: ident.Staff, Scopes: []string{need}}, nil},
			{ident.Actor{Kind: ident.Service}, nil},
		} {
			want := tt.want
			if need == anyone {
				want = nil
			}
			if need == inside && tt.who.Kind == ident.Staff {
				want = fault.ErrDenied
			}
			_, err := h.Call(ident.With(t.Context(), tt.who), h.New())
			denied := errors.Is(err, fault.ErrDenied) || errors.Is(err, fault.ErrUnauthenticated)
			if denied != (want != nil) || want != nil && !errors.Is(err, want) {
				t.Errorf("%s by %s %v: %v, want %v", name, tt.who, tt.who.Scopes, err, want)
			}
		}
	}
}

func TestInvalidSettings(t *testing.T) {
	s := newShop(t)
	rate := func(r money.Rate, country string) error {
		return second(s.CreateTaxRate(t.Context(), pricing.TaxRateFields{Name: "x", Country: country, Rate: r}))
	}
	market := func(change func(*pricing.Market)) error {
		m := pricing.Market{ID: "m", Name: "M", Currency: "EUR", Country: "DE", TimeZone: "UTC"}
		change(&m)
		return second(s.PutMarket(t.Context(), m))
	}
	method := func(by pricing.By, bands ...pricing.Band) error {
		return second(s.CreateShippingMethod(t.Context(), pricing.ShippingMethodFields{Name: "x", By: by, Bands: bands}))
	}
	band := func(from int64, prices ...money.Amount) pricing.Band { return pricing.Band{From: from, Prices: prices} }
	euro := money.New(1, "EUR")
	for name, tt := range map[string]struct {
		err   error
		param string
	}{
		"101 %":                  {rate(1_010_000, "DE"), "/rate"},
		"−1 %":                   {rate(-10_000, "DE"), "/rate"},
		"country in lower case":  {rate(0, "de"), "/country"},
		"unknown currency":       {market(func(m *pricing.Market) { m.Currency = "XXX" }), "/currency"},
		"unknown time zone":      {market(func(m *pricing.Market) { m.TimeZone = "Mars/Olympus" }), "/time_zone"},
		"the server's time zone": {market(func(m *pricing.Market) { m.TimeZone = "Local" }), "/time_zone"},
		"countries":              {market(func(m *pricing.Market) { m.Countries = []string{"DE", "Austria"} }), "/countries/1"},
		"market id":              {market(func(m *pricing.Market) { m.ID = "Über" }), "id"},
		"no band":                {method(pricing.Flat), "/bands"},
		"flat in two bands":      {method(pricing.Flat, band(0, euro), band(1, euro)), "/bands"},
		"not from 0":             {method(pricing.ByWeight, band(1, euro)), "/bands/0/from"},
		"below 0":                {method(pricing.ByWeight, band(-1, euro)), "/bands/0/from"},
		"not ascending":          {method(pricing.ByWeight, band(0, euro), band(5, euro), band(5, euro)), "/bands/2/from"},
		"negative price":         {method(pricing.Flat, band(0, money.New(-1, "EUR"))), "/bands/0/prices/0/amount"},
		"price beyond bound":     {method(pricing.Flat, band(0, money.New(100_000_000_000, "EUR"))), "/bands/0/prices/0/amount"},
		"currency twice":         {method(pricing.Flat, band(0, euro, euro)), "/bands/0/prices/1/currency"},
		"unknown price currency": {method(pricing.Flat, band(0, money.New(1, "XXX"))), "/bands/0/prices/0/currency"},
		"unknown kind":           {method("volume", band(0, euro)), "/by"},
		"days":                   {second(s.CreateShippingMethod(t.Context(), pricing.ShippingMethodFields{Name: "x", By: pricing.Flat, Bands: []pricing.Band{band(0, euro)}, MinDays: 5, MaxDays: 2})), "/max_days"},
	} {
		f, _ := errors.AsType[*fault.Error](tt.err)
		if f == nil || f.Kind != fault.Invalid || len(f.Errors) == 0 || f.Errors[0].Param != tt.param {
			t.Errorf("%s: %+v, want an invalid %s", name, tt.err, tt.param)
		}
	}
	var f pricing.TaxRateFields
	for _, text := range []string{`"101"`, `"-1"`, `"1.000000001"`, `"x"`} {
		if err := json.Unmarshal([]byte(`{"rate":`+text+`}`), &f); !errors.Is(err, money.ErrRate) {
			t.Errorf("rate %s: %v, want money.bad_rate", text, err)
		}
	}
	s.events()
}
