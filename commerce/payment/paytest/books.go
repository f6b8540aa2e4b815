package paytest

import (
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var bookGuards = []string{"FetchTellsRefunds", "FetchTellsDisputes", "NoticesAreTold", "MovementsAddUp", "MovementsOfATime"}

var bookCases = map[string]func(*testing.T, Subject){
	"FetchTellsRefunds":  fetchTellsRefunds,
	"FetchTellsDisputes": fetchTellsDisputes,
	"NoticesAreTold":     noticesAreTold,
	"MovementsAddUp":     movementsAddUp,
	"MovementsOfATime":   movementsOfATime,
}

// fetchTellsRefunds makes one refund here and one in the provider's dashboard.
func fetchTellsRefunds(t *testing.T, s Subject) {
	p := s.paid(t)
	if got := done(t, "fetch")(s.Provider.Fetch(t.Context(), p)); got.Refunds == nil || len(got.Refunds) > 0 || got.Disputes == nil {
		t.Errorf("fetch tells the refunds %#v and the disputes %#v of a payment without any, want none and not nil", got.Refunds, got.Disputes)
	}
	made := s.refund(t, p, refundOf(p, "ref_1", 1000))
	all := done(t, "fetch")(s.Provider.Fetch(t.Context(), p)).Refunds
	if len(all) != 1 || all[0].RefundID != "ref_1" || all[0].ProviderID != made.ProviderID || all[0].Amount != made.Amount || all[0].At.IsZero() {
		t.Errorf("fetch tells %+v, made %+v", all, made)
	}
	need(t, s.RefundAbroad != nil, "nobody else can give money back")
	s.RefundAbroad(t, p.ID, money.New(500, "EUR"))
	all = done(t, "fetch")(s.Provider.Fetch(t.Context(), p)).Refunds
	i := slices.IndexFunc(all, func(r payment.RefundSnapshot) bool { return r.ProviderID != made.ProviderID })
	if len(all) != 2 || i < 0 || all[i].RefundID != "" || all[i].ProviderID == "" || all[i].Amount.Minor != 500 {
		t.Fatalf("fetch tells %+v, of which one is not ours", all)
	}
	if got := s.refund(t, p, refundOf(p, "ref_2", 1000)); got.Status != payment.RefundFailed {
		t.Errorf("a refund of what went back elsewhere is %s", got.Status)
	}
}

func fetchTellsDisputes(t *testing.T, s Subject) {
	need(t, s.Dispute != nil && s.CloseDispute != nil, "nobody can dispute")
	p := s.paid(t)
	s.Dispute(t, p.ID, p.Amount)
	for _, status := range []payment.DisputeStatus{payment.DisputeOpen, payment.DisputeWon} {
		if status != payment.DisputeOpen {
			s.CloseDispute(t, p.ID, status)
		}
		got := done(t, "fetch")(s.Provider.Fetch(t.Context(), p))
		if len(got.Disputes) != 1 || got.Disputes[0].Status != status || got.Disputes[0].Amount != p.Amount || got.Disputes[0].ProviderID == "" || got.Disputes[0].At.IsZero() {
			t.Errorf("fetch tells %+v, want one that is %s", got.Disputes, status)
		}
		if want(t, "disputed", got, payment.StatusCaptured); got.Captured != p.Amount {
			t.Errorf("captured %v in a dispute, want %v", got.Captured, p.Amount)
		}
	}
}

// books returns s as Books, or skips the test.
func (s Subject) books(t *testing.T) payment.Books {
	t.Helper()
	b, ok := s.Provider.(payment.Books)
	need(t, ok, "it tells nothing of its books")
	return b
}

// noticesAreTold compares what is sent with what is told.
func noticesAreTold(t *testing.T, s Subject) {
	b := s.books(t)
	need(t, s.Sent != nil, "it sends nothing")
	p := s.paid(t)
	s.refund(t, p, refundOf(p, "ref_1", 1000))
	sent := s.Sent(t)
	if len(sent) < 2 {
		t.Fatalf("it has sent %+v, want a notice of the payment and one of the refund", sent)
	}
	told := map[string]payment.Notice{}
	for n, err := range b.Notices(t.Context(), s.owed("", "").SentAt.Add(-time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		told[n.ID] = n
	}
	for _, n := range sent {
		if n.PaymentID != p.ID && n.ProviderID != p.ProviderID {
			t.Errorf("the notice %+v is not about %s", n, p.ID)
		}
		if told[n.ID] != n {
			t.Errorf("it has sent %+v, and tells %+v", n, told[n.ID])
		}
	}
}

func movements(t *testing.T, b payment.Books, from, to time.Time) (all []payment.Movement) {
	t.Helper()
	for m, err := range b.Movements(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Object == "" || m.At.IsZero() || m.Amount.Minor <= 0 || m.PaymentID == "" && m.ProviderID == "" {
			t.Errorf("the movement %+v is not complete", m)
		}
		all = append(all, m)
	}
	return all
}

var forever = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// movementsAddUp compares the movements with what Fetch says.
func movementsAddUp(t *testing.T, s Subject) {
	b := s.books(t)
	p := s.paid(t)
	s.refund(t, p, refundOf(p, "ref_1", 1000))
	if s.RefundAbroad != nil {
		s.RefundAbroad(t, p.ID, money.New(500, "EUR"))
	}
	if s.Dispute != nil && s.CloseDispute != nil {
		s.Dispute(t, p.ID, money.New(700, "EUR"))
		s.CloseDispute(t, p.ID, payment.DisputeWon)
	}
	got := done(t, "fetch")(s.Provider.Fetch(t.Context(), p))
	sums, want := map[string]int64{}, map[string]int64{payment.LineCaptured: got.Captured.Minor}
	objects := map[[2]string]bool{}
	for _, m := range movements(t, b, time.Unix(0, 0), forever) {
		sums[m.Kind] += m.Amount.Minor
		if at := [2]string{m.Kind, m.Object}; objects[at] {
			t.Errorf("two movements are %v", at)
		} else {
			objects[at] = true
		}
	}
	for _, r := range got.Refunds {
		want[payment.LineRefunded] += r.Amount.Minor
		if !objects[[2]string{payment.LineRefunded, r.ProviderID}] {
			t.Errorf("no movement is the refund %s: %v", r.ProviderID, objects)
		}
	}
	for _, d := range got.Disputes {
		want[payment.LineDisputed] += d.Amount.Minor
		want[payment.LineDisputeWon] += d.Amount.Minor
	}
	for _, kind := range []string{payment.LineCaptured, payment.LineRefunded, payment.LineDisputed, payment.LineDisputeWon} {
		if sums[kind] != want[kind] {
			t.Errorf("%s: the movements are %d, fetch says %d", kind, sums[kind], want[kind])
		}
	}
	if !objects[[2]string{payment.LineCaptured, got.Object}] {
		t.Errorf("no movement is the capture %s: %v", got.Object, objects)
	}
}

// movementsOfATime asks for the movements before a time and from it on.
func movementsOfATime(t *testing.T, s Subject) {
	b := s.books(t)
	need(t, s.Advance != nil, "the test cannot wait")
	p := s.paid(t)
	s.Advance(t, time.Hour)
	s.refund(t, p, refundOf(p, "ref_1", 1000))
	all := movements(t, b, time.Unix(0, 0), forever)
	if len(all) != 2 {
		t.Fatalf("movements %+v, want a capture and a refund", all)
	}
	cut := all[0].At
	if all[1].At.After(cut) {
		cut = all[1].At
	}
	before, from := movements(t, b, time.Unix(0, 0), cut), movements(t, b, cut, forever)
	if len(before) != 1 || before[0].Kind != payment.LineCaptured || len(from) != 1 || from[0].Kind != payment.LineRefunded {
		t.Errorf("before %v there is %+v, from then on %+v", cut, before, from)
	}
}
