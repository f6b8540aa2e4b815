package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// fixture is the program on an empty database, with a mug and a full cart.
type fixture struct {
	*app
	mug    string
	cart   storefront.Cart
	events []string // that were published
}

// each runs test on every database that is there.
func each(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	for _, server := range []string{buntest.SQLite, "sqlite, one connection", buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "club.db")
			if !strings.HasPrefix(server, buntest.SQLite) {
				name = buntest.Name(t, server)
			}
			bank := fakepay.New(nil)
			f := &fixture{app: must(open(t.Context(), name, offlinepay.New(), bank))(t)}
			t.Cleanup(func() {
				if err := f.close(); err != nil {
					t.Error(err)
				}
			})
			if strings.Contains(server, "one connection") {
				f.db.SetMaxOpenConns(1)
			}
			f.mug = must(f.sellMugs(t.Context()))(t)
			f.cart = must(f.fillCart(t.Context(), f.mug))(t)
			f.follow(t)
			test(t, f)
			shoptest.Audit(t, f.shop.Shop)
		})
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// follow notes the events of orders.
func (f *fixture) follow(t *testing.T) {
	t.Helper()
	_, err := f.shop.Bus.Subscribe(t.Context(), "test", []string{order.EventPlaced.Name}, func(_ context.Context, e event.Envelope) error {
		f.events = append(f.events, e.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// want compares what both sides have with n sales of two mugs each.
func (f *fixture) want(t *testing.T, n int) {
	t.Helper()
	ctx := t.Context()
	if err := f.shop.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	orders := must(f.shop.Orders.Orders(ctx, order.OrdersInput{}))(t)
	if len(orders.Items) != n {
		t.Errorf("%d orders, want %d", len(orders.Items), n)
	}
	var rows int
	if err := f.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM club_points`).Scan(&rows); err != nil || rows != n {
		t.Errorf("%d rows of the club, %v; want %d", rows, err, n)
	}
	stock := must(f.shop.Inventory.Availability(ctx, inventory.AvailabilityInput{VariantIDs: []string{f.mug}}))(t)
	if got, want := stock.Items[0].Quantity, int64(10-2*n); got != want {
		t.Errorf("%d mugs are available, want %d", got, want)
	}
	status := cart.StatusOpen
	if n > 0 {
		status = cart.StatusCompleted
	}
	if c := must(f.shop.Carts.Cart(ctx, cart.IDInput{ID: f.cart.ID}))(t); c.Status != status {
		t.Errorf("the cart is %s, want %s", c.Status, status)
	}
	if want := slices.Repeat([]string{order.EventPlaced.Name}, n); !slices.Equal(f.events, want) {
		t.Errorf("events %v, want %v", f.events, want)
	}
}

func TestCommitLeavesBoth(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		o := must(f.buy(t.Context(), f.cart, "ada", offlinepay.CashOnDelivery, nil))(t)
		f.want(t, 1)
		if o.Status != order.StatusConfirmed {
			t.Errorf("the order is %s, want confirmed", o.Status)
		}
		// The order is a whole one: it can be shipped, and completed again it is
		// the same.
		must(f.shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: o.ID}))(t)
		again := must(f.shop.Checkout.Complete(asGuest(t.Context(), f.cart), f.complete()))(t)
		if again.ID != o.ID {
			t.Errorf("completed again: %s, want %s", again.ID, o.ID)
		}
	})
}

func (f *fixture) complete() checkout.CompleteInput {
	return checkout.CompleteInput{ID: f.cart.ID, ExpectedTotal: f.cart.Totals.Total, Payment: checkout.Means{Method: offlinepay.CashOnDelivery}}
}

func TestRollbackLeavesNeither(t *testing.T) {
	closed := errors.New("the club is closed")
	each(t, func(t *testing.T, f *fixture) {
		for range 2 {
			if _, err := f.buy(t.Context(), f.cart, "ada", offlinepay.CashOnDelivery, func() error { return closed }); !errors.Is(err, closed) {
				t.Fatalf("err = %v, want that of the program", err)
			}
			f.want(t, 0)
		}
		// What was rolled back is not in the way of the next try.
		o := must(f.buy(t.Context(), f.cart, "ada", offlinepay.CashOnDelivery, nil))(t)
		f.want(t, 1)
		if o.Number != "1001" {
			t.Errorf("number %s, want 1001: the tries before used none", o.Number)
		}
	})
}

// TestRefusalLeavesNeither sells the last mugs to somebody else first: the shop
// refuses, and the program's row goes with it.
func TestRefusalLeavesNeither(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		must(f.shop.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: f.mug, OnHand: 1}))(t)
		if _, err := f.buy(ctx, f.cart, "ada", offlinepay.CashOnDelivery, nil); !errors.Is(err, inventory.ErrInsufficient) {
			t.Fatalf("two of one mug: %v, want ErrInsufficient", err)
		}
		must(f.shop.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: f.mug, OnHand: 10}))(t)
		f.want(t, 0)
	})
}

// TestFailedCommandDooms makes the mistake to go on after a command failed.
func TestFailedCommandDooms(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		tx := must(f.begin(t.Context()))(t)
		inside, done := f.ours.Join(t.Context(), tx)
		must(f.shop.Inventory.SetLevel(inside, inventory.SetLevelInput{VariantID: f.mug, OnHand: 1}))(t)
		if _, err := f.shop.Checkout.Complete(asGuest(inside, f.cart), f.complete()); !errors.Is(err, inventory.ErrInsufficient) {
			t.Errorf("two of one mug: %v, want ErrInsufficient", err)
		}
		if err := done(); !errors.Is(err, txn.ErrDoomed) {
			t.Errorf("done: %v, want ErrDoomed", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		if _, err := f.shop.Orders.Orders(inside, order.OrdersInput{}); !errors.Is(err, txn.ErrDone) {
			t.Errorf("the context afterwards: %v, want ErrDone", err)
		}
		f.want(t, 0)
	})
}

// TestCardIsAskedAfterCommit pays with a card: the order stands, the card is
// asked once the program has committed, and a rollback leaves nothing to ask for.
func TestCardIsAskedAfterCommit(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		closed := errors.New("the club is closed")
		if _, err := f.buy(ctx, f.cart, "ada", fakepay.Card, func() error { return closed }); !errors.Is(err, closed) {
			t.Fatalf("err = %v, want that of the program", err)
		}
		f.want(t, 0)
		o := must(f.buy(ctx, f.cart, "ada", fakepay.Card, nil))(t)
		if o.Status != order.StatusPending {
			t.Errorf("in the transaction the order is %s, want pending", o.Status)
		}
		o = must(f.shop.Checkout.Refresh(ctx, checkout.RefreshInput{ID: o.ID}))(t)
		if o.Status != order.StatusConfirmed || o.PaymentStatus != order.PayPaid {
			t.Errorf("after it the order is %s, %s; want confirmed, paid", o.Status, o.PaymentStatus)
		}
		f.want(t, 1)
	})
}
