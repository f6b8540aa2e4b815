// Package carttest says what a cart.Store must do.
package carttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) cart.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, cart.Store)
	}{
		{"RoundTrip", roundTrip}, // non-ASCII, hostile text, numbers of many digits
		{"NotFound", notFound},
		{"InsertOnce", insertOnce},
		{"StaleLoses", staleLoses},
		{"OneWriterWins", oneWriterWins}, // 8 goroutines, 1 version
		{"OneOpenCart", oneOpenCart},
		{"OneOpenCartWins", oneOpenCartWins}, // 8 goroutines, 1 customer and market
		{"ClosingFreesTheMarket", closingFrees},
		{"RefusalKeepsUnit", refusalKeepsUnit},
		{"OpenOf", openOf},
		{"Idle", idle},
		{"Rollback", rollback},
		{"MarkJoins", markJoins},
		{"RecordJoins", recordJoins}, // an event is rolled back with its unit
		{"WritersQueue", writersQueue},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var day = time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)

// hostile is text that breaks careless SQL.
const hostile = `'; DROP TABLE mercer_cart; -- \ \' " ? {cart} % ☕ é 👩‍👩‍👧 日本`

// fresh returns an open cart that was never saved.
func fresh(id, customer, market string, c money.Currency) cart.Cart {
	return cart.Cart{ID: id, Status: cart.StatusOpen, Market: market, Currency: c, Locale: "en", CustomerID: customer,
		Metadata: json.RawMessage(`{}`), Items: []cart.Item{}, Attempt: 1, Epoch: 1, CreatedAt: day, UpdatedAt: day, ExpiresAt: day.Add(cart.Lifetime)}
}

func save(t *testing.T, s cart.Store, c cart.Cart) cart.Cart {
	t.Helper()
	if err := s.Save(t.Context(), &c); err != nil {
		t.Fatalf("save %s: %v", c.ID, err)
	}
	return c
}

func load(t *testing.T, s cart.Store, id string) cart.Cart {
	t.Helper()
	c, err := s.Cart(t.Context(), id)
	if err != nil {
		t.Fatalf("cart %s: %v", id, err)
	}
	return c
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func roundTrip(t *testing.T, s cart.Store) {
	want := fresh("cart_1", "cus_1", "日本 "+`'\?`, "JPY")
	want.Country, want.Email, want.Note = "JP", "ada@example.com", hostile
	want.Metadata = json.RawMessage(`{"z":1.10,"a":12345678901234567890,"big":1e400}`)
	want.Items = []cart.Item{
		{ID: "ci_1", VariantID: "var_1", Quantity: 9999, Price: money.New(99_999_999_999, "JPY"), Metadata: json.RawMessage(`{"k":"\u003c\\\"'é"}`)},
		{ID: "ci_2", VariantID: hostile, Quantity: 1, Price: money.Zero("JPY"), Metadata: json.RawMessage(`{}`)},
	}
	want.Shipping = &address.Address{Name: hostile, Line1: "1", City: "東京", PostalCode: "1", Country: "JP"}
	want.Billing = &address.Address{Name: "B", Line1: "1", City: "x", PostalCode: "1", Country: "DE"}
	want.ShippingOption = "so_1"
	want.GiftCards = []cart.GiftCard{{ID: "gc_2", Last4: "7Q2F"}, {ID: "gc_1", Last4: hostile}}
	want = save(t, s, want)
	if want.Version != 1 {
		t.Errorf("version after the first save = %d, want 1", want.Version)
	}
	if got := load(t, s, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("inserted\n%+v, want\n%+v", got, want)
	}
	want.Status, want.OrderID, want.IntoID, want.ClosedAt, want.Items = cart.StatusCompleted, "ord_1", "cart_2", day, []cart.Item{}
	want.Shipping = nil
	want = save(t, s, want)
	if got := load(t, s, want.ID); !reflect.DeepEqual(got, want) || got.Version != 2 {
		t.Errorf("updated\n%+v, want\n%+v", got, want)
	}
}

func notFound(t *testing.T, s cart.Store) {
	save(t, s, fresh("cart_1", "cus_1", "eu", "EUR"))
	for _, id := range []string{"none", "CART_1", "cart_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Cart(t.Context(), id)
		wantErr(t, err, cart.ErrNotFound)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Cart(ctx, "none")
		return err
	})
	wantErr(t, err, cart.ErrNotFound)
	c := fresh("none", "", "eu", "EUR")
	c.Version = 1
	wantErr(t, s.Save(t.Context(), &c), cart.ErrStale)
}

func insertOnce(t *testing.T, s cart.Store) {
	for _, customer := range []string{"", "cus_1"} {
		id := "cart_" + customer
		save(t, s, fresh(id, customer, "eu", "EUR"))
		again := fresh(id, customer, "eu", "EUR")
		again.Note = "second"
		wantErr(t, s.Save(t.Context(), &again), cart.ErrStale)
		if got := load(t, s, id); got.Note != "" || got.Version != 1 || again.Version != 0 {
			t.Errorf("a refused insert left %+v, version %d", got, again.Version)
		}
	}
}

func staleLoses(t *testing.T, s cart.Store) {
	old := save(t, s, fresh("cart_1", "", "eu", "EUR"))
	save(t, s, old)
	old.Note = "stale"
	wantErr(t, s.Save(t.Context(), &old), cart.ErrStale)
	if got := load(t, s, "cart_1"); got.Note != "" || got.Version != 2 || old.Version != 1 {
		t.Errorf("a refused save left %+v, version %d", got, old.Version)
	}
}

// race calls fn 8 times at once and returns how many calls won; the others must
// have failed with loses.
func race(t *testing.T, loses error, fn func(i int) error) int64 {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch err := fn(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, loses):
				t.Errorf("err = %v, want %v", err, loses)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func oneWriterWins(t *testing.T, s cart.Store) {
	c := save(t, s, fresh("cart_1", "", "eu", "EUR"))
	won := race(t, cart.ErrStale, func(i int) error {
		mine := c
		mine.Note = fmt.Sprint(i)
		return s.Save(t.Context(), &mine)
	})
	if won != 1 {
		t.Errorf("%d writers won, want 1", won)
	}
}

func oneOpenCart(t *testing.T, s cart.Store) {
	save(t, s, fresh("cart_1", "cus_1", "eu", "EUR"))
	second := fresh("cart_2", "cus_1", "eu", "EUR")
	wantErr(t, s.Save(t.Context(), &second), cart.ErrTaken)
	if second.Version != 0 {
		t.Errorf("version after a refusal = %d, want 0", second.Version)
	}
	_, err := s.Cart(t.Context(), "cart_2")
	wantErr(t, err, cart.ErrNotFound)

	// Others may: guests, other customers, other markets, other currencies.
	for i, c := range []cart.Cart{fresh("", "", "eu", "EUR"), fresh("", "", "eu", "EUR"), fresh("", "cus_2", "eu", "EUR"), fresh("", "CUS_1", "eu", "EUR"),
		fresh("", "cus_1", "us", "EUR"), fresh("", "cus_1", "eu", "USD"), fresh("", "cus_1|eu", "x", "EUR"), fresh("", "cus_1", "eu|x", "EUR"), fresh("", "cus_1%7Ceu", "x", "EUR")} {
		c.ID = fmt.Sprint("other_", i)
		save(t, s, c)
	}

	// A cart that moves there, or gets that owner, is refused too.
	for _, id := range []string{"other_0", "other_4"} {
		c := load(t, s, id)
		c.CustomerID, c.Market, c.Currency = "cus_1", "eu", "EUR"
		wantErr(t, s.Save(t.Context(), &c), cart.ErrTaken)
		if got := load(t, s, id); got.Version != 1 || c.Version != 1 {
			t.Errorf("version of %s after a refusal = %d, %d, want 1", id, got.Version, c.Version)
		}
	}
}

func oneOpenCartWins(t *testing.T, s cart.Store) {
	won := race(t, cart.ErrTaken, func(i int) error {
		c := fresh(fmt.Sprint("cart_", i), "cus_1", "eu", "EUR")
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			mine := c
			return s.Save(ctx, &mine)
		})
	})
	if won != 1 {
		t.Errorf("%d open carts of one customer, want 1", won)
	}
}

func closingFrees(t *testing.T, s cart.Store) {
	for i, status := range []cart.Status{cart.StatusCompleted, cart.StatusMerged, cart.StatusAbandoned, cart.StatusExpired} {
		c := save(t, s, fresh(fmt.Sprint("cart_", i), "cus_1", "eu", "EUR"))
		c.Status, c.ClosedAt = status, day
		save(t, s, c)
	}
	last := save(t, s, fresh("cart_last", "cus_1", "eu", "EUR"))
	back := load(t, s, "cart_0")
	back.Status = cart.StatusOpen
	wantErr(t, s.Save(t.Context(), &back), cart.ErrTaken)
	last.Market = "us"
	save(t, s, last)
	save(t, s, back)
}

func refusalKeepsUnit(t *testing.T, s cart.Store) {
	one := save(t, s, fresh("cart_1", "cus_1", "eu", "EUR"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		stale := one
		stale.Version = 7
		wantErr(t, s.Save(ctx, &stale), cart.ErrStale)
		taken := fresh("cart_2", "cus_1", "eu", "EUR")
		wantErr(t, s.Save(ctx, &taken), cart.ErrTaken)
		taken.Status, taken.ClosedAt = cart.StatusAbandoned, day
		return s.Save(ctx, &taken)
	})
	if err != nil {
		t.Errorf("the unit of a refused save: %v", err)
	}
	if got := load(t, s, "cart_2"); got.Status != cart.StatusAbandoned {
		t.Errorf("status = %s, want abandoned", got.Status)
	}
}

func openOf(t *testing.T, s cart.Store) {
	find := func(customer, market string, c money.Currency, want string) {
		t.Helper()
		got, err := s.OpenOf(t.Context(), customer, market, c)
		if want == "" {
			wantErr(t, err, cart.ErrNotFound)
		} else if err != nil || got.ID != want {
			t.Errorf("open cart of %q in %q %q = %q, %v; want %s", customer, market, c, got.ID, err, want)
		}
	}
	find("cus_1", "", "", "")
	save(t, s, fresh("cart_guest", "", "eu", "EUR"))
	late := fresh("cart_a", "cus_1", "eu", "EUR")
	late.UpdatedAt = day.Add(time.Microsecond)
	late = save(t, s, late)
	save(t, s, fresh("cart_b", "cus_1", "us", "USD"))
	save(t, s, fresh("cart_c", "cus_1", "eu", "USD"))
	save(t, s, fresh("cart_d", "cus_2", "eu", "EUR"))
	find("cus_1", "", "", "cart_a")
	find("cus_1", "eu", "", "cart_a")
	find("cus_1", "us", "", "cart_b")
	find("cus_1", "eu", "USD", "cart_c")
	find("cus_1", "EU", "", "")
	find("cus_1", "", "GBP", "")
	find("cus_1 ", "", "", "")
	find("CUS_1", "", "", "")
	find("", "", "", "")
	find("' OR 1=1 --", "", "", "")
	late.Status, late.ClosedAt = cart.StatusCompleted, day
	save(t, s, late)
	find("cus_1", "eu", "EUR", "")
}

func idle(t *testing.T, s cart.Store) {
	for i, age := range []time.Duration{3, 1, 2, 0, 1} { // microseconds
		c := fresh(fmt.Sprintf("cart_%d", i), "", "eu", "EUR")
		c.ExpiresAt = day.Add(age * time.Microsecond)
		if i == 3 {
			c.Status, c.ClosedAt = cart.StatusExpired, day
		}
		save(t, s, c)
	}
	for _, c := range []struct {
		at   time.Duration
		want []string
	}{{0, nil}, {1, []string{"cart_1", "cart_4"}}, {2, []string{"cart_1", "cart_4", "cart_2"}}, {9, []string{"cart_1", "cart_4", "cart_2", "cart_0"}}} {
		var got []string
		for id, err := range s.Idle(t.Context(), day.Add(c.at*time.Microsecond)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, id)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("idle after %d µs = %v, want %v", c.at, got, c.want)
		}
	}
	for id, err := range s.Idle(t.Context(), day.Add(time.Second)) { // one may write between two steps, and stop
		if err != nil {
			t.Fatal(err)
		}
		save(t, s, load(t, s, id))
		break
	}
}

var errBoom = errors.New("boom")

func rollback(t *testing.T, s cart.Store) {
	one := save(t, s, fresh("cart_1", "cus_1", "eu", "EUR"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		c := one
		c.Market = "us"
		two := fresh("cart_2", "cus_1", "eu", "EUR")
		if err := errors.Join(s.Save(ctx, &c), s.Save(ctx, &two)); err != nil {
			return err
		}
		if got, err := s.Cart(ctx, "cart_1"); err != nil || got.Market != "us" {
			t.Errorf("a unit sees %+v, %v of its own write", got, err)
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := load(t, s, "cart_1"); got.Market != "eu" || got.Version != 1 {
		t.Errorf("after the rollback: %+v", got)
	}
	_, err = s.Cart(t.Context(), "cart_2")
	wantErr(t, err, cart.ErrNotFound)
	two := fresh("cart_2", "cus_1", "eu", "EUR")
	wantErr(t, s.Save(t.Context(), &two), cart.ErrTaken)
}

func markJoins(t *testing.T, s cart.Store) {
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Mark(ctx, "cart.close", "k", once.Done)
		return errors.Join(err, errBoom)
	})
	wantErr(t, err, errBoom)
	if was, err := s.Mark(t.Context(), "cart.close", "k", once.Undone); err != nil || was != once.Never {
		t.Errorf("the mark of a unit that failed: %v, %v; want never", was, err)
	}
}

func recordJoins(t *testing.T, s cart.Store) {
	ev := cart.Completed.New("evt_1", "cart_1", day, cart.CompletedV1{Cart: "cart_1", Order: hostile})
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Record(ctx, ev), errBoom)
	})
	wantErr(t, err, errBoom)
	// The id is free again, so the first one was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}

func writersQueue(t *testing.T, s cart.Store) {
	save(t, s, fresh("cart_1", "", "eu", "EUR"))
	won := race(t, nil, func(i int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			c, err := s.Cart(ctx, "cart_1")
			if err != nil {
				return err
			}
			c.Attempt++
			return s.Save(ctx, &c)
		})
	})
	if got := load(t, s, "cart_1"); won != 8 || got.Attempt != 9 || got.Version != 9 {
		t.Errorf("%d of 8 won: attempt %d, version %d; want 9, 9", won, got.Attempt, got.Version)
	}
}
