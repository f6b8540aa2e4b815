package embed_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

func shipInput(o order.Order) fulfil.ShipInput {
	return fulfil.ShipInput{ID: o.Fulfillments[len(o.Fulfillments)-1].ID, Tracking: []order.Tracking{{Carrier: "DHL", Number: "1"}}}
}

// duel runs two commands on one order at once. Of what they answer, at most
// those of the allowed errors are losses.
func duel(t *testing.T, a, b func() error, allowed ...error) (errA, errB error) {
	t.Helper()
	errs := make([]error, 2)
	together(2, func(i int) {
		if errs[i] = []func() error{a, b}[i](); errs[i] != nil {
			lost(t, errs[i], allowed...)
		}
	})
	return errs[0], errs[1]
}

func (w *world) cancel(id string) error {
	_, err := w.far.Checkout.Cancel(context.Background(), checkout.CancelInput{ID: id})
	return err
}

// duels is how often each duel is fought.
func duels() int { return scaled(15, 200) }

// O02: an order is canceled, or its parcel leaves: not both.
func TestCancelAgainstShip(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := duels()
		mug := w.Variant("Mug", 1000, int64(n))
		for range n {
			o := w.Order(cash, one(mug))
			ship := func() error {
				planned, err := w.far.Fulfil.Create(context.Background(), order.CreateFulfillmentInput{ID: o.ID})
				if err == nil {
					_, err = w.far.Fulfil.Ship(context.Background(), shipInput(planned))
				}
				return err
			}
			canceled, shipped := duel(t, func() error { return w.cancel(o.ID) }, ship,
				order.ErrInFulfillment, order.ErrIllegal, order.ErrNotConfirmed, order.ErrStale, checkout.ErrInProgress)
			got := w.order(o.ID)
			if (canceled == nil) == (shipped == nil) || (got.Status == order.StatusCanceled) != (canceled == nil) {
				t.Errorf("the order is %s; cancel: %v; ship: %v", got.Status, canceled, shipped)
			}
		}
	})
}

// O02: an order is canceled, or its money comes: not both.
func TestCancelAgainstCapture(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := duels()
		mug := w.Variant("Mug", 1000, int64(n))
		for range n {
			o := w.Order(transfer, one(mug))
			capture := func() error {
				_, err := w.far.Checkout.Capture(context.Background(), payment.CaptureInput{ID: o.Payment.ID, Reference: "S1"})
				return err
			}
			canceled, captured := duel(t, func() error { return w.cancel(o.ID) }, capture,
				checkout.ErrPaid, checkout.ErrInProgress, payment.ErrIllegal, payment.ErrCanceled, order.ErrIllegal)
			w.settled(t, o.ID, canceled, captured)
		}
	})
}

// O02: an order is canceled, or paid at last: not both.
func TestCancelAgainstPay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := duels()
		mug := w.Variant("Mug", 1000, int64(n))
		for range n {
			w.bank.Set(fakepay.Any, fakepay.Decline)
			o := w.Order(card, one(mug))
			w.bank.Set(fakepay.Any, fakepay.Approve)
			pay := func() error {
				p, err := w.far.Checkout.Pay(context.Background(), checkout.PayInput{ID: o.ID, Means: checkout.Means{Method: card}})
				if err == nil && p.PaymentStatus != order.PayPaid {
					return errNotPaid
				}
				return err
			}
			canceled, paid := duel(t, func() error { return w.cancel(o.ID) }, pay,
				errNotPaid, checkout.ErrPaid, checkout.ErrInProgress, checkout.ErrNotPayable, payment.ErrIllegal, payment.ErrCanceled, order.ErrIllegal)
			w.settled(t, o.ID, canceled, paid)
			if can, err := w.bank.Chargeable(o.ID); can > 1 || err != nil {
				t.Errorf("%d payments of %s can charge, %v", can, o.ID, err)
			}
		}
	})
}

// O02: a paid order is canceled, or its parcel leaves: not both. Its money goes back
// with it, or stays.
func TestCancelPaidAgainstShip(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		mug := w.Variant("Mug", 1000, int64(n))
		for range n {
			o := w.Order(card, one(mug))
			canceled, shipped := duel(t, func() error { return w.cancelPaid(o.ID) }, func() error { return w.shipAll(o.ID) },
				order.ErrInFulfillment, order.ErrIllegal, order.ErrNotConfirmed, order.ErrStale, checkout.ErrInProgress)
			w.rest()
			got, back := w.order(o.ID), int64(0)
			if got.Status == order.StatusCanceled {
				back = 1000
			}
			if (canceled == nil) == (shipped == nil) || (got.Status == order.StatusCanceled) != (canceled == nil) {
				t.Errorf("the order is %s; cancel: %v; ship: %v", got.Status, canceled, shipped)
			}
			w.same(t, o, 1000, back)
		}
	})
}

// O02: money goes back while the parcel leaves: both happen.
func TestRefundAgainstShip(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		mug := w.Variant("Mug", 1000, int64(2*n))
		for range n {
			o := w.Order(card, shoptest.Line{Variant: mug, Quantity: 2})
			refunded, shipped := duel(t, func() error { _, err := w.give(units(o, 0, 1), ""); return err }, func() error { return w.shipAll(o.ID) },
				order.ErrNoUnits, order.ErrStale, checkout.ErrInProgress)
			got := w.order(o.ID)
			if refunded != nil || shipped != nil || got.FulfillmentStatus != order.Fulfilled || got.PaymentStatus != order.PayPartiallyRefunded {
				t.Errorf("the order is %s and %s; refund: %v; ship: %v", got.FulfillmentStatus, got.PaymentStatus, refunded, shipped)
			}
			w.same(t, o, 2000, 1000)
		}
	})
}

// A part goes back while the order is canceled: all goes back, once.
func TestRefundAgainstCancel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.moneyDuels()
		mug := w.Variant("Mug", 1000, int64(2*n))
		for range n {
			o := w.Order(card, shoptest.Line{Variant: mug, Quantity: 2})
			_, canceled := duel(t, func() error { _, err := w.give(units(o, 0, 1), ""); return err }, func() error { return w.cancelPaid(o.ID) },
				order.ErrAlreadyRefunded, order.ErrStale, checkout.ErrInProgress, fault.ErrInvalid)
			w.rest()
			if canceled != nil { // the refund has changed the order too often meanwhile
				if err := w.cancelPaid(o.ID); err != nil {
					t.Errorf("cancel again: %v after %v", err, canceled)
				}
			}
			w.rest()
			got := w.order(o.ID)
			if got.Status != order.StatusCanceled || got.PaymentStatus != order.PayRefunded {
				t.Errorf("the order is %s and %s; cancel: %v", got.Status, got.PaymentStatus, canceled)
			}
			w.same(t, o, 2000, 2000)
		}
	})
}

// moneyDuels is how often a duel about money is fought: on SQLite as often as the
// requirements say when MERCER_TEST_FULL is set.
func (w *world) moneyDuels() int {
	if w.shop.DB.Dialect() == bunstore.SQLite {
		return scaled(15, 200)
	}
	return scaled(5, 50)
}

func (w *world) cancelPaid(id string) error {
	_, err := w.far.Checkout.Cancel(context.Background(), checkout.CancelInput{ID: id, Refund: true})
	return err
}

func (w *world) shipAll(id string) error {
	planned, err := w.far.Fulfil.Create(context.Background(), order.CreateFulfillmentInput{ID: id})
	if err == nil {
		_, err = w.far.Fulfil.Ship(context.Background(), shipInput(planned))
	}
	return err
}

var errNotPaid = errors.New("answered, and not paid")

// settled fails the test unless an order has one end: canceled without money,
// or confirmed with it. Whoever was told of success was told the truth. What
// is still on its way is finished first, as the jobs of a shop do.
func (w *world) settled(t *testing.T, id string, canceled, paid error) {
	t.Helper()
	f := w.shop.Flows.Checkout
	w.clock.Advance(2 * checkout.Wait)
	if err := errors.Join(f.Reconcile(t.Context()), f.Sweep(t.Context())); err != nil {
		t.Errorf("jobs: %v", err)
	}
	o := w.order(id)
	switch {
	case o.Status == order.StatusCanceled && o.Balance.Captured.IsZero() && paid != nil:
	case o.Status == order.StatusConfirmed && o.PaymentStatus == order.PayPaid && canceled != nil:
	default:
		t.Errorf("order %s is %s and %s; cancel: %v; payment: %v", id, o.Status, o.PaymentStatus, canceled, paid)
	}
}

// O05: orders that are rolled back leave gaps in the numbers and no number twice.
func TestOrderNumbers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := scaled(40, 200)
		mug := w.Variant("Mug", 1000, int64(n))
		carts := w.carts(n, one(mug))
		errBack := errors.New("somebody's own unit of work is rolled back")
		together(n, func(i int) {
			if i%10 != 0 {
				if _, err := w.complete(carts[i], cash, fmt.Sprint("n-", i)); err != nil {
					t.Errorf("complete: %v", err)
				}
				return
			}
			err := w.shop.DB.Do(context.Background(), func(ctx context.Context) error {
				in := checkout.CompleteInput{ID: carts[i].ID, ExpectedTotal: carts[i].Totals.Total, Payment: checkout.Means{Method: cash}}
				if _, err := w.shop.Checkout.Complete(shoptest.Guest(ctx, carts[i]), in); err != nil {
					return err
				}
				return errBack
			})
			if !errors.Is(err, errBack) {
				t.Errorf("rolled back: %v", err)
			}
		})
		numbers := map[string]bool{}
		for _, c := range carts {
			s := w.stored(c.ID)
			if s.OrderID == "" {
				continue
			}
			o := w.order(s.OrderID)
			if numbers[o.Number] {
				t.Errorf("two orders have the number %s", o.Number)
			}
			numbers[o.Number] = true
		}
		if want := n - (n+9)/10; len(numbers) != want || w.orders() != int64(want) {
			t.Errorf("%d numbers, %d orders, want %d", len(numbers), w.orders(), want)
		}
	})
}

// O04: what is written as it was is no conflict, also on the handle of somebody whose
// driver counts changed rows only.
func TestWritingEqualValues(t *testing.T) {
	each(t, equalValues)
	t.Run("changed rows only", func(t *testing.T) {
		handle := sql.OpenDB(mysqlConnector(t, buntest.MySQL, buntest.Name(t, buntest.MySQL), false))
		t.Cleanup(func() { handle.Close() })
		db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := around(t, db)
		equalValues(t, w)
		mug := w.Variant("Cup", 1000, 10)
		w.ship(t, w.Order(cash, one(mug)).ID)
		if err := w.cancel(w.Order(transfer, one(mug)).ID); err != nil {
			t.Error(err)
		}
		w.audit(t)
	})
}

func equalValues(t *testing.T, w *world) {
	mug := w.Variant("Mug", 1000, 10)
	c := w.Cart(one(mug))
	ctx := shoptest.Guest(t.Context(), c)
	o := w.Order(transfer, one(mug))
	for range 3 {
		w.Stock(mug, 10)
		w.Price(mug, 1000)
		version := w.stored(c.ID).Version
		got, err := w.far.Storefront.SetAddress(ctx, storefront.SetAddressInput{ID: c.ID, Kind: "billing", Version: version, Address: shoptest.Address()})
		if err != nil {
			t.Errorf("the same address: %v", err)
		}
		_, err = w.far.Storefront.UpdateCart(ctx, storefront.UpdateCartInput{ID: c.ID, Version: got.Version, Email: op.Some("ada@example.com")})
		if err != nil {
			t.Errorf("the same e-mail: %v", err)
		}
		noted := order.NotePaymentInput{ID: o.ID, Payment: *o.Payment, Version: o.Payment.Version}
		if _, err := w.far.Orders.NotePayment(t.Context(), noted); err != nil {
			t.Errorf("the same news: %v", err)
		}
	}
	if got := w.order(o.ID); got.Version != o.Version {
		t.Errorf("news that were known made version %d of %d", got.Version, o.Version)
	}
}

// O06, M07: an order, its mail and what goes back of it are what its shopper has
// agreed to, whatever becomes of the shop.
func TestOrdersDoNotChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if _, err := w.far.Pricing.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "VAT", Country: "DE", Rate: 70_000}); err != nil {
			t.Fatal(err)
		}
		mug := w.Variant("Mug", 1000, 10)
		o := w.Order(card, shoptest.Line{Variant: mug, Quantity: 2})
		if err := w.shop.Drain(ctx); err != nil { // its mail is due, and sent when all has changed
			t.Fatal(err)
		}
		before, err := json.Marshal(w.order(o.ID))
		if err != nil {
			t.Fatal(err)
		}
		of, err := w.far.Catalog.Variants(ctx, catalog.VariantsInput{IDs: []string{mug}})
		if err != nil {
			t.Fatal(err)
		}
		product := of.Items[0].ProductID
		changes := []func() error{
			func() error {
				_, err := w.far.Catalog.UpdateProduct(ctx, catalog.UpdateProductInput{ID: product, Title: op.Some("Cup")})
				return err
			},
			func() error { w.Price(mug, 9900); return nil },
			func() error {
				_, err := w.far.Pricing.CreateTaxRate(ctx, pricing.TaxRateFields{Name: "VAT", Country: "DE", Rate: 190_000})
				return err
			},
			func() error {
				_, err := w.far.Catalog.DeleteProduct(ctx, catalog.IDInput{ID: product})
				return err
			},
		}
		for i, change := range changes {
			if err := change(); err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
			if after, _ := json.Marshal(w.order(o.ID)); string(after) != string(before) {
				t.Errorf("after change %d the order is\n%s\nwas\n%s", i, after, before)
			}
		}
		w.ship(t, o.ID)
		if r, err := w.give(units(o, 0, 1), ""); err != nil || r.Amount != shoptest.USD(1070) || r.Tax != shoptest.USD(70) {
			t.Errorf("one of two goes back as %v with %v, %v", r.Amount, r.Tax, err)
		}
		letters := w.mails(t)
		if len(letters) != 1 || strings.Contains(letters[0].Text, "Cup") || !strings.Contains(letters[0].Text, "21.40") {
			t.Errorf("%d mails, want one about 21.40: %+v", len(letters), letters)
		}
	})
}

// mails sends the mails that are due and returns them.
func (w *world) mails(t *testing.T) (out []notification.Mail) {
	t.Helper()
	box := devmail.New()
	s, err := embed.On(t.Context(), w.shop.DB, &embed.Options{Passive: true, Now: w.clock.Now, Secret: bytes.Repeat([]byte("s"), 32), Mailer: box})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.RunJob(t.Context(), "notification.send"); err != nil {
		t.Fatal(err)
	}
	all, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		out = append(out, l.Mail)
	}
	return out
}

// A refusal to cancel is of its moment: when what stood in the way is gone, the
// order can be canceled.
func TestCancelAfterRefusal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mug := w.Variant("Mug", 1000, 10)
		o := w.Order(cash, one(mug))
		_, err := w.far.Checkout.Cancel(t.Context(), checkout.CancelInput{ID: o.ID, Version: o.Version + 5})
		lost(t, err, order.ErrStale)
		planned, err := w.far.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: o.ID})
		if err != nil {
			t.Fatal(err)
		}
		lost(t, w.cancel(o.ID), order.ErrInFulfillment)
		if _, err := w.far.Fulfil.Cancel(t.Context(), order.CancelFulfillmentInput{FulfillmentID: planned.Fulfillments[0].ID}); err != nil {
			t.Fatal(err)
		}
		if err := w.cancel(o.ID); err != nil || w.order(o.ID).Status != order.StatusCanceled || w.Available(mug) != 10 {
			t.Errorf("%v; the order is %s, %d available", err, w.order(o.ID).Status, w.Available(mug))
		}
	})
}
