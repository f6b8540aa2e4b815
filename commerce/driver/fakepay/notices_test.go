package fakepay_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var _ payment.Receiver = (*fakepay.Provider)(nil)

func TestReceive(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration, secrets ...string) *fakepay.Provider {
		return fakepay.New(&fakepay.Options{Secrets: secrets, Now: func() time.Time { return now.Add(d) }})
	}
	here := at(0, "old", "new")
	_, good := here.Notice("evt_1", "pay_1")
	for name, c := range map[string]struct {
		by   *fakepay.Provider
		body string
		edit func(header string) string
		want error
	}{
		"good":            {by: here},
		"one secret":      {by: at(0, "new")},
		"the other":       {by: at(0, "old")},
		"among others":    {by: at(0, "x", "old", "y")},
		"4:59 ago":        {by: at(-299*time.Second, "new")},
		"in 5:00":         {by: at(300*time.Second, "new")},
		"5:01 ago":        {by: at(-301*time.Second, "new"), want: payment.ErrSignature},
		"in 5:01":         {by: at(301*time.Second, "new"), want: payment.ErrSignature},
		"wrong secret":    {by: at(0, "x"), want: payment.ErrSignature},
		"no secret":       {by: at(0, ""), want: payment.ErrSignature},
		"one space":       {by: here, body: string(good) + " ", want: payment.ErrSignature},
		"another time":    {by: here, edit: func(h string) string { return strings.Replace(h, "t=1", "t=01", 1) }, want: payment.ErrSignature},
		"no time":         {by: here, edit: func(h string) string { return h[strings.Index(h, "v1="):] }, want: payment.ErrSignature},
		"only a time":     {by: here, edit: func(h string) string { return h[:strings.Index(h, ",")] }, want: payment.ErrSignature},
		"cut":             {by: here, edit: func(h string) string { return h[:strings.Index(h, ",")+20] }, want: payment.ErrSignature},
		"nothing":         {by: here, edit: func(string) string { return "" }, want: payment.ErrSignature},
		"far future":      {by: here, edit: func(h string) string { return "t=9223372036854775807" + h[strings.Index(h, ","):] }, want: payment.ErrSignature},
		"signed non-JSON": {by: here, body: "no JSON", want: fault.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(c.body)
			header := c.by.Sign(good)
			if c.want == fault.ErrMalformed {
				header = c.by.Sign(body)
			}
			if c.body == "" {
				body = good
			}
			if c.edit != nil {
				header["fakepay-signature"][0] = c.edit(header["fakepay-signature"][0])
			}
			n, err := here.Receive(t.Context(), header, body)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("err = %v, want %v", err, c.want)
			}
			if err == nil && (n.ID != "evt_1" || n.Type == "" || n.PaymentID != "pay_1" || n.ProviderID == "") || err != nil && n != (payment.Notice{}) {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}
	header, _ := here.Notice("evt_1", "pay_1")
	for name, h := range map[string]map[string][]string{"none": nil, "two": {"fakepay-signature": {header["fakepay-signature"][0], "t=1"}}} {
		if _, err := here.Receive(t.Context(), h, good); !errors.Is(err, payment.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is about something else names no payment, whatever it says.
	other := []byte(`{"id":"evt_2","type":"weather.changed","payment_id":"pay_1"}`)
	if n, err := here.Receive(t.Context(), here.Sign(other), other); err != nil || n != (payment.Notice{ID: "evt_2", Type: "weather.changed"}) {
		t.Errorf("%+v, %v", n, err)
	}
}

// A notice names the payment as the bank does when it is asked.
func TestNoticeOfAnIntent(t *testing.T) {
	p := fakepay.New(nil)
	s, err := p.Start(t.Context(), owed("pay_1"))
	if err != nil {
		t.Fatal(err)
	}
	header, body := p.Notice("evt_1", "pay_1")
	if n, err := fakepay.New(nil).Receive(t.Context(), header, body); err != nil || n.ProviderID != s.ProviderID {
		t.Errorf("%+v, %v; want %s", n, err, s.ProviderID)
	}
}
