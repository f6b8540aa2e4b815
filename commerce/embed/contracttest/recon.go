package contracttest

import (
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/explain"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var reconCases = []trial{
	{"payment.reconcile", func(w *world) {
		w.asked(fakepay.Card, "")
		out := got(w.Payments.Reconcile(w.Context(), payment.ReconcileInput{}))(w)
		if !slices.ContainsFunc(out.Providers, func(p payment.ProviderBooks) bool { return p.Provider == "fake" && p.Error == "" }) {
			w.Errorf("%+v: the books of the bank are not there", out)
		}
		w.ok(w.Payments.Reconcile(w.Context(), payment.ReconcileInput{Only: payment.OnlyCatchUp}))
	}},
	{"payment.breaks, payment.break and payment.resolve_break", func(w *world) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		b := payment.Break{ID: "brk_" + w.name(), Kind: payment.BreakMismatch, Object: w.name(), Provider: "fake", OrderID: "ord_" + w.name(),
			Ours: "USD 1.00", Theirs: "USD 2.00", State: payment.BreakOpen, FirstSeen: now, LastSeen: now}
		w.ok(nil, w.top.Tear(w.Context(), b))
		if all := got(w.Payments.Breaks(w.Context(), payment.BreaksInput{State: payment.BreakOpen, OrderID: b.OrderID}))(w); len(all.Items) != 1 || all.Items[0].ID != b.ID {
			w.Errorf("breaks %+v, want %s", all.Items, b.ID)
		}
		if one := got(w.Payments.Break(w.Context(), payment.IDInput{ID: b.ID}))(w); one.Theirs != b.Theirs || !one.FirstSeen.Equal(now) {
			w.Errorf("break %+v, want %+v", one, b)
		}
		w.fails(payment.ErrBreakNotFound)(w.Payments.Break(w.Context(), payment.IDInput{ID: nobody}))
		in := payment.ResolveBreakInput{ID: b.ID, Note: "a contract"}
		for range 2 { // again is fine
			if one := got(w.Payments.ResolveBreak(w.Context(), in))(w); one.State != payment.BreakResolved || one.Note != in.Note || one.Actor == "" {
				w.Errorf("resolved %+v", one)
			}
		}
		w.fails(payment.ErrBreakNotFound)(w.Payments.ResolveBreak(w.Context(), payment.ResolveBreakInput{ID: nobody, Note: "x"}))
	}},
	{"payment.notices and payment.replay_notice", func(w *world) {
		bank := fakepay.New(nil) // signs as the shop's own does
		p := got(w.Payments.Payment(w.Context(), w.owed(fakepay.Card, "")))(w)
		in := payment.ReplayNoticeInput{Provider: bank.Name(), ID: "evt_" + w.name()}
		_, body := bank.Notice(in.ID, p.ID)
		w.ok(w.Payments.Receive(w.stranger(), payment.ReceiveInput{Provider: bank.Name(), Headers: bank.Sign(body), Body: body}))
		all := got(w.Payments.Notices(w.Context(), payment.NoticesInput{Query: most, OrderID: p.OrderID}))(w)
		if !slices.ContainsFunc(all.Items, func(r payment.Received) bool { return r.ID == in.ID && r.PaymentID == p.ID }) {
			w.Errorf("notices %+v, want %s", all.Items, in.ID)
		}
		if r := got(w.Payments.ReplayNotice(w.Context(), in))(w); r.State != payment.NoticeDone || r.Attempts == 0 {
			w.Errorf("replayed %+v, want it done", r)
		}
		w.ok(w.Payments.Notices(w.Context(), payment.NoticesInput{State: payment.NoticeDone}))
		w.fails(payment.ErrNoticeNotFound)(w.Payments.ReplayNotice(w.Context(), payment.ReplayNoticeInput{Provider: bank.Name(), ID: nobody}))
	}},
	{"explain.order and outbox.events", func(w *world) {
		_, o := w.bought(1000, fakepay.Card, "")
		w.fails(order.ErrNotFound)(w.Explain.Order(w.Context(), order.IDInput{ID: nobody}))
		told := func(x explain.Explanation, kind string) bool {
			return slices.ContainsFunc(x.Items, func(e explain.Entry) bool { return e.Kind == kind })
		}
		w.eventually("the story of an order is told, with those who took its events", func() bool {
			x := got(w.Explain.Order(w.Context(), byID(o)))(w)
			if x.Order.Number != o.Number || len(x.Missing) > 0 || !slices.IsSortedFunc(x.Items, func(a, b explain.Entry) int { return a.At.Compare(b.At) }) {
				w.Fatalf("story %+v", x)
			}
			for _, kind := range []string{explain.KindOrder, explain.KindPayment, explain.KindMoney, explain.KindEvent, explain.KindDelivery} {
				if !told(x, kind) {
					return false
				}
			}
			return len(x.Reservations) == 1
		})
		all := got(w.Outbox.Events(w.Context(), outbox.EventsInput{Keys: []string{o.ID}}))(w)
		if len(all.Items) == 0 || all.Items[0].Event.Name != order.EventPlaced.Name || len(all.Deliveries) == 0 {
			w.Errorf("events %+v", all)
		}
	}},
}
