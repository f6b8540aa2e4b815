package embed_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// answers collects what clients were told.
type answers struct {
	mu   sync.Mutex
	said []string
}

func (a *answers) add(t *testing.T, p checkout.Placed) {
	data, err := json.Marshal(p)
	if err != nil {
		t.Error(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said = append(a.said, string(data))
}

// different returns how many different answers there were.
func (a *answers) different() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.said)
	return len(slices.Compact(slices.Clone(a.said)))
}

// charged fails the test unless the bank has one payment of an order, of its
// whole total.
func (w *world) charged(t *testing.T, o order.Order) {
	t.Helper()
	n, err := w.bank.Chargeable(o.ID)
	if err != nil || n != 1 {
		t.Errorf("%d payments of %s can charge, %v; want 1", n, o.ID, err)
	}
	if all, _ := w.bank.Intents(); len(all) != 1 {
		t.Errorf("the bank knows of %d payments, want 1", len(all))
	}
	if took, _ := w.bank.Taken(o.ID, o.Currency); took != o.Totals.Total {
		t.Errorf("taken %v, want %v", took, o.Totals.Total)
	}
}

// C01: one cart, one key, many clicks: one order, and one answer that never changes.
func TestOneKeyManyClicks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 10)
		c := w.Cart(one(mug))
		var got answers
		together(16, func(int) {
			p, err := w.complete(c, card, "click")
			if err != nil {
				lost(t, err, idem.ErrInFlight)
				return
			}
			got.add(t, p)
		})
		again, err := w.complete(c, card, "click")
		if err != nil {
			t.Fatal(err)
		}
		got.add(t, again)
		w.charged(t, again.Order)
		w.ship(t, again.ID)
		later, err := w.complete(c, card, "click")
		if err != nil {
			t.Fatal(err)
		}
		got.add(t, later)
		if n := got.different(); n != 1 || w.orders() != 1 || w.Available(mug) != 9 {
			t.Errorf("%d answers, %d orders, %d available", n, w.orders(), w.Available(mug))
		}
	})
}

// C02: one cart, many keys: one order all the same.
func TestManyKeysOneCart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, method := range []string{card, cash} {
			mug := w.Variant("Mug", 1000, 10)
			c := w.Cart(one(mug))
			ids := make([]string, 16)
			together(len(ids), func(i int) {
				p, err := w.complete(c, method, fmt.Sprint("key-", i))
				if err != nil {
					lost(t, err, checkout.ErrInProgress)
				}
				ids[i] = p.ID
			})
			p, err := w.complete(c, method, "key-in-the-end")
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if id != "" && id != p.ID {
					t.Errorf("one cart made the orders %s and %s", id, p.ID)
				}
			}
			if method == card {
				w.charged(t, p.Order)
			}
			if got := w.Available(mug); got != 9 {
				t.Errorf("%d available, want 9", got)
			}
		}
		if n := w.orders(); n != 2 {
			t.Errorf("%d orders of two carts", n)
		}
	})
}

// C03, C05: a key belongs to one request of one caller.
func TestWhoseKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 10)
		a, b := w.Cart(one(mug)), w.Cart(one(mug))
		p, err := w.complete(a, cash, "same")
		if err != nil {
			t.Fatal(err)
		}
		ctx := ident.WithKey(shoptest.Guest(t.Context(), a), "same")
		complete := func(in checkout.CompleteInput) error {
			_, err := w.far.Checkout.Complete(ctx, in)
			return err
		}
		in := checkout.CompleteInput{ID: a.ID, ExpectedTotal: a.Totals.Total, Payment: checkout.Means{Method: card}}
		lost(t, complete(in), idem.ErrReused)
		in.Payment.Method, in.ExpectedTotal.Minor = cash, 1
		lost(t, complete(in), idem.ErrReused)
		in.ExpectedTotal = a.Totals.Total
		in.ExpectedTotal.Currency = "EUR"
		lost(t, complete(in), idem.ErrReused)
		in.ID, in.ExpectedTotal = b.ID, a.Totals.Total
		lost(t, complete(in), idem.ErrReused)

		q, err := w.complete(b, cash, "same") // another guest
		if err != nil || q.ID == p.ID || q.CartID != b.ID {
			t.Errorf("the key of one guest answered another: order %s of cart %s, %v", q.ID, q.CartID, err)
		}
		stranger := storefront.Cart{ID: a.ID, Totals: a.Totals}
		_, err = w.complete(stranger, cash, "same")
		lost(t, err, idem.ErrBadKey) // anonymous and easy to guess
		_, err = w.complete(stranger, cash, "0123456789012345678901")
		lost(t, err, cart.ErrNotFound)
		for _, bad := range []string{string(make([]byte, 256)), "tab\tkey", "two words", "schlüssel"} {
			_, err = w.complete(a, cash, bad)
			lost(t, err, idem.ErrBadKey)
		}
		if n := w.orders(); n != 2 {
			t.Errorf("%d orders, want 2", n)
		}
	})
}

// C07: a process hangs in the middle of a request and comes back after others have
// taken over: one order, one charge.
func TestTakenOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 10)
		c := w.Cart(one(mug))
		arrived, open := w.bank.Stop(fakepay.Any)
		defer open()
		var slow sync.WaitGroup
		try := func() {
			if _, err := w.complete(c, card, "slow"); err != nil {
				t.Errorf("a slow one: %v", err)
			}
		}
		slow.Go(try)
		<-arrived
		_, err := w.complete(c, card, "slow")
		lost(t, err, idem.ErrInFlight)
		w.clock.Advance(time.Minute + time.Second)
		slow.Go(try)
		other, err := w.bank.Intents() // the second one waits behind the first, or answers that it must wait
		if err != nil || len(other) != 0 {
			t.Errorf("%d payments while the bank is closed, %v", len(other), err)
		}
		open()
		slow.Wait()
		again, err := w.complete(c, card, "slow")
		if err != nil || again.CartID != c.ID || again.Status != order.StatusConfirmed {
			t.Errorf("in the end: %s is %s, %v", again.ID, again.Status, err)
		}
		w.charged(t, again.Order)
	})
}

// ship plans a parcel with all of an order and sends it.
func (w *world) ship(t *testing.T, id string) {
	t.Helper()
	o, err := w.far.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: id})
	if err == nil {
		_, err = w.far.Fulfil.Ship(t.Context(), shipInput(o))
	}
	if err != nil {
		t.Fatal(err)
	}
}
