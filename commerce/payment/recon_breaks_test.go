package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func TestResolveBreak(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	s.append("p", payment.LineDisputed, "ghost", 2499)
	s.append("p", payment.LineDisputeWon, "ghost2", 2499)
	s.pass(2 * time.Hour)
	s.compare()
	clerk := staff(t.Context(), "payments:write")
	_, err := s.ResolveBreak(clerk, payment.ResolveBreakInput{ID: "brk_none", Note: "x"})
	wantErr(t, err, payment.ErrBreakNotFound)
	_, err = s.ResolveBreak(clerk, payment.ResolveBreakInput{ID: "brk_none"})
	wantErr(t, err, fault.ErrInvalid)
	_, err = s.ResolveBreak(staff(t.Context(), "payments:read"), payment.ResolveBreakInput{ID: "brk_none", Note: "x"})
	wantErr(t, err, fault.ErrDenied)
	all, err := s.Breaks(staff(t.Context(), "payments:read"), payment.BreaksInput{OrderID: "ord_p", Query: page.Query{Limit: 1}})
	if err != nil || len(all.Items) != 1 || all.NextCursor == nil {
		t.Fatalf("%+v, %v; want the first of two", all, err)
	}
	rest, err := s.Breaks(t.Context(), payment.BreaksInput{OrderID: "ord_p", Query: page.Query{Cursor: *all.NextCursor}})
	if err != nil || len(rest.Items) != 1 || rest.Items[0].ID == all.Items[0].ID {
		t.Fatalf("%+v, %v; want the second of two", rest, err)
	}
	b := all.Items[0]
	for range 2 {
		got, err := s.ResolveBreak(clerk, payment.ResolveBreakInput{ID: b.ID, Note: "a test"})
		if err != nil || got.State != payment.BreakResolved || got.Note != "a test" || got.Actor != "staff:key_1" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	s.compare() // what somebody has looked at stays resolved
	if got := s.theBreak(); got.ID == b.ID {
		t.Error("open again without news")
	}
	kind, object, _ := strings.Cut(b.Object, " ")
	s.append("p", kind, object+"#2", 1)
	s.compare() // and opens when it changes
	if got, err := s.Break(t.Context(), payment.IDInput{ID: b.ID}); err != nil || got.State != payment.BreakOpen || got.Ours != "EUR 25.00" {
		t.Errorf("%+v, %v; want it open again", got, err)
	}
}

// One that has gone by itself and comes back as it was is open again.
func TestBreakComesBack(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	s.pass(time.Minute)
	p := s.stored("p")
	for _, c := range []struct {
		refunded int64
		found    int64
		resolved int64
	}{{1, 1, 0}, {1, 0, 0}, {0, 0, 1}, {0, 0, 0}, {1, 1, 0}, {0, 0, 1}} {
		if p.Refunded != eur(c.refunded) {
			p.Refunded = eur(c.refunded)
			if err := s.store().Save(t.Context(), &p); err != nil {
				t.Fatal(err)
			}
		}
		out, err := s.Reconcile(t.Context(), payment.ReconcileInput{Only: payment.OnlyCompare})
		if err != nil || out.Found != c.found || out.Resolved != c.resolved || out.Open != c.refunded {
			t.Errorf("refunded %d: %+v, %v; want %d found, %d resolved", c.refunded, out, err, c.found, c.resolved)
		}
	}
}
