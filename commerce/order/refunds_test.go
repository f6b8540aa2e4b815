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
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
)

const ref = "ref_1"

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// sold places a confirmed order of EUR 76.88 that is captured.
func (s *shop) sold(t *testing.T) order.Order {
	t.Helper()
	o := s.place(t, "cart_1.1", true)
	o = s.pay(t, o.ID, "captured", 1, 7688)
	s.told()
	return o
}

func refunding(o order.Order, items ...order.Units) order.BeginRefundInput {
	return order.BeginRefundInput{RefundID: ref, RefundInput: order.RefundInput{ID: o.ID, Items: items, Reason: "damaged"}}
}

// part is news of the first part of a refund of EUR 13.49.
func part(o order.Order, status order.RefundStatus, version int64) order.NoteRefundInput {
	return order.NoteRefundInput{ID: o.ID, RefundID: ref + ".1", PaymentID: "pay_1", Status: status, Amount: eur(1349), Version: version}
}

// lines returns the history of refunds.
func (s *shop) lines(t *testing.T, id string) []string {
	t.Helper()
	out := []string{}
	for _, h := range s.history(t, id) {
		if h.Kind == "refund" {
			out = append(out, fmt.Sprintf("%s>%s %s", h.From, h.To, h.Text))
		}
	}
	return out
}

func TestRefundOfAMug(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	in := refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})
	in.ReturnID, in.Version = "ret_1", o.Version
	planned, err := s.PlanRefund(staff(t.Context(), "orders:read"), in.RefundInput)
	if err != nil {
		t.Fatal(err)
	}
	if now := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID})); !reflect.DeepEqual(now, o) {
		t.Errorf("the plan has changed the order to %+v", now)
	}
	in.ID = o.Number // staff name it by its number
	begun := must(t)(s.BeginRefund(t.Context(), in))
	if n := begun.Items[0].Quantities.Refunded; begun.Version != o.Version+1 || begun.PaymentStatus != order.PayPaid || n != 1 {
		t.Errorf("begun: version %d, %s, %d units", begun.Version, begun.PaymentStatus, n)
	}
	planned.ID, planned.Payments[0].ID = ref, ref+".1"
	if !reflect.DeepEqual(begun.Refunds, []order.Refund{planned}) {
		t.Errorf("begun %+v, planned %+v", begun.Refunds, planned)
	}
	if again := must(t)(s.BeginRefund(t.Context(), in)); !reflect.DeepEqual(again, begun) {
		t.Errorf("again %+v, want %+v", again, begun)
	}
	if asked := must(t)(s.NoteRefund(t.Context(), part(o, order.RefundPending, 2))); asked.Version != begun.Version {
		t.Errorf("still pending is version %d, want %d", asked.Version, begun.Version)
	}
	for range 2 {
		must(t)(s.NoteRefund(t.Context(), part(o, order.RefundSucceeded, 3)))
	}
	back := payment(o.ID, "captured", 2, 7688)
	back.Payment.Refunded = eur(1349)
	done := must(t)(s.NotePayment(t.Context(), back))
	if done.PaymentStatus != order.PayPartiallyRefunded || done.Balance.Refunded != eur(1349) || done.Balance.Due != eur(0) {
		t.Errorf("done: %s, %+v", done.PaymentStatus, done.Balance)
	}
	const want = `{"id":"ref_1","status":"succeeded","payment_id":"pay_1",` +
		`"payments":[{"id":"ref_1.1","payment_id":"pay_1","amount":{"amount":1349,"currency":"EUR"},"goodwill":{"amount":0,"currency":"EUR"},"status":"succeeded","version":3}],` +
		`"return_id":"ret_1","reason":"damaged","amount":{"amount":1349,"currency":"EUR"},"tax":{"amount":216,"currency":"EUR"},` +
		`"items":[{"item_id":"oi_mug","quantity":1,"amount":{"amount":1349,"currency":"EUR"},"tax":{"amount":216,"currency":"EUR"}}],` +
		`"shipping":{"amount":0,"currency":"EUR"},"goodwill":{"amount":0,"currency":"EUR"},"rounding":{"amount":0,"currency":"EUR"},"rest":{"amount":0,"currency":"EUR"},` +
		`"created_at":"2026-11-22T08:00:00Z"}`
	if got, err := json.Marshal(done.Refunds[0]); err != nil || string(got) != want {
		t.Errorf("shown as\n%s, want\n%s", got, want)
	}
	if got, want := s.lines(t, o.ID), []string{">pending ref_1 EUR 13.49: damaged", "pending>succeeded ref_1.1 EUR 13.49"}; !slices.Equal(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
	wantTold(t, s)
}

func TestRefundOfAll(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	in := refunding(o)
	got := must(t)(s.BeginRefund(t.Context(), in)).Refunds[0]
	if got.Amount != eur(7688) || got.Tax != eur(1227) || got.Shipping != eur(490) || len(got.Items) != 2 || got.Rest != eur(0) {
		t.Errorf("%+v", got)
	}
	in.RefundID = "ref_2"
	_, err := s.BeginRefund(t.Context(), in)
	wantErr(t, "twice", err, order.ErrAlreadyRefunded)
	_, err = s.PlanRefund(t.Context(), in.RefundInput)
	wantErr(t, "plan", err, order.ErrAlreadyRefunded)
}

func TestRefundFailsLater(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	in := refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})
	must(t)(s.BeginRefund(t.Context(), in))
	must(t)(s.NoteRefund(t.Context(), part(o, order.RefundSucceeded, 2)))
	bounced := part(o, order.RefundFailed, 4)
	bounced.Reason = "account closed"
	got := must(t)(s.NoteRefund(t.Context(), bounced))
	if r := got.Refunds[0]; r.Status != order.RefundFailed || r.Amount != eur(1349) || got.Items[0].Quantities.Refunded != 0 {
		t.Errorf("%+v, %+v", r, got.Items[0].Quantities)
	}
	for version, status := range map[int64]order.RefundStatus{3: order.RefundSucceeded, 4: order.RefundSucceeded, 1: order.RefundPending} {
		if late := must(t)(s.NoteRefund(t.Context(), part(o, status, version))); late.Version != got.Version {
			t.Errorf("late news %d of %s counts", version, status)
		}
	}
	_, err := s.NoteRefund(t.Context(), part(o, order.RefundSucceeded, 5))
	wantErr(t, "back to life", err, order.ErrIllegalRefund)
	if got, want := meta(err), `{"from":"failed","to":"succeeded"}`; got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	in.RefundID, in.Items[0].Quantity = "ref_2", 2
	if again := must(t)(s.BeginRefund(t.Context(), in)).Refunds[1]; again.Amount != eur(2698) {
		t.Errorf("both mugs after that: %v", again.Amount)
	}
	want := []string{">pending ref_1 EUR 13.49: damaged", "pending>succeeded ref_1.1 EUR 13.49", "succeeded>failed ref_1.1 EUR 13.49: account closed", ">pending ref_2 EUR 26.98: damaged"}
	if got := s.lines(t, o.ID); !slices.Equal(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
}

func TestDropRefund(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	drop := order.DropRefundInput{ID: o.ID, RefundID: ref}
	in := refunding(o)
	must(t)(s.BeginRefund(t.Context(), in))
	var last order.Order
	for range 2 {
		last = must(t)(s.DropRefund(t.Context(), drop))
		if r := last.Refunds[0]; r.Status != order.RefundFailed || last.Items[1].Quantities.Refunded != 0 || len(s.lines(t, o.ID)) != 2 {
			t.Errorf("dropped: %+v", r)
		}
	}
	_, err := s.BeginRefund(t.Context(), in)
	wantErr(t, "begun again", err, once.ErrUndone)
	// Before it was begun: that comes too late.
	drop.RefundID, in.RefundID = "ref_2", "ref_2"
	if got := must(t)(s.DropRefund(t.Context(), drop)); got.Version != last.Version {
		t.Errorf("version %d, want %d", got.Version, last.Version)
	}
	_, err = s.BeginRefund(t.Context(), in)
	wantErr(t, "late", err, once.ErrUndone)
	// What has gone back stays so.
	in.RefundID, drop.RefundID = "ref_3", "ref_3"
	must(t)(s.BeginRefund(t.Context(), in))
	must(t)(s.NoteRefund(t.Context(), order.NoteRefundInput{ID: o.ID, RefundID: "ref_3.1", PaymentID: "pay_1", Status: order.RefundSucceeded, Amount: eur(7688), Version: 1}))
	if got := must(t)(s.DropRefund(t.Context(), drop)); got.Refunds[1].Status != order.RefundSucceeded {
		t.Errorf("%+v, want succeeded", got.Refunds[1])
	}
}

func TestRefundIDsAreOfOneOrder(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	must(t)(s.BeginRefund(t.Context(), refunding(o)))
	other := s.place(t, "cart_2.1", true)
	s.pay(t, other.ID, "captured", 1, 7688)
	_, err := s.BeginRefund(t.Context(), refunding(other))
	wantErr(t, "another order", err, order.ErrRefundTaken)
	_, err = s.DropRefund(t.Context(), order.DropRefundInput{ID: other.ID, RefundID: ref})
	wantErr(t, "drop", err, order.ErrRefundNotFound)
	if got := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID})); got.Refunds[0].Status != order.RefundPending {
		t.Errorf("%+v, want it pending", got.Refunds[0])
	}
	// The mark is gone after weeks; the refund stays.
	e := order.New(forgetful{s.store}, nil)
	if again := must(t)(e.BeginRefund(t.Context(), refunding(o))); len(again.Refunds) != 1 {
		t.Errorf("%d refunds, want 1", len(again.Refunds))
	}
}

func TestRefundMadeElsewhere(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	in := order.NoteRefundInput{ID: o.ID, RefundID: "ref_x", PaymentID: "pay_1", Status: order.RefundPending, Amount: eur(1000), Version: 1, At: day.Add(-time.Hour)}
	for range 2 {
		must(t)(s.NoteRefund(t.Context(), in))
	}
	in.Status, in.Version = order.RefundSucceeded, 2
	got := must(t)(s.NoteRefund(t.Context(), in))
	if len(got.Refunds) != 1 {
		t.Fatalf("%d refunds, want 1", len(got.Refunds))
	}
	r := got.Refunds[0]
	if r.ID != "ref_x" || r.Status != order.RefundSucceeded || *r.PaymentID != "pay_1" || r.Goodwill != eur(1000) || r.Amount != eur(1000) ||
		r.Reason != "made at the provider of stripe" || !r.CreatedAt.Equal(in.At) || r.Items == nil || r.Payments[0].ID != "ref_x" {
		t.Errorf("%+v", r)
	}
	all := must(t)(s.BeginRefund(t.Context(), refunding(o))).Refunds[1]
	if all.Amount != eur(6688) || all.Rest != eur(-1000) {
		t.Errorf("then all is %v with a rest of %v, want 66.88 and -10", all.Amount, all.Rest)
	}
}

func TestNoteRefundRefusals(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	must(t)(s.BeginRefund(t.Context(), refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})))
	before := s.row(t, o.ID)
	for name, tc := range map[string]struct {
		spoil func(in *order.NoteRefundInput)
		want  *fault.Error
		at    string
	}{
		"no order":         {func(in *order.NoteRefundInput) { in.ID = "ord_9" }, order.ErrNotFound, ""},
		"no payment":       {func(in *order.NoteRefundInput) { in.PaymentID = "pay_9" }, order.ErrPaymentNotFound, "/payment_id"},
		"another amount":   {func(in *order.NoteRefundInput) { in.Amount.Minor++ }, order.ErrBadSums, "/amount"},
		"another currency": {func(in *order.NoteRefundInput) { in.Amount.Currency = "USD" }, order.ErrBadSums, "/amount"},
		"below zero":       {func(in *order.NoteRefundInput) { in.RefundID, in.Amount.Minor = "ref_9", -1 }, order.ErrBadSums, "/amount"},
		"no state":         {func(in *order.NoteRefundInput) { in.Status = "lost" }, fault.ErrInvalid, "/status"},
		"no version":       {func(in *order.NoteRefundInput) { in.Version = 0 }, fault.ErrInvalid, "/version"},
	} {
		in := part(o, order.RefundSucceeded, 1)
		tc.spoil(&in)
		_, err := s.NoteRefund(t.Context(), in)
		f, _ := errors.AsType[*fault.Error](err)
		if !errors.Is(err, tc.want) || f.Param != tc.at {
			t.Errorf("%s: %v, want %v at %q", name, err, tc.want, tc.at)
		}
	}
	if after := s.row(t, o.ID); !reflect.DeepEqual(after, before) {
		t.Errorf("the order changed to %+v", after)
	}
}

// A part goes only to the payment that it is of.
func TestPartsStayWithTheirPayment(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	other := payment(o.ID, "captured", 1, 100)
	other.Payment.ID = "pay_2"
	must(t)(s.NotePayment(t.Context(), other))
	got := must(t)(s.BeginRefund(t.Context(), refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})))
	if r := got.Refunds[0]; r.PaymentID != nil || len(r.Payments) != 2 || r.Payments[0].PaymentID != "pay_2" || r.Payments[1].ID != "ref_1.2" || r.Payments[1].Amount != eur(1249) {
		t.Fatalf("%+v, want 1.00 to pay_2 and the rest to pay_1", r)
	}
	in := part(o, order.RefundSucceeded, 1)
	in.Amount = eur(100)
	_, err := s.NoteRefund(t.Context(), in)
	wantErr(t, "another payment", err, order.ErrPaymentNotFound)
	in.PaymentID = "pay_2"
	if r := must(t)(s.NoteRefund(t.Context(), in)).Refunds[0]; r.Status != order.RefundPending || r.Payments[0].Status != order.RefundSucceeded {
		t.Errorf("one of two: %+v, want pending", r)
	}
}

func TestRefundIsChecked(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	begin := func(change func(in *order.BeginRefundInput)) error {
		in := refunding(o)
		change(&in)
		return only(s.BeginRefund(t.Context(), in))
	}
	for name, tc := range map[string]struct {
		change func(in *order.BeginRefundInput)
		code   string
		at     string
	}{
		"no reason":     {func(in *order.BeginRefundInput) { in.Reason = "" }, check.TooShort, "/reason"},
		"long reason":   {func(in *order.BeginRefundInput) { in.Reason = strings.Repeat("x", 501) }, check.TooLong, "/reason"},
		"empty list":    {func(in *order.BeginRefundInput) { in.Items = []order.Units{} }, check.TooFew, "/items"},
		"no unit":       {func(in *order.BeginRefundInput) { in.Items = []order.Units{{ItemID: "oi_mug"}} }, check.TooSmall, "/items/0/quantity"},
		"no id":         {func(in *order.BeginRefundInput) { in.RefundID = "" }, check.TooShort, "/refund_id"},
		"three of two":  {func(in *order.BeginRefundInput) { in.Items = []order.Units{{ItemID: "oi_mug", Quantity: 3}} }, check.TooBig, "/items/0/quantity"},
		"in USD":        {func(in *order.BeginRefundInput) { in.Goodwill = new(money.New(1, "USD")) }, check.NotAllowed, "/goodwill/currency"},
		"less than 0":   {func(in *order.BeginRefundInput) { in.Shipping = new(eur(-1)) }, check.TooSmall, "/shipping/amount"},
		"more shipping": {func(in *order.BeginRefundInput) { in.Shipping = new(eur(491)) }, check.TooBig, "/shipping/amount"},
	} {
		err := begin(tc.change)
		f, _ := errors.AsType[*fault.Error](err)
		if !errors.Is(err, fault.ErrInvalid) || len(f.Errors) != 1 || f.Errors[0].Code != tc.code || f.Param != tc.at {
			t.Errorf("%s: %v, want %s at %s", name, err, tc.code, tc.at)
		}
	}
	wantErr(t, "another version", begin(func(in *order.BeginRefundInput) { in.Version = 1 }), order.ErrStale)
	wantErr(t, "no order", begin(func(in *order.BeginRefundInput) { in.ID = "ord_9" }), order.ErrNotFound)
	wantErr(t, "more", begin(func(in *order.BeginRefundInput) { in.Goodwill = new(eur(7689)) }), order.ErrNotRefundable)
}

// O01: every status × the commands of refunds, with money and without: what is
// allowed happens once, what is not changes nothing.
func TestRefundTable(t *testing.T) {
	begin := command{"begin_refund", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.BeginRefund(ctx, refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})))
	}, nil, false}
	note := command{"note_refund", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.NoteRefund(ctx, part(o, order.RefundSucceeded, 1)))
	}, nil, false}
	drop := command{"drop_refund", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.DropRefund(ctx, order.DropRefundInput{ID: o.ID, RefundID: ref}))
	}, nil, false}
	unpaid := stays(outcome{err: order.ErrNotRefundable})
	unpaid[order.StatusPending], unpaid[order.StatusDraft] = outcome{err: order.ErrNotConfirmed}, outcome{err: order.ErrNotConfirmed}
	for _, c := range []struct {
		name     string
		captured int64
		begun    bool
		command
		want map[order.Status]outcome
	}{
		{"paid", 7688, false, begin, stays(outcome{lines: 1})},
		{"unpaid", 0, false, begin, unpaid},
		{"begun", 7688, true, note, stays(outcome{lines: 1})},
		{"begun", 7688, true, drop, stays(outcome{lines: 1})},
		{"none", 7688, false, drop, stays(nothing)},
	} {
		for _, status := range order.Transitions.States() {
			t.Run(fmt.Sprintf("%s/%s/%s", c.command.name, c.name, status), func(t *testing.T) {
				s := newShop()
				o := s.place(t, "cart_1.1", false)
				s.pay(t, o.ID, "captured", 1, c.captured)
				if c.begun {
					must(t)(s.BeginRefund(t.Context(), refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})))
				}
				s.put(t, o.ID, func(r *order.Row, doc map[string]any) { r.Status, doc["status"] = status, status })
				want := c.want[status]
				s.check(t, o, c.command.name, func() error { return c.run(t.Context(), s, o) }, want, order.Transitions)
				if want.err == nil {
					want = nothing
				}
				s.check(t, o, c.command.name+" again", func() error { return c.run(t.Context(), s, o) }, want, order.Transitions)
			})
		}
	}
}

// Orders go on with refunds: to their end and, canceled, stay there.
func TestRefundsLeaveTheStatus(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
	must(t)(s.ShipFulfillment(t.Context(), shipIn))
	must(t)(s.DeliverFulfillment(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: ful}))
	must(t)(s.BeginRefund(t.Context(), refunding(o)))
	in := part(o, order.RefundSucceeded, 1)
	in.Amount = eur(7688)
	must(t)(s.NoteRefund(t.Context(), in))
	back := payment(o.ID, "captured", 2, 7688)
	back.Payment.Refunded = eur(7688)
	if o = must(t)(s.NotePayment(t.Context(), back)); o.Status != order.StatusCompleted || o.PaymentStatus != order.PayRefunded || o.FulfillmentStatus != order.Delivered {
		t.Errorf("%s, %s, %s; want completed, refunded, delivered", o.Status, o.PaymentStatus, o.FulfillmentStatus)
	}

	s = newShop()
	o = s.sold(t)
	must(t)(s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Reason: order.ReasonCustomer}))
	must(t)(s.BeginRefund(t.Context(), refunding(o)))
	must(t)(s.FinishCancel(t.Context(), order.IDInput{ID: o.ID}))
	in.ID = o.ID
	if o = must(t)(s.NoteRefund(t.Context(), in)); o.Status != order.StatusCanceled || o.Refunds[0].Status != order.RefundSucceeded || o.Items[0].Quantities != (order.Quantities{Canceled: 2, Refunded: 2}) {
		t.Errorf("%s, %+v, %+v", o.Status, o.Refunds[0], o.Items[0].Quantities)
	}
}

// An order that an older release has stored knows nothing of what came since.
func TestRefundOfAnOlderRelease(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	s.put(t, o.ID, func(_ *order.Row, doc map[string]any) {
		delete(doc, "captures")
		doc["refunds"] = []any{}
		for _, p := range append(doc["payments"].([]any), doc["payment"]) {
			for _, field := range []string{"refunding", "disputed", "display", "capture_before"} {
				delete(p.(map[string]any), field)
			}
		}
	})
	if got := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID})); !reflect.DeepEqual(got, o) {
		t.Errorf("read\n%+v, want\n%+v", got, o)
	}
	if r := must(t)(s.BeginRefund(t.Context(), refunding(o))).Refunds[0]; r.Amount != eur(7688) {
		t.Errorf("%+v", r)
	}
}

func TestPaymentAlwaysHasItsAmounts(t *testing.T) {
	data, err := json.Marshal(order.Payment{ID: "pay_1", Amount: eur(100)})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"pay_1","method":"","status":"","amount":{"amount":100,"currency":"EUR"},"authorized":{"amount":0,"currency":"EUR"},"captured":{"amount":0,"currency":"EUR"},` +
		`"refunded":{"amount":0,"currency":"EUR"},"refunding":{"amount":0,"currency":"EUR"},"disputed":{"amount":0,"currency":"EUR"},` +
		`"next_action":null,"failure":null,"display":null,"capture_before":null,"version":0}`
	if string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	var p order.Payment
	if err := json.Unmarshal(data, &p); err != nil || p.Disputed != eur(0) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDisputed(t *testing.T) {
	s := newShop()
	o := s.sold(t)
	in := payment(o.ID, "captured", 2, 7688)
	in.Payment.Disputed, in.Payment.Display = eur(100), &order.Display{Brand: "visa", Last4: "4242"}
	if o = must(t)(s.NotePayment(t.Context(), in)); o.PaymentStatus != order.PayDisputed || o.Payment.Display.Last4 != "4242" {
		t.Errorf("%s, %+v", o.PaymentStatus, o.Payment)
	}
	in.Version, in.Payment.Disputed = 3, eur(0)
	if o = must(t)(s.NotePayment(t.Context(), in)); o.PaymentStatus != order.PayPaid {
		t.Errorf("won: %s, want paid", o.PaymentStatus)
	}
	in.Version, in.Payment.Disputed = 4, eur(-1)
	_, err := s.NotePayment(t.Context(), in)
	wantErr(t, "below zero", err, order.ErrBadSums)
}

func TestRefundOverTheWire(t *testing.T) {
	s := newShop()
	w := wire{}
	order.Register(op.RegistrarFunc(func(h op.Handler) { w[h.Name] = h }), s)
	c := order.Client{Caller: w}
	o := s.sold(t)
	in := refunding(o)
	in.Items = []order.Units{}
	_, err := c.BeginRefund(t.Context(), in)
	wantErr(t, "an empty list is not all", err, fault.ErrInvalid)
	in = refunding(o, order.Units{ItemID: "oi_mug", Quantity: 1})
	plan, err := c.PlanRefund(t.Context(), in.RefundInput)
	if err != nil || plan.Amount != eur(1349) || plan.ID != "" || plan.Payments[0].ID != "" {
		t.Errorf("%+v, %v", plan, err)
	}
	got := must(t)(c.BeginRefund(t.Context(), in))
	if kept := must(t)(s.Order(t.Context(), order.IDInput{ID: o.ID})); !reflect.DeepEqual(got.Refunds, kept.Refunds) {
		t.Errorf("%+v, want %+v", got.Refunds, kept.Refunds)
	}
	must(t)(c.NoteRefund(t.Context(), part(o, order.RefundSucceeded, 1)))
	must(t)(c.DropRefund(t.Context(), order.DropRefundInput{ID: o.ID, RefundID: ref}))
}
