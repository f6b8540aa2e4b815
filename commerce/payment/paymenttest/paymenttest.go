// Package paymenttest says what a payment.Store must do. The name of a case is
// the name of what a store lacks when the case fails.
package paymenttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Guards are the names of all cases.
var Guards = []string{"RoundTrip", "NotFound", "InsertOnce", "StaleLoses", "OneWriterWins", "ProviderIDOnce", "ProviderIDWins", "RefusalKeepsUnit",
	"OfOrders", "LedgerRoundTrip", "LedgerOnce", "LedgerWins", "Unsettled", "Rollback", "MarkJoins", "RecordJoins", "WritersQueue",
	"OfProvider", "NoticeRoundTrip", "NoticeOnce", "NoticesDue", "NoticeStale", "NoticeJoins", "NoticesPruned", "NoticeFound", "NoticesSeen", "NoticeReopened",
	"RefundRoundTrip", "RefundNotFound", "RefundStale", "RefundIDOnce", "RefundIDWins", "RefundKeepsUnit", "RefundsOf", "RefundsPending", "RefundsQueue", "RefundRollback",
	"LedgerBetween", "LinesOf", "BreakRoundTrip", "BreakOnce", "BreakWins", "BreakAgain", "BreakStale", "Breaks", "BreaksQueue", "BooksRollback", "Watermark",
	"GiftCardRoundTrip", "GiftCardNotFound", "GiftCardStale", "GiftCodeOnce", "GiftCodeWins", "GiftCardKeepsUnit", "GiftCardBounds", "GiftCards",
	"GiftCardSpentOnce", "MoveOnce", "MoveWins", "GiftCardMoves", "GiftCardRollback", "GiftCardsOf",
	"Authorized", "NoticesAbout", "Backlog", "AttemptLimit", "AttemptExact", "AttemptsForgotten"}

var cases = map[string]func(*testing.T, payment.Store){
	"RoundTrip":        roundTrip, // non-ASCII, hostile text, numbers of many digits
	"NotFound":         notFound,
	"InsertOnce":       insertOnce,
	"StaleLoses":       staleLoses,
	"OneWriterWins":    oneWriterWins, // 8 goroutines, 1 version
	"ProviderIDOnce":   providerIDOnce,
	"ProviderIDWins":   providerIDWins, // 8 goroutines, 1 id at the provider
	"RefusalKeepsUnit": refusalKeepsUnit,
	"OfOrders":         ofOrders,
	"LedgerRoundTrip":  ledgerRoundTrip,
	"LedgerOnce":       ledgerOnce,
	"LedgerWins":       ledgerWins, // 8 goroutines, 1 movement
	"Unsettled":        unsettled,
	"Rollback":         rollback,
	"MarkJoins":        markJoins,
	"RecordJoins":      recordJoins, // an event is rolled back with its unit
	"WritersQueue":     writersQueue,
	"OfProvider":       ofProvider,
	"NoticeRoundTrip":  noticeRoundTrip,
	"NoticeOnce":       noticeOnce, // 8 receivers, 1 event
	"NoticesDue":       noticesDue,
	"NoticeStale":      noticeStale, // 8 workers, 1 attempt
	"NoticeJoins":      noticeJoins, // done in one unit with its effect
	"NoticesPruned":    noticesPruned,
	"NoticeFound":      noticeFound,
	"NoticesSeen":      noticesSeen,
	"NoticeReopened":   noticeReopened,

	"RefundRoundTrip": refundRoundTrip,
	"RefundNotFound":  refundNotFound,
	"RefundStale":     refundStale, // 8 goroutines, 1 version
	"RefundIDOnce":    refundIDOnce,
	"RefundIDWins":    refundIDWins, // 8 goroutines, 1 id at the provider
	"RefundKeepsUnit": refundKeepsUnit,
	"RefundsOf":       refundsOf,
	"RefundsPending":  refundsPending,
	"RefundsQueue":    refundsQueue,
	"RefundRollback":  refundRollback,

	"LedgerBetween":  ledgerBetween,
	"LinesOf":        linesOf,
	"BreakRoundTrip": breakRoundTrip,
	"BreakOnce":      breakOnce,
	"BreakWins":      breakWins,  // 8 see 1 break
	"BreakAgain":     breakAgain, // a resolved one is seen
	"BreakStale":     breakStale, // 8 people resolve 1 break
	"Breaks":         breaks,
	"BreaksQueue":    breaksQueue,
	"BooksRollback":  booksRollback,
	"Watermark":      watermark,

	"GiftCardRoundTrip": giftCardRoundTrip,
	"GiftCardNotFound":  giftCardNotFound,
	"GiftCardStale":     giftCardStale, // 8 goroutines, 1 version
	"GiftCodeOnce":      giftCodeOnce,
	"GiftCodeWins":      giftCodeWins, // 8 cards, 1 code
	"GiftCardKeepsUnit": giftCardKeepsUnit,
	"GiftCardBounds":    giftCardBounds,
	"GiftCards":         giftCards,
	"GiftCardSpentOnce": giftCardSpentOnce, // 16 shoppers, money for 10
	"MoveOnce":          moveOnce,
	"MoveWins":          moveWins, // 8 goroutines, 1 move
	"GiftCardMoves":     giftCardMoves,
	"GiftCardRollback":  giftCardRollback,
	"GiftCardsOf":       giftCardsOf,

	"Authorized":        authorized,
	"NoticesAbout":      noticesAbout,
	"Backlog":           backlog,
	"AttemptLimit":      attemptLimit,
	"AttemptExact":      attemptExact, // 8 try, 5 may
	"AttemptsForgotten": attemptsForgotten,
}

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) payment.Store) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

var day = time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)

// hostile is text that breaks careless SQL.
const hostile = `'; DROP TABLE mercer_payment; -- \ \' " ? {payment} % ☕ é 👩‍👩‍👧 日本`

// fresh returns a payment that was never saved.
func fresh(id, order string) payment.Payment {
	none := money.Zero("EUR")
	return payment.Payment{ID: id, OrderID: order, Method: "fake_card", Provider: "fake", Status: payment.StatusCreating,
		Amount: money.New(2499, "EUR"), Authorized: none, Captured: none, Refunded: none,
		Refunding: none, Disputed: none, CreatedAt: day, UpdatedAt: day}
}

func movement(id, kind, object string) payment.Ledger {
	return payment.Ledger{ID: id, PaymentID: "pay_1", OrderID: "ord_1", Kind: kind, Object: object, Amount: money.New(2499, "EUR"), Actor: "system", At: day}
}

func save(t *testing.T, s payment.Store, p payment.Payment) payment.Payment {
	t.Helper()
	if err := s.Save(t.Context(), &p); err != nil {
		t.Fatalf("save %s: %v", p.ID, err)
	}
	return p
}

func load(t *testing.T, s payment.Store, id string) payment.Payment {
	t.Helper()
	p, err := s.Payment(t.Context(), id)
	if err != nil {
		t.Fatalf("payment %s: %v", id, err)
	}
	return p
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func roundTrip(t *testing.T, s payment.Store) {
	want := fresh("pay_1", "ord_1")
	want.Amount, want.Authorized = money.New(99_999_999_999, "JPY"), money.New(99_999_999_999, "JPY")
	want.Captured, want.Refunded = money.New(1, "JPY"), money.Zero("JPY")
	want.Refunding, want.Disputed = money.New(2, "JPY"), money.New(3, "JPY")
	want.Method, want.Provider, want.ProviderID = "method "+hostile, "日本 "+`'\?`, "pi_é☕ '\\"
	want.NextAction = json.RawMessage(`{"z":1.10,"a":12345678901234567890,"big":1e400,"url":"https://x.example/?a=1\u0026b=2"}`)
	want.Failure = &payment.Failure{Code: "c", Message: hostile, DeclineCode: "d"}
	want.ReturnURL, want.ExpiresAt, want.SentAt, want.SendCount = "https://x.example/?'", day.Add(time.Hour), day.Add(time.Second), 3
	want = save(t, s, want)
	if want.Version != 1 {
		t.Errorf("version after the first save = %d, want 1", want.Version)
	}
	if got := load(t, s, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("inserted\n%+v, want\n%+v", got, want)
	}
	want.Status, want.NextAction, want.Failure, want.ExpiresAt = payment.StatusCaptured, nil, nil, time.Time{}
	want = save(t, s, want)
	if got := load(t, s, want.ID); !reflect.DeepEqual(got, want) || got.Version != 2 {
		t.Errorf("updated\n%+v, want\n%+v", got, want)
	}
}

func notFound(t *testing.T, s payment.Store) {
	save(t, s, fresh("pay_1", "ord_1"))
	for _, id := range []string{"none", "PAY_1", "pay_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Payment(t.Context(), id)
		wantErr(t, err, payment.ErrNotFound)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Payment(ctx, "none")
		return err
	})
	wantErr(t, err, payment.ErrNotFound)
	p := fresh("none", "ord_1")
	p.Version = 1
	wantErr(t, s.Save(t.Context(), &p), payment.ErrStale)
}

func insertOnce(t *testing.T, s payment.Store) {
	for i, providerID := range []string{"", "pi_1"} {
		p := fresh(fmt.Sprint("pay_", i), "ord_1")
		p.ProviderID = providerID
		save(t, s, p)
		again := p
		again.Status = payment.StatusFailed
		wantErr(t, s.Save(t.Context(), &again), payment.ErrStale)
		if got := load(t, s, p.ID); got.Status != payment.StatusCreating || got.Version != 1 || again.Version != 0 {
			t.Errorf("a refused insert left %+v, version %d", got, again.Version)
		}
	}
}

func staleLoses(t *testing.T, s payment.Store) {
	old := save(t, s, fresh("pay_1", "ord_1"))
	save(t, s, old)
	old.Status = payment.StatusFailed
	wantErr(t, s.Save(t.Context(), &old), payment.ErrStale)
	if got := load(t, s, "pay_1"); got.Status != payment.StatusCreating || got.Version != 2 || old.Version != 1 {
		t.Errorf("a refused save left %+v, version %d", got, old.Version)
	}
}

// race calls fn 8 times at once and returns how many calls won; the others must
// have failed with loses.
func race(t *testing.T, loses error, fn func(i int) error) int64 {
	t.Helper()
	return raceOf(t, 8, loses, fn)
}

func raceOf(t *testing.T, n int, loses error, fn func(i int) error) int64 {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			switch err := fn(i); {
			case err == nil:
				won.Add(1)
			case loses == nil || !errors.Is(err, loses):
				t.Errorf("err = %v, want %v", err, loses)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func oneWriterWins(t *testing.T, s payment.Store) {
	p := save(t, s, fresh("pay_1", "ord_1"))
	won := race(t, payment.ErrStale, func(i int) error {
		mine := p
		mine.SendCount = i
		return s.Save(t.Context(), &mine)
	})
	if won != 1 {
		t.Errorf("%d writers won, want 1", won)
	}
}

func providerIDOnce(t *testing.T, s payment.Store) {
	one := fresh("pay_1", "ord_1")
	one.ProviderID = "pi_1"
	one = save(t, s, one)
	two := fresh("pay_2", "ord_2")
	two.ProviderID = "pi_1"
	wantErr(t, s.Save(t.Context(), &two), payment.ErrTaken)
	_, err := s.Payment(t.Context(), "pay_2")
	wantErr(t, err, payment.ErrNotFound)
	two.ProviderID = ""
	two = save(t, s, two)
	two.ProviderID = "pi_1"
	wantErr(t, s.Save(t.Context(), &two), payment.ErrTaken)
	if got := load(t, s, "pay_2"); got.ProviderID != "" || got.Version != 1 || two.Version != 1 {
		t.Errorf("a refused save left %+v", got)
	}
	save(t, s, one) // its own id does not stand in its way
	other := fresh("pay_3", "ord_1")
	other.Provider, other.ProviderID = "other", "pi_1"
	save(t, s, other)
	upper := fresh("pay_4", "ord_1")
	upper.ProviderID = "PI_1"
	save(t, s, upper)
	for _, id := range []string{"pay_5", "pay_6"} {
		save(t, s, fresh(id, "ord_1"))
	}
}

func providerIDWins(t *testing.T, s payment.Store) {
	won := race(t, payment.ErrTaken, func(i int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			p := fresh(fmt.Sprint("pay_", i), "ord_1")
			p.ProviderID = "pi_1"
			return s.Save(ctx, &p)
		})
	})
	if won != 1 {
		t.Errorf("%d payments have one id at the provider, want 1", won)
	}
}

func refusalKeepsUnit(t *testing.T, s payment.Store) {
	one := fresh("pay_1", "ord_1")
	one.ProviderID = "pi_1"
	one = save(t, s, one)
	if _, err := s.Append(t.Context(), movement("led_1", "captured", "ch_1")); err != nil {
		t.Fatal(err)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		stale := one
		stale.Version = 7
		wantErr(t, s.Save(ctx, &stale), payment.ErrStale)
		taken := fresh("pay_2", "ord_1")
		taken.ProviderID = "pi_1"
		wantErr(t, s.Save(ctx, &taken), payment.ErrTaken)
		if added, err := s.Append(ctx, movement("led_2", "captured", "ch_1")); added || err != nil {
			t.Errorf("added = %v, %v", added, err)
		}
		taken.ProviderID = "pi_2"
		return s.Save(ctx, &taken)
	})
	if err != nil {
		t.Errorf("the unit of a refused save: %v", err)
	}
	if got := load(t, s, "pay_2"); got.ProviderID != "pi_2" {
		t.Errorf("provider id = %s, want pi_2", got.ProviderID)
	}
}

func paymentIDs(items []payment.Payment) (ids []string) {
	for _, p := range items {
		ids = append(ids, p.ID)
	}
	return ids
}

func ofOrders(t *testing.T, s payment.Store) {
	for i, at := range []int{2, 1, 1, 0, 3} {
		p := fresh(fmt.Sprint("pay_", i), []string{"ord_1", "ord_1", "ord_2", "ord_3", "ORD_1"}[i])
		p.CreatedAt = day.Add(time.Duration(at) * time.Microsecond)
		save(t, s, p)
	}
	for _, c := range []struct {
		orders, want []string
	}{
		{[]string{"ord_1"}, []string{"pay_1", "pay_0"}},
		{[]string{"ord_2", "none", "ord_1"}, []string{"pay_1", "pay_2", "pay_0"}},
		{[]string{"none", "' OR 1=1 --"}, nil},
		{nil, nil},
	} {
		got, err := s.OfOrders(t.Context(), c.orders)
		if err != nil || !slices.Equal(paymentIDs(got), c.want) {
			t.Errorf("payments of %v = %v, %v; want %v", c.orders, paymentIDs(got), err, c.want)
		}
	}
}

func unsettled(t *testing.T, s payment.Store) {
	for i, status := range []payment.Status{payment.StatusCreating, payment.StatusUnknown, payment.StatusProcessing, payment.StatusOpen,
		payment.StatusAuthorized, payment.StatusCaptured, payment.StatusFailed, payment.StatusCanceled, payment.StatusUnknown} {
		p := fresh(fmt.Sprint("pay_", i), "ord_1")
		p.Status, p.UpdatedAt = status, day.Add(time.Duration([]int{2, 1, 3, 0, 0, 0, 0, 0, 1}[i])*time.Microsecond)
		save(t, s, p)
	}
	for _, c := range []struct {
		after time.Duration
		limit int
		want  []string
	}{{1, 9, nil}, {2, 9, []string{"pay_1", "pay_8"}}, {3, 9, []string{"pay_1", "pay_8", "pay_0"}}, {4, 9, []string{"pay_1", "pay_8", "pay_0", "pay_2"}}, {4, 2, []string{"pay_1", "pay_8"}}} {
		got, err := s.Unsettled(t.Context(), day.Add(c.after*time.Microsecond), c.limit)
		if err != nil || !slices.Equal(paymentIDs(got), c.want) {
			t.Errorf("unsettled before %d µs = %v, %v; want %v", c.after, paymentIDs(got), err, c.want)
		}
	}
}

var errBoom = errors.New("boom")

func rollback(t *testing.T, s payment.Store) {
	one := save(t, s, fresh("pay_1", "ord_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		p, two := one, fresh("pay_2", "ord_1")
		p.Status, p.ProviderID = payment.StatusCaptured, "pi_1"
		if err := errors.Join(s.Save(ctx, &p), s.Save(ctx, &two)); err != nil {
			return err
		}
		if _, err := s.Append(ctx, movement("led_1", "captured", "ch_1")); err != nil {
			return err
		}
		if got, err := s.Payment(ctx, "pay_1"); err != nil || got.Status != payment.StatusCaptured {
			t.Errorf("a unit sees %+v, %v of its own write", got, err)
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := load(t, s, "pay_1"); got.Status != payment.StatusCreating || got.Version != 1 {
		t.Errorf("after the rollback: %+v", got)
	}
	_, err = s.Payment(t.Context(), "pay_2")
	wantErr(t, err, payment.ErrNotFound)
	if got := lines(t, s, "ord_1"); len(got) != 0 {
		t.Errorf("the ledger keeps %+v", got)
	}
	two := fresh("pay_2", "ord_1")
	two.ProviderID = "pi_1"
	save(t, s, two)
}

func markJoins(t *testing.T, s payment.Store) {
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Mark(ctx, "payment.open", "k", once.Done)
		return errors.Join(err, errBoom)
	})
	wantErr(t, err, errBoom)
	if was, err := s.Mark(t.Context(), "payment.open", "k", once.Undone); err != nil || was != once.Never {
		t.Errorf("the mark of a unit that failed: %v, %v; want never", was, err)
	}
}

func recordJoins(t *testing.T, s payment.Store) {
	ev := payment.EventCaptured.New("evt_1", "pay_1", day, payment.MovedV1{Payment: "pay_1", Order: hostile, Amount: money.New(1, "EUR")})
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Record(ctx, ev), errBoom)
	})
	wantErr(t, err, errBoom)
	// The id is free again, so the first one was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}

func writersQueue(t *testing.T, s payment.Store) {
	save(t, s, fresh("pay_1", "ord_1"))
	won := race(t, nil, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			p, err := s.Payment(ctx, "pay_1")
			if err != nil {
				return err
			}
			p.SendCount++
			return s.Save(ctx, &p)
		})
	})
	if got := load(t, s, "pay_1"); won != 8 || got.SendCount != 8 || got.Version != 9 {
		t.Errorf("%d of 8 won: count %d, version %d; want 8, 9", won, got.SendCount, got.Version)
	}
}
