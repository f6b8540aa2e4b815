package payment_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// openBooks is open with a bank that goes by the clock of the shop.
func openBooks(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.bank.Provider = fakepay.New(&fakepay.Options{Now: func() time.Time { return s.now }})
	return s
}

func (s *shop) pass(d time.Duration) { s.now = s.now.Add(d) }

func (s *shop) catchUp() {
	s.t.Helper()
	if err := s.CatchUp(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) compare() {
	s.t.Helper()
	if err := s.Compare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// breaks returns "kind object: ours / theirs" of the breaks in a state, in order.
func (s *shop) breaks(state payment.BreakState) (out []string) {
	s.t.Helper()
	p, err := s.Breaks(s.t.Context(), payment.BreaksInput{State: state, Query: page.Query{Limit: 100}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range p.Items {
		out = append(out, fmt.Sprintf("%s %s: %s / %s", b.Kind, b.Object, b.Ours, b.Theirs))
	}
	slices.Sort(out)
	return out
}

func (s *shop) wantOpen(want ...string) {
	s.t.Helper()
	if got := s.breaks(payment.BreakOpen); !slices.Equal(got, want) {
		s.t.Errorf("open breaks\n%q, want\n%q", got, want)
	}
}

// theBreak returns the only open break.
func (s *shop) theBreak() payment.Break {
	s.t.Helper()
	p, err := s.Breaks(s.t.Context(), payment.BreaksInput{State: payment.BreakOpen})
	if err != nil || len(p.Items) != 1 {
		s.t.Fatalf("open breaks %+v, %v; want one", p.Items, err)
	}
	return p.Items[0]
}

// events returns the events with a name.
func (s *shop) events(name string) (out []event.Envelope) {
	s.t.Helper()
	for part := range outbox.Parts {
		rows, err := memstore.Outbox{DB: s.db}.Pending(s.t.Context(), part, 0, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range rows {
			if r.Event.Name == name {
				out = append(out, r.Event)
			}
		}
	}
	return out
}

// object returns the bank's id of what it took last for a payment.
func (s *shop) object(id string) string {
	s.t.Helper()
	in, _, err := s.bank.Intent(id)
	if err != nil {
		s.t.Fatal(err)
	}
	return in.Object
}

// P05: no notice arrives, and the order is paid for within a quarter of an hour.
func TestCatchUp(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	s.catchUp()
	s.apply()
	s.pay("p", fakepay.Approve)
	s.pass(15 * time.Minute)
	s.catchUp()
	s.apply()
	s.wantStatus("p", payment.StatusCaptured)
	s.wantEvents("payment.captured p 2499")
}

// A notice counts once, by whichever way it comes, and however often it is told.
func TestCatchUpOnce(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Card)
	s.ask("p")
	events, err := s.bank.Events(time.Time{})
	if err != nil || len(events) == 0 {
		t.Fatal(events, err)
	}
	s.receive(s.bank.Letter(events[0]))
	s.catchUp()
	s.wantWaiting(len(events))
	s.apply()
	s.catchUp()
	s.wantWaiting(0)
}

// What a provider does not tell now, it tells later: from where it was asked
// before, however long that is ago.
func TestCatchUpAfterSilence(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	s.catchUp()
	s.apply()
	s.pay("p", fakepay.Approve)
	for range 30 {
		s.pass(time.Hour)
		s.bank.FailOn(fakepay.CallNotices, "", fakepay.Down)
		if err := s.CatchUp(t.Context()); !errors.Is(err, payment.ErrUnanswered) {
			t.Fatalf("err = %v, want ErrUnanswered", err)
		}
	}
	s.catchUp()
	s.apply()
	s.wantStatus("p", payment.StatusCaptured)
}

// A provider that does not answer is told about, and the rest is done.
func TestReconcileWithoutAnswer(t *testing.T) {
	s := openBooks(t)
	s.paid("p", fakepay.Card)
	p := s.stored("p")
	p.Refunded = eur(1)
	if err := s.store().Save(t.Context(), &p); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute)
	for call, in := range map[string]payment.ReconcileInput{fakepay.CallNotices: {Only: payment.OnlyCatchUp}, fakepay.CallMovements: {Only: payment.OnlyCompare}} {
		s.bank.FailOn(call, "", fakepay.Down)
		out, err := s.Reconcile(t.Context(), in)
		if err != nil || len(out.Providers) != 1 || out.Providers[0].Error == "" || strings.Contains(out.Providers[0].Error, "fakepay") {
			t.Errorf("%s: %+v, %v; want to hear that the bank is silent", call, out, err)
		}
	}
	if got := s.theBreak(); got.Kind != payment.BreakSums {
		t.Errorf("%+v; want sums_differ", got)
	}
	s.bank.FailOn(fakepay.CallMovements, "", fakepay.Down)
	wantErr(t, s.Compare(t.Context()), payment.ErrUnanswered)
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error { return s.Compare(ctx) })
	if err == nil {
		t.Error("the world is asked inside a unit of work")
	}
}

func TestAnnounceLapsing(t *testing.T) {
	s := openBooks(t)
	for _, id := range []string{"a", "b", "c"} {
		s.owe(id, fakepay.Manual)
		s.ask(id)
	}
	s.capture(payment.CaptureInput{ID: "c", Key: "k"})
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{0, 0}, {fakepay.Lapse - 48*time.Hour, 0}, {fakepay.Lapse - 47*time.Hour, 2}, {fakepay.Lapse - time.Hour, 2}} {
		s.now = morning.Add(c.at)
		if err := s.AnnounceLapsing(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.events("payment.capture_due"); len(got) != c.want {
			t.Errorf("after %v: %d announced, want %d", c.at, len(got), c.want)
		}
	}
	e, err := payment.EventCaptureDue.Decode(s.events("payment.capture_due")[0])
	if err != nil || e.Amount != eur(2499) || !e.Before.Equal(morning.Add(fakepay.Lapse)) || e.Order != "ord_"+e.Payment {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestNoticePages(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Card)
	var want []string
	for i := range 25 {
		if i%10 == 0 {
			s.pass(time.Second)
		}
		s.send(fmt.Sprintf("evt_%02d", i), "p")
	}
	for _, from := range []int{20, 10, 0} { // latest first; of one moment by id
		for i := from; i < min(from+10, 25); i++ {
			want = append(want, fmt.Sprintf("evt_%02d", i))
		}
	}
	for _, limit := range []int{1, 3, 10, 24, 25, 100} {
		var got []string
		for r, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[payment.Received], error) {
			return s.Notices(ctx, payment.NoticesInput{State: payment.NoticeOpen, Query: page.Query{Limit: limit, Cursor: cursor}})
		}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d at a time: %v", limit, got)
		}
	}
	for state, n := range map[payment.NoticeState]int{"": 20, payment.NoticeDone: 0} {
		if p, err := s.Notices(t.Context(), payment.NoticesInput{State: state, OrderID: "ord_p"}); err != nil || len(p.Items) != n || p.NextCursor != nil {
			t.Errorf("%d notices of the order in %q, %v; want %d", len(p.Items), state, err, n)
		}
	}
	if p, err := s.Notices(t.Context(), payment.NoticesInput{OrderID: "ord_other"}); err != nil || len(p.Items) != 0 {
		t.Errorf("notices of another order: %v, %v", p.Items, err)
	}
}

func TestReplayNotice(t *testing.T) {
	s := openBooks(t)
	s.owe("p", fakepay.Card)
	s.bank.Set("p", fakepay.AskShopper)
	s.ask("p")
	s.send("evt_1", "p")
	s.apply()
	s.pay("p", fakepay.Approve)
	clerk := staff(t.Context(), "payments:write")
	_, err := s.ReplayNotice(clerk, payment.ReplayNoticeInput{Provider: "fake", ID: "evt_2"})
	wantErr(t, err, payment.ErrNoticeNotFound)
	in := payment.ReplayNoticeInput{Provider: "fake", ID: "evt_1"}
	s.bank.FailOn(fakepay.CallFetch, "p", fakepay.Down)
	if r, err := s.ReplayNotice(clerk, in); err != nil || r.State != payment.NoticeOpen || r.Error == "" || !r.DueAt.After(s.now) {
		t.Errorf("%+v, %v; want it to be tried again", r, err)
	}
	for range 2 {
		if r, err := s.ReplayNotice(clerk, in); err != nil || r.State != payment.NoticeDone || r.Error != "" {
			t.Errorf("%+v, %v; want it done", r, err)
		}
	}
	s.wantStatus("p", payment.StatusCaptured)
	s.wantEvents("payment.captured p 2499")
}
