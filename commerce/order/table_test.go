package order_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// outcome is what a command does to an order: an error and nothing else, or
// lines of history, a status and events. Lines 0 is nothing at all.
type outcome struct {
	err    error
	lines  int
	to     order.Status
	events []string
}

var (
	nothing = outcome{}
	refused = outcome{err: order.ErrIllegal}
)

type command struct {
	name string
	run  func(ctx context.Context, s *shop, o order.Order) error
	// want by the status that the order has; one that is missing is refused.
	want  map[order.Status]outcome
	again bool // a second time does as much as the first
}

func only[T any](_ T, err error) error { return err }

func moves(to order.Status, events ...string) outcome {
	return outcome{lines: 1, to: to, events: events}
}

func stays(o outcome) map[order.Status]outcome {
	all := map[order.Status]outcome{}
	for _, s := range order.Transitions.States() {
		o := o
		if o.lines > 0 {
			o.to = s
		}
		all[s] = o
	}
	return all
}

const ful = "ful_1"

var shipIn = order.ShipFulfillmentInput{FulfillmentID: ful, Tracking: []order.Tracking{{Carrier: "DHL", Number: "0034"}}, Notify: true}

var commands = []command{
	{"place", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.Place(ctx, ordertest.Sample(o.CheckoutID)))
	}, stays(nothing), false},
	{"confirm", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.Confirm(ctx, order.IDInput{ID: o.ID}))
	}, map[order.Status]outcome{order.StatusPending: moves(order.StatusConfirmed, "order.confirmed"), order.StatusConfirmed: nothing, order.StatusCompleted: nothing}, false},
	{"begin_cancel", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.BeginCancel(ctx, order.CancelInput{ID: o.ID, Reason: order.ReasonStaff}))
	}, map[order.Status]outcome{order.StatusPending: moves(order.StatusCanceling), order.StatusConfirmed: moves(order.StatusCanceling),
		order.StatusCanceling: nothing, order.StatusCanceled: nothing}, false},
	{"finish_cancel", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.FinishCancel(ctx, order.IDInput{ID: o.ID}))
	}, map[order.Status]outcome{order.StatusCanceling: moves(order.StatusCanceled, "order.canceled"), order.StatusCanceled: nothing}, false},
	{"keep_after_all", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.KeepAfterAll(ctx, order.KeepAfterAllInput{ID: o.ID}))
	}, map[order.Status]outcome{order.StatusCanceling: moves(order.StatusPending), order.StatusPending: nothing, order.StatusConfirmed: nothing, order.StatusCompleted: nothing}, false},
	{"withdraw", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.Withdraw(ctx, order.WithdrawInput{ID: o.ID, CheckoutID: o.CheckoutID, Reason: order.ReasonExpired}))
	}, map[order.Status]outcome{order.StatusPending: moves(order.StatusCanceled, "order.canceled"), order.StatusCanceling: moves(order.StatusCanceled, "order.canceled"),
		order.StatusConfirmed: {lines: 2, to: order.StatusCanceled, events: []string{"order.canceled"}}, order.StatusCanceled: nothing}, false},
	{"note_payment", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.NotePayment(ctx, payment(o.ID, "open", 1, 0)))
	}, stays(outcome{lines: 1}), false},
	{"add_note", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.AddNote(ctx, order.AddNoteInput{ID: o.ID, Text: "call first"}))
	}, stays(outcome{lines: 1}), true},
	{"create_fulfillment", func(ctx context.Context, s *shop, o order.Order) error {
		return only(s.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
	}, map[order.Status]outcome{order.StatusConfirmed: moves(order.StatusConfirmed), order.StatusPending: {err: order.ErrNotConfirmed}}, false},
}

// O01: every status × every command: what is allowed happens once, what is not
// changes nothing and tells nobody.
func TestStatusTable(t *testing.T) {
	for _, c := range commands {
		for _, from := range order.Transitions.States() {
			t.Run(fmt.Sprintf("%s/%s", c.name, from), func(t *testing.T) {
				s := newShop()
				o := s.place(t, "cart_1.1", false)
				s.put(t, o.ID, func(r *order.Row, doc map[string]any) {
					r.Status, doc["status"] = from, from
					if from == order.StatusCanceling {
						doc["before"] = order.StatusPending
					}
				})
				want, ok := c.want[from]
				if !ok {
					want = refused
				}
				s.check(t, o, c.name, func() error { return c.run(t.Context(), s, o) }, want, order.Transitions)
				if want.err == nil && !c.again {
					want = nothing
				}
				s.check(t, o, c.name+" again", func() error { return c.run(t.Context(), s, o) }, want, order.Transitions)
			})
		}
	}
}

// check runs a command on o and looks at all that it may touch.
func (s *shop) check(t *testing.T, o order.Order, what string, run func() error, want outcome, table state.Table[order.Status]) {
	t.Helper()
	s.told()
	before, history := s.row(t, o.ID), s.history(t, o.ID)
	err := run()
	after, now := s.row(t, o.ID), s.history(t, o.ID)
	if want.err != nil || want.lines == 0 {
		if want.err == nil && err != nil || !errors.Is(err, want.err) {
			t.Errorf("%s: %v, want %v", what, err, want.err)
		}
		if !reflect.DeepEqual(after, before) || len(now) != len(history) {
			t.Errorf("%s: the order changed from %+v to %+v", what, before, after)
		}
		wantTold(t, s)
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if after.Version != before.Version+int64(want.lines) || after.Status != want.to {
		t.Errorf("%s: version %d %s, want %d %s", what, after.Version, after.Status, before.Version+int64(want.lines), want.to)
	}
	wantTold(t, s, want.events...)
	for i, h := range now[len(history):] {
		if h.Version != before.Version+int64(i)+1 || h.Actor != "system" || !h.At.Equal(s.now) {
			t.Errorf("%s: line %+v", what, h)
		}
		if h.Kind == "status" && !table.Allows(order.Status(h.From), order.Status(h.To)) {
			t.Errorf("%s: the table has no move from %s to %s", what, h.From, h.To)
		}
	}
}

// O01: states of a fulfillment × commands on it.
func TestFulfillmentTable(t *testing.T) {
	type want map[order.FulfillmentState]outcome
	wrong := outcome{err: order.ErrIllegalFulfillment}
	ship := func(ctx context.Context, s *shop) error { return only(s.ShipFulfillment(ctx, shipIn)) }
	unship := func(ctx context.Context, s *shop) error { return only(s.UnshipFulfillment(ctx, shipIn)) }
	deliver := func(ctx context.Context, s *shop) error {
		return only(s.DeliverFulfillment(ctx, order.DeliverFulfillmentInput{FulfillmentID: ful}))
	}
	cancel := func(ctx context.Context, s *shop) error {
		return only(s.CancelFulfillment(ctx, order.CancelFulfillmentInput{FulfillmentID: ful, Reason: "wrong box"}))
	}
	reach := map[order.FulfillmentState][]func(context.Context, *shop) error{
		order.FulPending: nil, order.FulShipped: {ship}, order.FulDelivered: {ship, deliver}, order.FulCanceled: {cancel}, order.FulLost: {ship},
	}
	for _, c := range []struct {
		name string
		run  func(context.Context, *shop) error
		want want
	}{
		{"ship", ship, want{order.FulPending: moves(order.StatusConfirmed, "order.shipped"), order.FulShipped: nothing, order.FulDelivered: nothing, order.FulLost: nothing}},
		{"unship", unship, want{order.FulPending: nothing, order.FulShipped: moves(order.StatusConfirmed), order.FulCanceled: nothing}},
		{"deliver", deliver, want{order.FulShipped: moves(order.StatusConfirmed, "order.delivered"), order.FulDelivered: nothing}},
		{"cancel", cancel, want{order.FulPending: moves(order.StatusConfirmed), order.FulCanceled: nothing}},
	} {
		for _, from := range order.FulfillmentTransitions.States() {
			t.Run(fmt.Sprintf("%s/%s", c.name, from), func(t *testing.T) {
				s := newShop()
				o := s.place(t, "cart_1.1", true)
				must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
				for _, step := range reach[from] {
					if err := step(t.Context(), s); err != nil {
						t.Fatal(err)
					}
				}
				if from == order.FulLost {
					s.put(t, o.ID, func(_ *order.Row, doc map[string]any) {
						doc["fulfillments"].([]any)[0].(map[string]any)["status"] = from
					})
				}
				out, ok := c.want[from]
				if !ok {
					out = wrong
				}
				s.check(t, o, c.name, func() error { return c.run(t.Context(), s) }, out, order.Transitions)
				if out.err == nil {
					out = nothing
				}
				s.check(t, o, c.name+" again", func() error { return c.run(t.Context(), s) }, out, order.Transitions)
			})
		}
	}
}

// A parcel leaves and arrives only while its order is confirmed.
func TestParcelsNeedAConfirmedOrder(t *testing.T) {
	for _, status := range order.Transitions.States() {
		want := refused
		switch status {
		case order.StatusConfirmed:
			continue
		case order.StatusPending:
			want = outcome{err: order.ErrNotConfirmed}
		}
		s := newShop()
		o := s.place(t, "cart_1.1", true)
		must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
		force := func() {
			s.put(t, o.ID, func(r *order.Row, doc map[string]any) { r.Status, doc["status"] = status, status })
		}
		force()
		s.check(t, o, "ship "+string(status), func() error { return only(s.ShipFulfillment(t.Context(), shipIn)) }, want, order.Transitions)
		s.put(t, o.ID, func(r *order.Row, doc map[string]any) {
			r.Status, doc["status"] = order.StatusConfirmed, order.StatusConfirmed
		})
		must(t)(s.ShipFulfillment(t.Context(), shipIn))
		force()
		s.check(t, o, "deliver "+string(status), func() error {
			return only(s.DeliverFulfillment(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: ful}))
		}, want, order.Transitions)
	}
}

func TestErrorsNameBothStates(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	_, err := s.FinishCancel(t.Context(), order.IDInput{ID: o.ID})
	if got, want := meta(err), `{"from":"confirmed","to":"canceled"}`; got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	must(t)(s.CreateFulfillment(t.Context(), order.CreateFulfillmentInput{ID: o.ID, FulfillmentID: ful}))
	_, err = s.DeliverFulfillment(t.Context(), order.DeliverFulfillmentInput{FulfillmentID: ful})
	if got, want := meta(err), `{"from":"pending","to":"delivered"}`; got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	_, err = s.BeginCancel(t.Context(), order.CancelInput{ID: o.ID, Reason: order.ReasonStaff, Version: 1})
	wantErr(t, "another version", err, order.ErrStale)
	if got, want := meta(err), `{"version":3}`; got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
	if !slices.Contains(order.OpBeginCancel.Fails, order.ErrStale) {
		t.Error("ErrStale is not declared")
	}
}
