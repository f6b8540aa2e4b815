package cart_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func TestClose(t *testing.T) {
	s := open(t)
	c := s.create(customer(t.Context(), "cus_1", ""), add("mug", 1))
	in := cart.CloseInput{ID: c.ID, Key: c.CheckoutID(), Version: 1, OrderID: "ord_1"}
	if in.Key != c.ID+".1" {
		t.Errorf("checkout id = %s", in.Key)
	}
	_, err := s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: "other", Version: 9})
	wantMeta(t, err, cart.ErrStale, `{"version":1}`)
	_, err = s.Close(t.Context(), cart.CloseInput{ID: "none", Key: "none"})
	wantErr(t, err, cart.ErrNotFound)
	got, err := s.Close(t.Context(), in)
	if err != nil || got.Status != cart.StatusCompleted || got.OrderID != "ord_1" || got.ClosedAt.IsZero() || got.Version != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for range 2 {
		if again, err := s.Close(t.Context(), in); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
	s.wantEvents("cart.completed " + c.ID)
	if p, err := cart.Completed.Decode(s.store.events[0]); err != nil || p != (cart.CompletedV1{Cart: c.ID, Order: "ord_1"}) {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: "other", OrderID: "ord_2"})
	wantMeta(t, err, cart.ErrClosed, `{"status":"completed","order_id":"ord_1"}`)
	if other := s.create(customer(t.Context(), "cus_1", "")); other.ID == c.ID {
		t.Error("a completed cart is the customer's open one")
	}
}

func TestClosedTakesNoWrites(t *testing.T) {
	s := open(t)
	c := s.create(t.Context(), add("mug", 1))
	if _, err := s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: "k", OrderID: "ord_1"}); err != nil {
		t.Fatal(err)
	}
	ctx := guest(t.Context(), s.Token(c))
	a := address.Address{Name: "Ada", Line1: "1", City: "Berlin", PostalCode: "1", Country: "DE"}
	for name, call := range map[string]func() error{
		"update": func() error {
			_, err := s.Update(ctx, cart.UpdateInput{ID: c.ID, Version: 1, Note: op.Some("x")})
			return err
		},
		"add": func() error { _, err := s.add(ctx, c.ID, add("mug", 1)); return err },
		"quantity": func() error {
			_, err := s.SetQuantity(ctx, cart.SetQuantityInput{ID: c.ID, ItemID: c.Items[0].ID, Quantity: 2})
			return err
		},
		"remove": func() error {
			_, err := s.RemoveItem(ctx, cart.RemoveItemInput{ID: c.ID, ItemID: c.Items[0].ID})
			return err
		},
		"address": func() error {
			_, err := s.SetAddress(ctx, cart.SetAddressInput{ID: c.ID, Kind: "billing", Address: a})
			return err
		},
		"option": func() error {
			_, err := s.SetShippingOption(ctx, cart.SetShippingOptionInput{ID: c.ID, OptionID: "so"})
			return err
		},
		"delete": func() error { _, err := s.Delete(ctx, cart.IDInput{ID: c.ID}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			wantMeta(t, call(), cart.ErrClosed, `{"status":"completed","order_id":"ord_1"}`)
		})
	}
	if got := s.stored(c.ID); got.Version != 2 {
		t.Errorf("version = %d, want 2", got.Version)
	}
}

func TestReopen(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	c := s.create(ctx, add("mug", 1))
	in := cart.CloseInput{ID: c.ID, Key: c.CheckoutID(), OrderID: "ord_1"}
	_, err := s.Reopen(t.Context(), cart.CloseInput{ID: "none", Key: "none"})
	wantErr(t, err, cart.ErrNotFound)
	if _, err := s.Close(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Reopen(t.Context(), cart.CloseInput{ID: c.ID, Key: "another"}); err != nil || got.Status != cart.StatusCompleted {
		t.Errorf("a key that did not close it: %+v, %v", got, err)
	}
	got, err := s.Reopen(t.Context(), in)
	if err != nil || got.Status != cart.StatusOpen || got.OrderID != "" || got.Attempt != 2 || !got.ClosedAt.IsZero() || got.CheckoutID() != c.ID+".2" {
		t.Fatalf("%+v, %v", got, err)
	}
	if mine := s.create(ctx); mine.ID != c.ID {
		t.Error("the reopened cart is not the customer's open one")
	}
	for range 2 {
		if again, err := s.Reopen(t.Context(), in); err != nil || again.Version != got.Version {
			t.Errorf("again: %+v, %v", again, err)
		}
	}
	_, err = s.Close(t.Context(), in)
	wantErr(t, err, once.ErrUndone)
	if next, err := s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: got.CheckoutID()}); err != nil || next.Status != cart.StatusCompleted {
		t.Errorf("the next attempt: %+v, %v", next, err)
	}
	if _, err := s.Reopen(t.Context(), in); err != nil || s.stored(c.ID).Status != cart.StatusCompleted {
		t.Errorf("a late undoing of the first attempt: %+v, %v", s.stored(c.ID), err)
	}
	s.wantEvents("cart.completed "+c.ID, "cart.completed "+c.ID)
}

func TestReopenFirst(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	in := cart.CloseInput{ID: c.ID, Key: "k"}
	if got, err := s.Reopen(t.Context(), in); err != nil || got.Version != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := s.Close(t.Context(), in)
	wantErr(t, err, once.ErrUndone)
}

// N15 holds when the customer has begun another cart meanwhile.
func TestReopenBesideAnother(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	c := s.create(ctx, add("mug", 1))
	in := cart.CloseInput{ID: c.ID, Key: "k", OrderID: "ord_1"}
	if _, err := s.Close(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	other := s.create(ctx, add("top", 1))
	got, err := s.Reopen(t.Context(), in)
	if err != nil || got.Status != cart.StatusAbandoned || got.Attempt != 2 || got.OrderID != "" || contents(got) != "mug×1@1499" || !reflect.DeepEqual(s.stored(c.ID), got) {
		t.Errorf("%+v, %v", got, err)
	}
	if mine, err := s.Mine(ctx, cart.MineInput{}); err != nil || mine.ID != other.ID || mine.Version != 1 {
		t.Errorf("the other: %+v, %v", mine, err)
	}
	s.wantEvents("cart.completed "+c.ID, "cart.abandoned "+c.ID)
}

func TestCloseTakesPartInAUnit(t *testing.T) {
	s := open(t)
	c := s.create(t.Context())
	boom := errors.New("boom")
	in := cart.CloseInput{ID: c.ID, Key: "k", OrderID: "ord_1"}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Close(ctx, in)
		return errors.Join(err, boom)
	})
	wantErr(t, err, boom)
	if got := s.stored(c.ID); got.Status != cart.StatusOpen || got.Version != 1 {
		t.Errorf("%+v", got)
	}
	if got, err := s.Close(t.Context(), in); err != nil || got.Status != cart.StatusCompleted {
		t.Errorf("the key was used up: %+v, %v", got, err)
	}
}

func TestDelete(t *testing.T) {
	s := open(t)
	ctx := customer(t.Context(), "cus_1", "")
	full := s.create(ctx, add("mug", 1))
	if _, err := s.Update(ctx, cart.UpdateInput{ID: full.ID, Email: op.Some("a@example.com")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Delete(ctx, cart.IDInput{ID: full.ID}); err != nil {
			t.Error(err)
		}
	}
	empty := s.create(ctx)
	if _, err := s.Delete(ctx, cart.IDInput{ID: empty.ID}); err != nil {
		t.Error(err)
	}
	for _, id := range []string{full.ID, empty.ID} {
		if got := s.stored(id); got.Status != cart.StatusAbandoned || got.ClosedAt.IsZero() {
			t.Errorf("%+v", got)
		}
	}
	s.wantEvents("cart.abandoned " + full.ID)
	if p, err := cart.Abandoned.Decode(s.store.events[0]); err != nil || p != (cart.AbandonedV1{Cart: full.ID, Customer: "cus_1", Email: "a@example.com"}) {
		t.Errorf("%+v, %v", p, err)
	}
	_, err := s.Delete(ctx, cart.IDInput{ID: "none"})
	wantErr(t, err, cart.ErrNotFound)
}

func TestExpire(t *testing.T) {
	s := open(t)
	var old []cart.Cart
	for i := range 203 {
		old = append(old, s.create(customer(t.Context(), fmt.Sprint("cus_", i), "")))
	}
	if _, err := s.Close(t.Context(), cart.CloseInput{ID: old[0].ID, Key: "k"}); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	if _, err := s.add(t.Context(), old[1].ID, add("mug", 1)); err != nil {
		t.Fatal(err)
	}
	end := old[2].ExpiresAt
	if n, err := s.Expire(t.Context(), end.Add(-time.Microsecond)); err != nil || n != 0 {
		t.Errorf("too early: %d, %v", n, err)
	}
	s.store.onIdle = func() { // the shopper comes back just now
		s.now = s.now.Add(cart.Lifetime)
		if _, err := s.add(t.Context(), old[3].ID, add("mug", 1)); err != nil {
			t.Error(err)
		}
	}
	if n, err := s.Expire(t.Context(), end); err != nil || n != 200 {
		t.Errorf("expired %d, %v; want 200", n, err)
	}
	for i, want := range map[int]cart.Status{0: cart.StatusCompleted, 1: cart.StatusOpen, 2: cart.StatusExpired, 3: cart.StatusOpen, 202: cart.StatusExpired} {
		if got := s.stored(old[i].ID); got.Status != want {
			t.Errorf("cart %d is %s, want %s", i, got.Status, want)
		}
	}
	if n, err := s.Expire(t.Context(), end); err != nil || n != 0 {
		t.Errorf("again: %d, %v", n, err)
	}
	if _, err := s.Delete(t.Context(), cart.IDInput{ID: old[2].ID}); err != nil || s.stored(old[2].ID).Status != cart.StatusExpired {
		t.Errorf("an expired cart is given up already: %v", err)
	}
}
