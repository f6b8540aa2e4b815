package embed_test

import (
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// A checkout that is asked for again after its run was forgotten is still the
// same checkout, whatever became of its order.
func TestForgottenRuns(t *testing.T) {
	clock := shoptest.NewClock(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
	shop := shoptest.Open(t, &embed.Options{Now: clock.Now, Passive: true, Providers: []payment.Provider{offlinepay.New(), fakepay.New(nil)}})
	mug := shop.Variant("Mug", 1000, 10)
	line := shoptest.Line{Variant: mug, Quantity: 1}
	for _, method := range []string{"cash_on_delivery", "fake_card"} {
		c := shop.Cart(line)
		placed, err := shop.Complete(c, method)
		if err != nil {
			t.Fatal(err)
		}
		before, err := shop.Orders.Order(t.Context(), order.IDInput{ID: placed.ID})
		if err != nil {
			t.Fatal(err)
		}
		available := shop.Available(mug)
		clock.Advance(31 * 24 * time.Hour)
		if err := shop.RunJob(t.Context(), "journal.prune"); err != nil {
			t.Fatal(err)
		}
		var runs int
		if err := shop.DB.Read(t.Context(), &runs, `SELECT COUNT(*) FROM {journal}`); err != nil || runs != 0 {
			t.Fatalf("%s: %d runs are left, %v", method, runs, err)
		}
		again, err := shop.Complete(c, method)
		if err != nil || again.ID != placed.ID {
			t.Errorf("%s: again is order %s, %v; want %s", method, again.ID, err, placed.ID)
		}
		if now, err := shop.Orders.Order(t.Context(), order.IDInput{ID: placed.ID}); err != nil || now.Status != before.Status || now.Balance != before.Balance {
			t.Errorf("%s: the order is %s, %v; want %s as before", method, now.Status, err, before.Status)
		}
		if got := shop.Available(mug); got != available {
			t.Errorf("%s: %d are available, want %d as before", method, got, available)
		}
	}
	shoptest.Audit(t, shop.Shop.Shop)
}
