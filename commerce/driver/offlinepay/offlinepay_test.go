package offlinepay_test

import (
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paytest"
)

func TestProvider(t *testing.T) {
	paytest.Run(t, func(*testing.T) paytest.Subject {
		return paytest.Subject{Provider: offlinepay.New(), Offline: true}
	})
}

func TestMethods(t *testing.T) {
	account := map[string]string{"iban": "DE02120300000000202051"}
	p := &offlinepay.Provider{Account: account}
	for i, want := range []payment.Method{
		{ID: "cash_on_delivery", Confirms: true, Manual: true},
		{ID: "bank_transfer", Manual: true, Hold: 7 * 24 * time.Hour},
		{ID: "invoice", Confirms: true, Manual: true},
	} {
		got := p.Methods()[i]
		if got.ID != want.ID || got.Confirms != want.Confirms || got.Manual != want.Manual || got.Hold != want.Hold || got.Kind != payment.KindOffline {
			t.Errorf("method %d is %+v, want %+v", i, got, want)
		}
	}
	if got := p.Methods()[1].Details["iban"]; got != "DE02120300000000202051" {
		t.Errorf("transfers go to %q", got)
	}
}
