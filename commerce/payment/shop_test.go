package payment_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

var morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// shop is an engine over memory, with a bank that can be told what to do.
type shop struct {
	*payment.Engine
	t    *testing.T
	db   *memstore.DB
	bank *hooked
	now  time.Time
	log  bytes.Buffer
}

// hooked is a bank with somebody looking over its shoulder.
type hooked struct {
	*fakepay.Provider
	after func(call string, s *payment.Snapshot) // of a call that was answered
}

func (h *hooked) seen(call string, s payment.Snapshot, err error) (payment.Snapshot, error) {
	if h.after != nil && err == nil {
		h.after(call, &s)
	}
	return s, err
}

func (h *hooked) Start(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	s, err := h.Provider.Start(ctx, p)
	return h.seen("start", s, err)
}

func (h *hooked) Fetch(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	s, err := h.Provider.Fetch(ctx, p)
	return h.seen("fetch", s, err)
}

func (h *hooked) Cancel(ctx context.Context, p payment.Payment) (payment.Snapshot, error) {
	s, err := h.Provider.Cancel(ctx, p)
	return h.seen("cancel", s, err)
}

func (h *hooked) Capture(ctx context.Context, p payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	s, err := h.Provider.Capture(ctx, p, amount, key)
	return h.seen("capture", s, err)
}

// Methods asks at least 0.50 by card.
func (h *hooked) Methods() []payment.Method {
	all := h.Provider.Methods()
	all[0].Minimum = map[money.Currency]int64{"EUR": 50}
	return all
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, db: memstore.New(), bank: &hooked{Provider: fakepay.New(nil)}, now: morning}
	s.Engine = payment.New(memstore.Payments{DB: s.db}, []payment.Provider{&offlinepay.Provider{Account: map[string]string{"iban": "DE02"}}, s.bank},
		&payment.Options{Log: slog.New(slog.NewTextHandler(&s.log, nil)), Now: func() time.Time { return s.now },
			Holds: map[string]time.Duration{"fake_manual": time.Hour}})
	return s
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// owe opens a payment of 24.99.
func (s *shop) owe(id, method string) payment.Payment {
	s.t.Helper()
	p, err := s.Open(s.t.Context(), payment.OpenInput{ID: id, OrderID: "ord_" + id, Method: method, Amount: eur(2499)})
	if err != nil {
		s.t.Fatalf("open %s: %v", id, err)
	}
	return p
}

// ask authorizes and fails the test on an error.
func (s *shop) ask(id string) payment.Payment {
	s.t.Helper()
	p, err := s.Authorize(s.t.Context(), payment.IDInput{ID: id})
	if err != nil {
		s.t.Fatalf("authorize %s: %v", id, err)
	}
	return p
}

func (s *shop) stored(id string) payment.Payment {
	s.t.Helper()
	p, err := s.Payment(s.t.Context(), payment.IDInput{ID: id})
	if err != nil {
		s.t.Fatalf("payment %s: %v", id, err)
	}
	return p
}

func (s *shop) wantStatus(id string, want payment.Status) {
	s.t.Helper()
	if got := s.stored(id).Status; got != want {
		s.t.Errorf("%s is %s, want %s", id, got, want)
	}
}

// wantEvents compares "payment.captured pay_1 2499" of all events so far.
func (s *shop) wantEvents(want ...string) {
	s.t.Helper()
	var rows []outbox.Row
	box := memstore.Outbox{DB: s.db}
	parts, err := box.Waiting(s.t.Context())
	for _, part := range parts {
		more, pendingErr := box.Pending(s.t.Context(), part, 0, 1000)
		rows, err = append(rows, more...), errors.Join(err, pendingErr)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b outbox.Row) int { return cmp.Compare(a.Position, b.Position) })
	var got []string
	for _, r := range rows {
		var p struct {
			Payment, Order, Method, Code, Refund, Break string
			Amount                                      struct{ Amount json.Number }
		}
		if err := json.Unmarshal(r.Event.Data, &p); err != nil {
			s.t.Fatal(err)
		}
		if p.Payment != r.Event.Key || p.Order == "" || p.Method+p.Refund+p.Break == "" {
			s.t.Errorf("event %s %s: %s", r.Event.Name, r.Event.Key, r.Event.Data)
		}
		got = append(got, r.Event.Name+" "+p.Payment+" "+cmp.Or(p.Code, p.Amount.Amount.String()))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("events\n%q, want\n%q", got, want)
	}
}

// wantLedger compares "captured 24.99 reference" of the lines of a payment, those
// of fees only when one is wanted.
func (s *shop) wantLedger(id string, want ...string) {
	s.t.Helper()
	out, err := s.Ledger(s.t.Context(), payment.OrdersInput{OrderIDs: []string{"ord_" + id}})
	if err != nil {
		s.t.Fatal(err)
	}
	got := []string{}
	for _, l := range out.Items {
		if l.Kind == payment.LineFee && !slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, payment.LineFee) }) {
			continue
		}
		got = append(got, strings.TrimSpace(l.Kind+" "+l.Amount.Decimal()+" "+l.Reference))
		if l.ID == "" || l.PaymentID != id || l.Object == "" || l.Actor == "" || l.At.IsZero() {
			s.t.Errorf("line %+v", l)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) && len(got)+len(want) > 0 {
		s.t.Errorf("ledger of %s %q, want %q", id, got, want)
	}
}

func (s *shop) intents(id string) int {
	s.t.Helper()
	n, err := s.bank.Chargeable("ord_" + id)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *shop) taken(id string) int64 {
	s.t.Helper()
	got, err := s.bank.Taken("ord_"+id, "EUR")
	if err != nil {
		s.t.Fatal(err)
	}
	return got.Minor
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func wantMeta(t *testing.T, err error, want string) {
	t.Helper()
	if got := string(fault.Public(err).Meta); got != want {
		t.Errorf("meta %s, want %s", got, want)
	}
}

func staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: scopes})
}

func (s *shop) store() payment.Store { return memstore.Payments{DB: s.db} }
