package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func TestPlace(t *testing.T) {
	s := newShop()
	in := ordertest.Sample("cart_1.1")
	in.Epoch = 3
	in.Order.CustomerID = new("cus_1")
	in.Order.Payments = []order.Payment{{ID: "pay_1", Method: "stripe", Status: "open", Amount: money.New(7688, "EUR"), Version: 4}}
	in.Order.Status, in.Order.Number, in.Order.Version = order.StatusCompleted, "7", 9
	in.Order.Items[0].Quantities.Delivered = 2
	o := must(t)(s.Place(t.Context(), in))
	if o.ID != ident.DeriveID("ord", "cart_1.1") || o.Number != "1001" || o.Version != 1 || o.Status != order.StatusPending {
		t.Errorf("placed %s %s version %d %s", o.ID, o.Number, o.Version, o.Status)
	}
	if o.PaymentStatus != order.PayNone || o.FulfillmentStatus != order.Unfulfilled || o.Balance.Due != money.New(7688, "EUR") || o.Items[0].Quantities.Delivered != 0 {
		t.Errorf("placed %s, %s, due %v, %+v", o.PaymentStatus, o.FulfillmentStatus, o.Balance.Due, o.Items[0].Quantities)
	}
	if !o.PlacedAt.Equal(day) || o.ExpiresAt == nil || o.Payment == nil || o.Payment.Captured != money.Zero("EUR") {
		t.Errorf("placed at %v until %v, payment %+v", o.PlacedAt, o.ExpiresAt, o.Payment)
	}
	read := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID}))
	if !reflect.DeepEqual(read, o) {
		t.Errorf("read back\n%+v, want\n%+v", read, o)
	}
	if read.CheckoutID != "cart_1.1" || read.Epoch != 3 || read.Payments[0].Version != 4 {
		t.Errorf("lost checkout %q, epoch %d or version %d", read.CheckoutID, read.Epoch, read.Payments[0].Version)
	}
	p, err := order.EventPlaced.Decode(s.events[0])
	want := order.PlacedV1{Order: o.ID, Number: "1001", Cart: "cart_1", Customer: "cus_1", Email: "Ada@Example.com", Locale: "en", Total: money.New(7688, "EUR"), At: day}
	if err != nil || p != want || s.events[0].Key != o.ID {
		t.Errorf("told %+v, %v; want %+v", p, err, want)
	}
	wantTold(t, s, "order.placed")
	if h := s.history(t, o.ID); len(h) != 1 || h[0].Kind != "placed" || h[0].To != "pending" {
		t.Errorf("history %+v", h)
	}
}

func TestPlaceHasNoNulls(t *testing.T) {
	s := newShop()
	in := ordertest.Sample("cart_1.1")
	in.Order.Discounts, in.Order.Shipping.TaxLines, in.Order.Items[1].TaxLines = nil, nil, nil
	in.Order.Items = in.Order.Items[1:]
	in.Order.Items[0].Options = nil
	i, tot := &in.Order.Items[0], &in.Order.Totals
	i.Discount.Minor, i.Tax.Minor, i.Total = 0, 0, i.Subtotal
	in.Order.Shipping, in.Order.Taxes = nil, nil
	tot.Subtotal, tot.Total, tot.AmountDue = i.Subtotal, i.Subtotal, i.Subtotal
	tot.Discount.Minor, tot.Tax.Minor, tot.Shipping.Minor = 0, 0, 0
	o := must(t)(s.Place(t.Context(), in))
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"items", "discounts", "fees", "taxes", "payments", "fulfillments", "returns", "refunds", "documents", "tax_lines", "options", "metadata"} {
		if strings.Contains(string(data), `"`+list+`":null`) || !strings.Contains(string(data), `"`+list+`":`) {
			t.Errorf("%s is null or missing in %s", list, data)
		}
	}
}

func TestPlaceConfirmed(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	if o.Status != order.StatusConfirmed || o.Version != 2 || o.ExpiresAt != nil {
		t.Errorf("%s version %d until %v, want confirmed, 2, nil", o.Status, o.Version, o.ExpiresAt)
	}
	wantTold(t, s, "order.placed", "order.confirmed")
	h := s.history(t, o.ID)
	if len(h) != 2 || h[0].Version != 1 || h[0].Kind != "placed" || h[1].Version != 2 || h[1].Kind != "status" || h[1].From != "pending" || h[1].To != "confirmed" {
		t.Errorf("history %+v", h)
	}
}

func TestPlaceTwiceIsOnce(t *testing.T) {
	s := newShop()
	first := s.place(t, "cart_1.1", false)
	s.told()
	other := ordertest.Sample("cart_1.1")
	other.Order.Email, other.Confirmed = "eve@example.com", true
	if second := must(t)(s.Place(t.Context(), other)); !reflect.DeepEqual(second, first) {
		t.Errorf("again\n%+v, want\n%+v", second, first)
	}
	wantTold(t, s)
	// The mark is gone after weeks; the index stays.
	e := order.New(forgetful{s.store}, nil)
	if third := must(t)(e.Place(t.Context(), other)); !reflect.DeepEqual(third, first) {
		t.Errorf("after the mark was cleaned away\n%+v, want\n%+v", third, first)
	}
	other.CheckoutID, other.Order.ID = "cart_1.2", first.ID
	if _, err := s.Place(t.Context(), other); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("an id of another checkout: %v, want an internal error", err)
	}
}

// forgetful is a store without marks.
type forgetful struct{ order.Store }

func (forgetful) Mark(context.Context, string, string, once.State) (once.State, error) {
	return once.Never, nil
}

func TestWithdraw(t *testing.T) {
	s := newShop()
	in := order.WithdrawInput{ID: "ord_1", CheckoutID: "cart_1.1", Reason: order.ReasonExpired}
	// Before Place: that comes too late.
	if _, err := s.Withdraw(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	_, err := s.Place(t.Context(), ordertest.Sample("cart_1.1"))
	wantErr(t, "late place", err, once.ErrUndone)
	wantTold(t, s)
	// After it: canceled, with a reason, and not placed again.
	o := s.place(t, "cart_1.2", true)
	s.told()
	in.CheckoutID = "cart_1.2"
	for range 2 {
		if _, err := s.Withdraw(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	wantTold(t, s, "order.canceled")
	got := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID}))
	if got.Status != order.StatusCanceled || *got.CancelReason != order.ReasonExpired || got.Items[0].Quantities.Canceled != 2 || !got.Balance.Due.IsZero() {
		t.Errorf("withdrawn: %s, %v, %+v, due %v", got.Status, got.CancelReason, got.Items[0].Quantities, got.Balance.Due)
	}
	_, err = s.Place(t.Context(), ordertest.Sample("cart_1.2"))
	wantErr(t, "place after withdraw", err, once.ErrUndone)
	pending := s.place(t, "cart_1.4", false)
	in.CheckoutID = "cart_1.4"
	if _, err := s.Withdraw(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if got := must(t)(s.Order(t.Context(), order.IDInput{ID: pending.ID})); got.CancelReason == nil || *got.CancelReason != order.ReasonExpired {
		t.Errorf("a pending order, withdrawn: reason %v", got.CancelReason)
	}
	// Too far gone.
	o = s.place(t, "cart_1.3", true)
	must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID}))
	in.CheckoutID = "cart_1.3"
	_, err = s.Withdraw(t.Context(), in)
	wantErr(t, "withdraw of a planned parcel", err, order.ErrInFulfillment)
}

func TestNumbers(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	inUnit := func(e *order.Engine, checkout string, fail error) (number string) {
		t.Helper()
		err := s.Scope().Do(ctx, func(ctx context.Context) error {
			if err := e.Prepare(ctx); err != nil { // does nothing here
				return err
			}
			o, err := e.Place(ctx, ordertest.Sample(checkout))
			number = o.Number
			return errors.Join(err, fail)
		})
		if !errors.Is(err, fail) || fail == nil && err != nil {
			t.Fatal(err)
		}
		return number
	}
	boom := errors.New("boom")
	a, b := order.New(s.store, nil), order.New(s.store, nil)
	// Nothing at hand in a unit: one number, which a rollback gives back.
	for i, want := range []string{"1001", "1001", "1002"} {
		fail := boom
		if i > 0 {
			fail = nil
		}
		if got := inUnit(a, fmt.Sprint("cart_a.", i), fail); got != want {
			t.Errorf("number %s, want %s", got, want)
		}
	}
	// Blocks of 100; what a rollback took from one is a gap.
	if err := a.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		e    *order.Engine
		fail error
		want string
	}{{a, nil, "1003"}, {b, nil, "1103"}, {a, boom, "1004"}, {a, nil, "1005"}, {b, nil, "1104"}} {
		if got := inUnit(tc.e, "cart_b."+tc.want, tc.fail); got != tc.want {
			t.Errorf("number %s, want %s", got, tc.want)
		}
	}
	// More are taken before they are used up.
	for i := range 200 {
		must(t)(a.Place(ctx, ordertest.Sample(fmt.Sprint("cart_c.", i))))
	}
	if _, err := s.store.OrderByNumber(ctx, "1102"); err != nil {
		t.Errorf("the last of the block: %v", err)
	}
	if _, err := s.store.OrderByNumber(ctx, "1203"); err != nil {
		t.Errorf("the first of the next free block: %v", err)
	}
}

func TestCancel(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	in := order.CancelInput{ID: o.ID, Reason: order.ReasonCustomer, Version: o.Version}
	got := must(t)(s.BeginCancel(t.Context(), in))
	if got.Status != order.StatusCanceling || *got.CancelReason != order.ReasonCustomer {
		t.Errorf("%s %v", got.Status, got.CancelReason)
	}
	// The same request again, with the version of then and another reason.
	in.Reason = order.ReasonFraud
	if again := must(t)(s.BeginCancel(t.Context(), in)); !reflect.DeepEqual(again, got) {
		t.Errorf("again %+v, want %+v", again, got)
	}
	// Who gives up canceling from another version leaves this one alone.
	if other := must(t)(s.KeepAfterAll(t.Context(), order.KeepAfterAllInput{ID: o.ID, From: o.Version - 1})); other.Status != order.StatusCanceling {
		t.Errorf("another cancellation was given up: %s, want canceling", other.Status)
	}
	kept := must(t)(s.KeepAfterAll(t.Context(), order.KeepAfterAllInput{ID: o.ID, From: o.Version}))
	if kept.Status != order.StatusConfirmed || kept.CancelReason != nil {
		t.Errorf("kept: %s %v, want confirmed as before", kept.Status, kept.CancelReason)
	}
	must(t)(s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Reason: order.ReasonFraud}))
	s.told()
	got = must(t)(s.FinishCancel(t.Context(), order.IDInput{ID: o.ID}))
	p, err := order.EventCanceled.Decode(s.events[0])
	if err != nil || p.Reason != order.ReasonFraud || p.Order != o.ID {
		t.Errorf("told %+v, %v", p, err)
	}
	for _, it := range got.Items {
		if it.Quantities.Canceled != it.Quantity {
			t.Errorf("%s: %d of %d canceled", it.ID, it.Quantities.Canceled, it.Quantity)
		}
	}
	// A fulfillment that was canceled is no obstacle; any other is.
	o = s.place(t, "cart_2.1", true)
	must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
	_, err = s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Reason: order.ReasonStaff})
	wantErr(t, "cancel of a planned parcel", err, order.ErrInFulfillment)
	must(t)(s.CancelFulfillment(t.Context(), order.CancelFulfillmentInput{FulfillmentID: ful}))
	must(t)(s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Reason: order.ReasonStaff}))
}

func TestNotePayment(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", false)
	s.told()
	got := s.pay(t, o.ID, "captured", 3, 7000)
	if got.PaymentStatus != order.PayPartiallyCaptured || got.Balance.Due != money.New(688, "EUR") || got.Version != 2 || len(got.Payments) != 1 {
		t.Errorf("%s, due %v, version %d, %d payments", got.PaymentStatus, got.Balance.Due, got.Version, len(got.Payments))
	}
	for _, version := range []int64{1, 2, 3} {
		if old := s.pay(t, o.ID, "open", version, 0); !reflect.DeepEqual(old, got) {
			t.Errorf("news of version %d changed the order", version)
		}
	}
	got = s.pay(t, o.ID, "captured", 4, 7688)
	if got.PaymentStatus != order.PayPaid || got.Payment.Status != "captured" || got.Status != order.StatusPending {
		t.Errorf("%s, %+v, %s", got.PaymentStatus, got.Payment, got.Status)
	}
	if h := s.history(t, o.ID); len(h) != 3 || h[2].Kind != "payment" || h[2].From != "captured" || h[2].Text != "stripe pay_1" {
		t.Errorf("history %+v", h)
	}
	wantTold(t, s)
	for name, p := range map[string]order.Payment{
		"negative":       {Captured: money.New(-1, "EUR")},
		"other currency": {Captured: money.New(1, "USD")},
	} {
		_, err := s.NotePayment(t.Context(), order.NotePaymentInput{ID: o.ID, Payment: p, Version: 9})
		wantErr(t, name, err, order.ErrBadSums)
	}
	_, err := s.NotePayment(t.Context(), payment("ord_x", "open", 1, 0))
	wantErr(t, "no such order", err, order.ErrNotFound)
}

func TestZeroTotalIsPaid(t *testing.T) {
	s := newShop()
	in := ordertest.Sample("cart_1.1")
	o := &in.Order
	zero := money.Zero("EUR")
	o.Items, o.Discounts, o.Shipping, o.Taxes = o.Items[1:], nil, nil, nil
	it := &o.Items[0]
	it.UnitPrice, it.Subtotal, it.Discount, it.Tax, it.Total, it.TaxLines = zero, zero, zero, zero, zero, nil
	o.Totals.Subtotal, o.Totals.Discount, o.Totals.Shipping, o.Totals.Tax, o.Totals.Total, o.Totals.AmountDue = zero, zero, zero, zero, zero, zero
	in.Confirmed = true
	if got := must(t)(s.Place(t.Context(), in)); got.PaymentStatus != order.PayPaid || got.Payment != nil {
		t.Errorf("%s %v, want paid without a payment", got.PaymentStatus, got.Payment)
	}
}

func TestCompletes(t *testing.T) {
	ctx := t.Context()
	deliver := func(t *testing.T, s *shop, id string, items ...order.Units) order.Order {
		t.Helper()
		must(t)(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: id, FulfillmentID: "ful_" + items[0].ItemID, Items: items}))
		must(t)(s.ShipFulfillment(ctx, order.ShipFulfillmentInput{FulfillmentID: "ful_" + items[0].ItemID}))
		return must(t)(s.DeliverFulfillment(ctx, order.DeliverFulfillmentInput{FulfillmentID: "ful_" + items[0].ItemID}))
	}
	t.Run("paid, then delivered", func(t *testing.T) {
		s := newShop()
		o := s.place(t, "cart_1.1", true)
		s.pay(t, o.ID, "captured", 1, 7688)
		if got := deliver(t, s, o.ID, order.Units{ItemID: "oi_mug", Quantity: 2}); got.Status != order.StatusConfirmed || got.FulfillmentStatus != order.PartlyFulfilled {
			t.Errorf("one item delivered: %s %s", got.Status, got.FulfillmentStatus)
		}
		s.told()
		got := deliver(t, s, o.ID, order.Units{ItemID: "oi_top", Quantity: 1})
		if got.Status != order.StatusCompleted || got.FulfillmentStatus != order.Delivered {
			t.Errorf("all delivered: %s %s", got.Status, got.FulfillmentStatus)
		}
		wantTold(t, s, "order.shipped", "order.delivered", "order.completed")
	})
	t.Run("delivered, then paid", func(t *testing.T) {
		s := newShop()
		o := s.place(t, "cart_1.1", true)
		if got := deliver(t, s, o.ID, order.Units{ItemID: "oi_mug", Quantity: 2}, order.Units{ItemID: "oi_top", Quantity: 1}); got.Status != order.StatusConfirmed {
			t.Errorf("unpaid: %s", got.Status)
		}
		s.told()
		got := s.pay(t, o.ID, "captured", 1, 7688)
		if got.Status != order.StatusCompleted {
			t.Errorf("paid: %s, want completed", got.Status)
		}
		wantTold(t, s, "order.completed")
		if h := s.history(t, o.ID); h[len(h)-1].To != "completed" || h[len(h)-1].Version != got.Version {
			t.Errorf("last line %+v of version %d", h[len(h)-1], got.Version)
		}
	})
	t.Run("but for a parcel of a file", func(t *testing.T) {
		s := newShop()
		in := ordertest.Sample("cart_1.1")
		in.Order.Items[1].RequiresShipping = false
		in.Confirmed = true
		o := must(t)(s.Place(ctx, in))
		s.pay(t, o.ID, "captured", 1, 7688)
		must(t)(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: "ful_file", Items: []order.Units{{ItemID: "oi_top", Quantity: 1}}}))
		if got := deliver(t, s, o.ID, order.Units{ItemID: "oi_mug", Quantity: 2}); got.Status != order.StatusConfirmed || got.FulfillmentStatus != order.Delivered {
			t.Errorf("%s %s, want confirmed while a parcel is planned", got.Status, got.FulfillmentStatus)
		}
		if got := must(t)(s.CancelFulfillment(ctx, order.CancelFulfillmentInput{FulfillmentID: "ful_file"})); got.Status != order.StatusCompleted {
			t.Errorf("%s, want completed: nobody waits for a file", got.Status)
		}
	})
}

func TestFulfillment(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	o := s.place(t, "cart_1.1", true)
	in := order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful, LocationID: "main", Version: o.Version, Items: []order.Units{{ItemID: "oi_mug", Quantity: 1}}}
	got := must(t)(s.CreateFulfillment(ctx, in))
	f := got.Fulfillments[0]
	if f.ID != ful || f.Status != order.FulPending || *f.LocationID != "main" || !slices.Equal(f.Items, in.Items) || got.FulfillmentStatus != order.Unfulfilled {
		t.Errorf("planned %+v, %s", f, got.FulfillmentStatus)
	}
	// Again, with the version of then.
	if again := must(t)(s.CreateFulfillment(ctx, in)); !reflect.DeepEqual(again, got) {
		t.Errorf("again %+v", again)
	}
	_, err := s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID, Version: o.Version})
	wantErr(t, "another one of the old version", err, order.ErrStale)
	rest := must(t)(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID}))
	if want := []order.Units{{ItemID: "oi_mug", Quantity: 1}, {ItemID: "oi_top", Quantity: 1}}; !slices.Equal(rest.Fulfillments[1].Items, want) {
		t.Errorf("the rest is %v, want %v", rest.Fulfillments[1].Items, want)
	}
	_, err = s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID})
	wantErr(t, "nothing is left", err, order.ErrNoUnits)
	other := s.place(t, "cart_2.1", true)
	_, err = s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: other.ID, FulfillmentID: ful})
	wantErr(t, "the id of another order's", err, order.ErrFulfillmentTaken)

	s.told()
	got = must(t)(s.ShipFulfillment(ctx, shipIn))
	if f := got.Fulfillments[0]; !f.ShippedAt.Equal(day) || !slices.Equal(f.Tracking, shipIn.Tracking) || got.Items[0].Quantities.Fulfilled != 1 || got.FulfillmentStatus != order.PartlyFulfilled {
		t.Errorf("shipped %+v, %+v, %s", f, got.Items[0].Quantities, got.FulfillmentStatus)
	}
	p, err := order.EventShipped.Decode(s.events[0])
	want := order.ParcelV1{Order: o.ID, Number: o.Number, Email: o.Email, Locale: "en", Fulfillment: ful, Tracking: shipIn.Tracking, Notify: true}
	if err != nil || !reflect.DeepEqual(p, want) {
		t.Errorf("told %+v, %v; want %+v", p, err, want)
	}
	at := day.Add(25 * time.Hour)
	got = must(t)(s.DeliverFulfillment(ctx, order.DeliverFulfillmentInput{FulfillmentID: ful, At: &at}))
	if f := got.Fulfillments[0]; !f.DeliveredAt.Equal(at) || got.Items[0].Quantities.Delivered != 1 {
		t.Errorf("delivered %+v, %+v", f, got.Items[0].Quantities)
	}
	if of := must(t)(s.OfFulfillment(ctx, order.FulfillmentInput{FulfillmentID: ful})); !reflect.DeepEqual(of, got) {
		t.Errorf("the order of %s is %+v", ful, of)
	}
}

func TestUnship(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	o := s.place(t, "cart_1.1", true)
	must(t)(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
	must(t)(s.ShipFulfillment(ctx, shipIn))
	got := must(t)(s.UnshipFulfillment(ctx, shipIn))
	if f := got.Fulfillments[0]; f.Status != order.FulPending || f.ShippedAt != nil || len(f.Tracking) != 0 || got.Items[0].Quantities.Fulfilled != 0 || got.FulfillmentStatus != order.Unfulfilled {
		t.Errorf("taken back: %+v, %+v, %s", f, got.Items[0].Quantities, got.FulfillmentStatus)
	}
	_, err := s.ShipFulfillment(ctx, shipIn)
	wantErr(t, "late ship", err, once.ErrUndone)
	must(t)(s.CancelFulfillment(ctx, order.CancelFulfillmentInput{FulfillmentID: ful}))
	must(t)(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: "ful_2"}))
	must(t)(s.ShipFulfillment(ctx, order.ShipFulfillmentInput{FulfillmentID: "ful_2"}))
}

func TestUnknownFulfillment(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	for name, run := range map[string]func() error{
		"ship": func() error { return only(s.ShipFulfillment(ctx, shipIn)) },
		"deliver": func() error {
			return only(s.DeliverFulfillment(ctx, order.DeliverFulfillmentInput{FulfillmentID: ful}))
		},
		"cancel": func() error { return only(s.CancelFulfillment(ctx, order.CancelFulfillmentInput{FulfillmentID: ful})) },
		"of":     func() error { return only(s.OfFulfillment(ctx, order.FulfillmentInput{FulfillmentID: ful})) },
		"unship": func() error { return only(s.UnshipFulfillment(ctx, shipIn)) },
	} {
		wantErr(t, name, run(), order.ErrFulfillmentNotFound)
	}
}

func TestExpired(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	pending := s.place(t, "cart_1.1", false)
	s.place(t, "cart_2.1", true)
	canceling := s.place(t, "cart_3.1", true)
	must(t)(s.BeginCancel(ctx, order.CancelInput{ID: canceling.ID, Reason: order.ReasonStaff}))
	for before, want := range map[time.Duration][]string{
		0: {}, time.Minute: {canceling.ID}, 15 * time.Minute: {canceling.ID}, 15*time.Minute + time.Second: {canceling.ID, pending.ID},
	} {
		got, err := s.Expired(ctx, order.ExpiredInput{Before: day.Add(before), Limit: 10})
		if err != nil || !slices.Equal(got.IDs, want) {
			t.Errorf("expired after %v: %v, %v; want %v", before, got.IDs, err, want)
		}
	}
	must(t)(s.FinishCancel(ctx, order.IDInput{ID: canceling.ID}))
	must(t)(s.Confirm(ctx, order.IDInput{ID: pending.ID}))
	if got, err := s.Expired(ctx, order.ExpiredInput{Before: day.Add(time.Hour), Limit: 10}); err != nil || len(got.IDs) != 0 {
		t.Errorf("expired in the end: %v, %v", got.IDs, err)
	}
}

// O08: who, when, from, to and why.
func TestTimelineSaysWho(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", false)
	ctx := ident.WithRequest(staff(t.Context(), "orders:*"), "req_1")
	must(t)(s.AddNote(ctx, order.AddNoteInput{ID: o.Number, Text: "ring twice"}))
	must(t)(s.Confirm(ident.As(ctx, "checkout"), order.IDInput{ID: o.ID}))
	must(t)(s.AddNote(ident.WithKey(staff(t.Context(), "orders:write"), "key"), order.AddNoteInput{ID: o.Number, Text: "again"}))
	out, err := s.Timeline(ctx, order.IDInput{ID: o.Number})
	if err != nil {
		t.Fatal(err)
	}
	want := []order.Entry{
		{Version: 1, Kind: "placed", To: "pending", Actor: "system", At: day},
		{Version: 2, Kind: "note", Text: "ring twice", Actor: "staff:key_1", CauseID: "req_1", At: day},
		{Version: 3, Kind: "status", From: "pending", To: "confirmed", Actor: "staff:key_1", CauseID: "req_1", At: day},
		{Version: 4, Kind: "note", Text: "again", Actor: "staff:key_1", CauseID: "key", At: day},
	}
	if !reflect.DeepEqual(out.Items, want) {
		t.Errorf("timeline\n%+v, want\n%+v", out.Items, want)
	}
}

func TestWhoSeesAnOrder(t *testing.T) {
	s := newShop()
	in := ordertest.Sample("cart_1.1")
	in.Order.CustomerID = new("cus_ann")
	anns := must(t)(s.Place(t.Context(), in))
	in = ordertest.Sample("cart_2.1")
	in.Epoch = 1
	in.Order.CustomerID = new("") // nobody
	guests := must(t)(s.Place(t.Context(), in))
	ctx := t.Context()
	s.put(t, guests.ID, func(_ *order.Row, doc map[string]any) {
		if doc["customer_id"] != nil {
			t.Errorf("customer %v, want none", doc["customer_id"])
		}
		doc["customer_id"] = "" // as an old row may have it
	})
	revoked := guests
	revoked.Epoch = 0
	for name, tc := range map[string]struct {
		ctx  context.Context
		o    order.Order
		want error
	}{
		"program":               {ctx, anns, nil},
		"service":               {ident.As(guest(ctx, ""), "checkout"), anns, nil},
		"staff":                 {staff(ctx, "orders:read"), anns, nil},
		"staff of the catalog":  {staff(ctx, "catalog:read"), anns, order.ErrNotFound},
		"Ann":                   {customer(ctx, "cus_ann"), anns, nil},
		"Bob":                   {customer(ctx, "cus_bob"), anns, order.ErrNotFound},
		"Ann, a guest's":        {customer(ctx, "cus_ann"), guests, order.ErrNotFound},
		"a customer of no name": {customer(ctx, ""), guests, order.ErrNotFound},
		"guest":                 {guest(ctx, s.Token(guests)), guests, nil},
		"guest without a token": {guest(ctx, ""), guests, order.ErrNotFound},
		"guest, another order":  {guest(ctx, s.Token(guests)), anns, order.ErrNotFound},
		"guest, revoked token":  {guest(ctx, s.Token(revoked)), guests, order.ErrNotFound},
		"nobody":                {ident.With(ctx, ident.Actor{}), guests, order.ErrNotFound},
	} {
		_, err := s.Order(tc.ctx, order.IDInput{ID: tc.o.ID})
		_, missing := s.Order(tc.ctx, order.IDInput{ID: "ord_none"})
		wantErr(t, name, err, tc.want)
		if tc.want != nil && !reflect.DeepEqual(fault.Public(err), fault.Public(missing)) {
			t.Errorf("%s: %v differs from that of an order that does not exist, %v", name, err, missing)
		}
		_, err = s.Order(tc.ctx, order.IDInput{ID: tc.o.Number})
		if byNumber := name == "program" || name == "service" || name == "staff"; byNumber != (err == nil) {
			t.Errorf("%s by number: %v", name, err)
		}
	}
	// Without a secret a token would be anybody's.
	open := order.New(s.store, nil)
	_, err := open.Order(guest(ctx, ident.Token(nil, guests.ID, 1)), order.IDInput{ID: guests.ID})
	wantErr(t, "token without a secret", err, order.ErrNotFound)
	if got := open.Token(guests); got != "" {
		t.Errorf("token %q without a secret", got)
	}
}

func TestOrders(t *testing.T) {
	s := newShop()
	ctx := t.Context()
	var anns []string
	for i := range 7 {
		s.now = day.Add(time.Duration(i) * time.Second)
		in := ordertest.Sample(fmt.Sprint("cart_", i, ".1"))
		if i%2 == 0 {
			in.Order.CustomerID = new("cus_ann")
		}
		o := must(t)(s.Place(ctx, in))
		if i%2 == 0 {
			anns = append([]string{o.ID}, anns...)
		}
	}
	ann := customer(ctx, "cus_ann")
	var got []string
	in := order.OrdersInput{Query: page.Query{Limit: 3}, CustomerID: "cus_bob", Count: "exact"}
	for o, err := range page.All(ann, func(ctx context.Context, cursor string) (page.Page[order.Order], error) {
		in.Cursor = cursor
		p, err := s.Orders(ctx, in)
		if err == nil && *p.Total != 4 {
			t.Errorf("total %d, want 4", *p.Total)
		}
		return p, err
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.ID)
	}
	if !slices.Equal(got, anns) {
		t.Errorf("Ann's orders %v, want %v", got, anns)
	}
	for name, tc := range map[string]struct {
		ctx  context.Context
		in   order.OrdersInput
		n    int
		want error
	}{
		"staff":              {staff(ctx, "orders:read"), order.OrdersInput{}, 7, nil},
		"staff, by customer": {staff(ctx, "orders:read"), order.OrdersInput{CustomerID: "cus_ann"}, 4, nil},
		"staff, by email":    {staff(ctx, "orders:read"), order.OrdersInput{Email: "ADA@example.COM"}, 7, nil},
		"staff, by number":   {staff(ctx, "orders:read"), order.OrdersInput{Number: "1003"}, 1, nil},
		"by status":          {ctx, order.OrdersInput{Status: order.StatusCanceled}, 0, nil},
		"by time":            {ctx, order.OrdersInput{From: day.Add(time.Second), To: day.Add(3 * time.Second)}, 2, nil},
		"other staff":        {staff(ctx, "catalog:read"), order.OrdersInput{}, 0, fault.ErrDenied},
		"guest":              {guest(ctx, "token"), order.OrdersInput{}, 0, fault.ErrUnauthenticated},
		"customer of none":   {customer(ctx, ""), order.OrdersInput{}, 0, fault.ErrUnauthenticated},
		"bad cursor":         {ctx, order.OrdersInput{Query: page.Query{Cursor: "x"}}, 0, page.ErrCursor},
		"bad limit":          {ctx, order.OrdersInput{Query: page.Query{Limit: 101}}, 0, fault.ErrInvalid},
	} {
		p, err := s.Orders(tc.ctx, tc.in)
		wantErr(t, name, err, tc.want)
		if len(p.Items) != tc.n || err == nil && (p.Items == nil || p.Total != nil) {
			t.Errorf("%s: %d orders, want %d", name, len(p.Items), tc.n)
		}
	}
}

// wire is a Caller that reaches the handlers of a Service through JSON.
type wire map[string]op.Handler

func (w wire) Call(ctx context.Context, name string, in, out any) error {
	h, ok := w[name]
	if !ok {
		return fmt.Errorf("no operation %s", name)
	}
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	arg := h.New()
	if err := json.Unmarshal(data, arg); err != nil {
		return err
	}
	res, err := h.Call(ctx, arg)
	if err != nil {
		return fault.Public(err)
	}
	if data, err = json.Marshal(res); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// Every method of a Client reaches the operation of its name, and the engine
// asks each caller for the right that the operation names.
func TestClientReachesEveryOperation(t *testing.T) {
	w := wire{}
	order.Register(op.RegistrarFunc(func(h op.Handler) { w[h.Name] = h }), newShop())
	methods := reflect.TypeFor[order.Service]()
	if len(w) != methods.NumMethod() {
		t.Errorf("%d operations for %d methods", len(w), methods.NumMethod())
	}
	asked := ""
	spy := callFunc(func(name string) { asked = name })
	for method := range methods.Methods() {
		name := method.Name
		in := reflect.New(method.Type.In(1)).Elem()
		reflect.ValueOf(order.Client{Caller: spy}).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
		if got := strings.ReplaceAll(strings.TrimPrefix(asked, "order."), "_", ""); got != strings.ToLower(name) {
			t.Errorf("%s calls %s", name, asked)
		}
		h := w[asked]
		if err := check.Type(h.In); err != nil {
			t.Errorf("%s: %v", asked, err)
		}
		_, err := h.Call(guest(t.Context(), ""), h.New())
		if h.Access == op.Anyone {
			continue
		}
		if want := fault.ErrUnauthenticated; h.Access != op.Owner && !errors.Is(err, want) {
			t.Errorf("%s by a guest: %v, want %v", asked, err, want)
		}
		_, err = h.Call(staff(t.Context(), "catalog:write"), h.New())
		if h.Access != op.Owner && !errors.Is(err, fault.ErrDenied) {
			t.Errorf("%s by other staff: %v, want ErrDenied", asked, err)
		}
	}
}

type callFunc func(name string)

func (f callFunc) Call(_ context.Context, name string, _, _ any) error { f(name); return nil }

func TestClientOverTheWire(t *testing.T) {
	s := newShop()
	w := wire{}
	order.Register(op.RegistrarFunc(func(h op.Handler) { w[h.Name] = h }), s)
	c := order.Client{Caller: w}
	in := ordertest.Sample("cart_1.1")
	in.Epoch = 2
	in.Order.Payments = []order.Payment{{ID: "pay_1", Method: "stripe", Status: "open", Amount: money.New(7688, "EUR")}}
	o := must(t)(c.Place(t.Context(), in))
	if o.Number != "1001" || o.Items[0].Title != "Mug" {
		t.Errorf("placed %+v", o)
	}
	if kept := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID})); kept.Epoch != 2 || kept.CheckoutID != "cart_1.1" {
		t.Errorf("epoch %d, checkout %q", kept.Epoch, kept.CheckoutID)
	}
	if paid := must(t)(c.NotePayment(t.Context(), payment(o.ID, "captured", 1, 7688))); paid.PaymentStatus != order.PayPaid {
		t.Errorf("%s, want paid", paid.PaymentStatus)
	}
	_, err := c.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID})
	wantErr(t, "over the wire", err, order.ErrNotConfirmed)
	_, err = c.FinishCancel(t.Context(), order.IDInput{ID: o.ID})
	if meta(err) != `{"from":"pending","to":"canceled"}` {
		t.Errorf("meta %s", meta(err))
	}
}
