package payment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// issue makes a gift card.
func (s *shop) issue(minor int64) payment.NewGiftCard {
	s.t.Helper()
	c, err := s.CreateGiftCard(s.t.Context(), payment.CreateGiftCardInput{Amount: eur(minor)})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// byCard asks for a payment by gift card.
func byCard(id, card string, minor int64) payment.OpenInput {
	return payment.OpenInput{ID: id, OrderID: "ord_" + id, Method: payment.MethodGiftCard, GiftCardID: card, Amount: eur(minor)}
}

// wantCard compares the balance of a card and its moves, "held pay_1 -2000", and
// adds them up.
func (s *shop) wantCard(id string, balance int64, want ...string) {
	s.t.Helper()
	c, err := s.GiftCard(s.t.Context(), payment.IDInput{ID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	sum := money.Zero(c.Balance.Currency)
	for _, m := range c.Moves {
		got = append(got, fmt.Sprint(m.Kind, " ", m.Cause, " ", m.Delta.Minor))
		sum.Minor += m.Delta.Minor
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || c.Balance != eur(balance) || sum != c.Balance {
		s.t.Errorf("balance %v, moves %q, want %d, %q", c.Balance, got, balance, want)
	}
}

func issued(c payment.NewGiftCard) string {
	return fmt.Sprint("issued ", c.ID, " ", c.Initial.Minor)
}

func TestGiftCardPays(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	p, err := s.Open(t.Context(), byCard("p", c.ID, 2000))
	if err != nil || p.Status != payment.StatusAuthorized || p.Authorized != eur(2000) || !p.Captured.IsZero() || p.GiftCardID != c.ID || p.Display.Last4 != c.Last4 {
		t.Fatalf("%+v, %v", p, err)
	}
	if again, err := s.Open(t.Context(), byCard("p", c.ID, 2000)); err != nil || again.Version != p.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
	if asked, err := s.Authorize(t.Context(), payment.IDInput{ID: "p"}); err != nil || asked.Status != payment.StatusAuthorized {
		t.Errorf("asked: %+v, %v", asked, err)
	}
	s.wantCard(c.ID, 3000, issued(c), "held p -2000")
	_, err = s.Capture(t.Context(), payment.CaptureInput{ID: "p"})
	wantErr(t, err, payment.ErrIllegal) // before its order is sure it can be let go
	for range 2 {
		out, err := s.SettleGiftCards(t.Context(), payment.SettleGiftCardsInput{IDs: []string{"p"}})
		if err != nil || len(out.Items) != 1 || out.Items[0].Status != payment.StatusCaptured || out.Items[0].Captured != eur(2000) {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	if p, err := s.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil || !p.Settled() {
		t.Errorf("too late, and yet %+v, %v", p, err)
	}
	s.wantCard(c.ID, 3000, issued(c), "held p -2000")
	s.wantLedger("p", "authorized 20.00", "captured 20.00")
	s.wantEvents("payment.authorized p 2000", "payment.captured p 2000")
}

func TestGiftCardAtOnce(t *testing.T) {
	s := open(t)
	c := s.issue(2000)
	in := byCard("p", c.ID, 2000)
	in.Capture = true
	if p, err := s.Open(t.Context(), in); err != nil || p.Status != payment.StatusCaptured || p.Captured != eur(2000) || p.Authorized != eur(2000) {
		t.Fatalf("%+v, %v", p, err)
	}
	s.wantCard(c.ID, 0, issued(c), "held p -2000")
	s.wantLedger("p", "captured 20.00")
	s.wantEvents("payment.captured p 2000")
}

func TestGiftCardIsLetGo(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	if _, err := s.Open(t.Context(), byCard("p", c.ID, 2000)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := s.Void(t.Context(), payment.IDInput{ID: "p"}); err != nil || p.Status != payment.StatusCanceled {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	out, err := s.SettleGiftCards(t.Context(), payment.SettleGiftCardsInput{IDs: []string{"p"}})
	if err != nil || out.Items[0].Status != payment.StatusCanceled {
		t.Errorf("settled after all: %+v, %v", out, err)
	}
	s.wantCard(c.ID, 5000, issued(c), "held p -2000", "released p 2000")
	s.wantLedger("p", "authorized 20.00", "canceled 20.00")
	s.wantEvents("payment.authorized p 2000", "payment.canceled p 2000")
	// A late Open stays out.
	_, err = s.Void(t.Context(), payment.IDInput{ID: "late"})
	wantErr(t, err, payment.ErrNotFound)
	_, err = s.Open(t.Context(), byCard("late", c.ID, 2000))
	wantErr(t, err, once.ErrUndone)
	s.wantCard(c.ID, 5000, issued(c), "held p -2000", "released p 2000")
}

// Money goes back to the card, also when that cannot be used any more.
func TestGiftCardRefund(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	in := byCard("p", c.ID, 5000)
	in.Capture = true
	if _, err := s.Open(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DisableGiftCard(t.Context(), payment.IDInput{ID: c.ID}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := s.OpenRefund(t.Context(), payment.OpenRefundInput{ID: "ref_1", PaymentID: "p", Amount: eur(2500)})
		if err != nil || r.Status != payment.RefundSucceeded {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	_, err := s.OpenRefund(t.Context(), payment.OpenRefundInput{ID: "ref_2", PaymentID: "p", Amount: eur(2501)})
	wantErr(t, err, payment.ErrNotRefundable)
	s.wantCard(c.ID, 2500, issued(c), "held p -5000", "refunded ref_1 2500")
	if p := s.stored("p"); p.Refunded != eur(2500) || !p.Refunding.IsZero() {
		t.Errorf("refunded %v, on its way %v", p.Refunded, p.Refunding)
	}
}

func TestGiftCardUnusable(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     func(in *payment.OpenInput)
		later  time.Duration
		off    bool
		reason string
	}{
		{name: "usable"},
		{name: "disabled", off: true, reason: "disabled"},
		{name: "the last moment", later: time.Hour - time.Microsecond},
		{name: "expired", later: time.Hour, reason: "expired"},
		{name: "another currency", in: func(in *payment.OpenInput) { in.Amount = money.New(100, "USD") }, reason: "currency"},
		{name: "all of it", in: func(in *payment.OpenInput) { in.Amount = eur(5000) }},
		{name: "too little", in: func(in *payment.OpenInput) { in.Amount = eur(5001) }, reason: "balance"},
		{name: "unknown", in: func(in *payment.OpenInput) { in.GiftCardID = "gc_none" }, reason: "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			card, err := s.CreateGiftCard(t.Context(), payment.CreateGiftCardInput{Amount: eur(5000), ExpiresAt: new(morning.Add(time.Hour))})
			if err != nil {
				t.Fatal(err)
			}
			if c.off {
				if _, err := s.DisableGiftCard(t.Context(), payment.IDInput{ID: card.ID}); err != nil {
					t.Fatal(err)
				}
			}
			s.now = morning.Add(c.later)
			in := byCard("p", card.ID, 100)
			if c.in != nil {
				c.in(&in)
			}
			_, err = s.Open(t.Context(), in)
			if c.reason == "" {
				wantErr(t, err, nil)
				return
			}
			wantErr(t, err, payment.ErrGiftCardUnusable)
			var why payment.Unusable
			if jsonErr := json.Unmarshal(fault.Public(err).Meta, &why); jsonErr != nil || why.Reason != c.reason {
				t.Errorf("why %+v, want %s, %v", why, c.reason, jsonErr)
			}
			s.wantCard(card.ID, 5000, issued(card))
			_, err = s.Payment(t.Context(), payment.IDInput{ID: "p"})
			wantErr(t, err, payment.ErrNotFound)
		})
	}
}

func TestGiftCardOpenRefuses(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	for pointer, in := range map[string]payment.OpenInput{
		"/gift_card_id":  {ID: "p", OrderID: "o", Method: "fake_card", GiftCardID: c.ID, Amount: eur(100)},
		"/gift_card_id ": {ID: "p", OrderID: "o", Method: payment.MethodGiftCard, Amount: eur(100)},
		"/amount":        byCard("p", c.ID, 0),
		"/capture":       {ID: "p", OrderID: "o", Method: "fake_card", Capture: true, Amount: eur(100)},
	} {
		_, err := s.Open(t.Context(), in)
		wantErr(t, err, fault.ErrInvalid)
		if items := fault.Public(err).Errors; len(items) != 1 || items[0].Param != strings.TrimSpace(pointer) {
			t.Errorf("%v, want one about %s", err, pointer)
		}
	}
	out, err := s.Methods(t.Context(), struct{}{})
	if err != nil || slices.ContainsFunc(out.Items, func(m payment.MethodInfo) bool { return m.ID == payment.MethodGiftCard }) {
		t.Errorf("offered: %+v, %v", out, err)
	}
	s.owe("q", "fake_card")
	_, err = s.SettleGiftCards(t.Context(), payment.SettleGiftCardsInput{IDs: []string{"q"}})
	wantErr(t, err, payment.ErrIllegal)
	_, err = s.SettleGiftCards(t.Context(), payment.SettleGiftCardsInput{IDs: []string{"none"}})
	wantErr(t, err, payment.ErrNotFound)
}

// Many orders at once never take more than there is.
func TestGiftCardAtOnceByMany(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	const orders = 16
	errs := make([]error, orders)
	var wg sync.WaitGroup
	for i := range orders {
		wg.Go(func() {
			_, errs[i] = s.Open(t.Context(), byCard(fmt.Sprint("p", i), c.ID, 1500))
		})
	}
	wg.Wait()
	won := 0
	moves := []string{issued(c)}
	for i, err := range errs {
		if err == nil {
			won++
			moves = append(moves, fmt.Sprintf("held p%d -1500", i))
		} else {
			wantErr(t, err, payment.ErrGiftCardUnusable)
		}
	}
	if won != 3 {
		t.Errorf("%d have paid, want 3", won)
	}
	s.wantCard(c.ID, 500, moves...)
}

func TestCreateGiftCard(t *testing.T) {
	s := open(t)
	made := s.issue(5000)
	if normal := strings.ReplaceAll(made.Code, "-", ""); len(normal) < 16 || !strings.HasSuffix(normal, made.Last4) || len(made.Last4) != 4 {
		t.Errorf("code %q ends in %q", made.Code, made.Last4)
	}
	sealed, err := json.Marshal(made.Secretless())
	if err != nil || strings.Contains(string(sealed), made.Code[:4]) {
		t.Errorf("what is kept of the answer: %s, %v", sealed, err)
	}
	given, err := s.CreateGiftCard(t.Context(), payment.CreateGiftCardInput{Amount: eur(100), Code: "sommer-2026", Note: "for the fair", ExpiresAt: new(morning.Add(time.Hour))})
	if err != nil || given.Code != "sommer-2026" || given.Last4 != "2026" || given.Note != "for the fair" || given.Balance != eur(100) {
		t.Fatalf("%+v, %v", given, err)
	}
	_, err = s.CreateGiftCard(t.Context(), payment.CreateGiftCardInput{Amount: eur(100), Code: "ＳＯＭＭＥＲ 2026"})
	wantErr(t, err, payment.ErrGiftCardTaken)
	for name, in := range map[string]payment.CreateGiftCardInput{
		"nothing":         {Amount: eur(0)},
		"less":            {Amount: eur(-1)},
		"no currency":     {Amount: money.New(100, "XQX")},
		"a short code":    {Amount: eur(100), Code: "AB-CD-EF-G"},
		"other letters":   {Amount: eur(100), Code: "GRÜßE-AN-ALLE"},
		"over":            {Amount: eur(100), ExpiresAt: new(morning)},
		"a note too long": {Amount: eur(100), Note: strings.Repeat("x", 501)},
	} {
		if _, err := s.CreateGiftCard(t.Context(), in); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, scope := range []string{"gift_cards:read", "payments:write"} {
		_, err = s.CreateGiftCard(staff(t.Context(), scope), payment.CreateGiftCardInput{Amount: eur(100)})
		wantErr(t, err, fault.ErrDenied)
	}
	if _, err = s.CreateGiftCard(staff(t.Context(), "gift_cards:write"), payment.CreateGiftCardInput{Amount: eur(100)}); err != nil {
		t.Error(err)
	}
}

func TestGiftCardList(t *testing.T) {
	s := open(t)
	want := slices.Sorted(slices.Values([]string{s.issue(1).ID, s.issue(2).ID, s.issue(3).ID})) // ids of one millisecond come in any order
	var got []string
	for c, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[payment.GiftCard], error) {
		return s.GiftCards(ctx, payment.GiftCardsInput{Query: page.Query{Limit: 2, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("cards %v, want %v", got, want)
	}
	_, err := s.GiftCard(t.Context(), payment.IDInput{ID: "gc_none"})
	wantErr(t, err, payment.ErrGiftCardNotFound)
	_, err = s.DisableGiftCard(t.Context(), payment.IDInput{ID: "gc_none"})
	wantErr(t, err, payment.ErrGiftCardNotFound)
	for _, off := range []bool{true, true, false, false} {
		set := s.EnableGiftCard
		if off {
			set = s.DisableGiftCard
		}
		if c, err := set(t.Context(), payment.IDInput{ID: want[0]}); err != nil || c.Disabled != off {
			t.Errorf("disabled %v, want %v, %v", c.Disabled, off, err)
		}
	}
}

func TestGiftCardByCode(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	try := func(code, currency, cart string) (payment.Tender, error) {
		return s.GiftCardByCode(t.Context(), payment.GiftCardByCodeInput{Code: code, Currency: money.Currency(currency), For: cart})
	}
	for currency, reason := range map[string]string{"EUR": "", "USD": "currency"} {
		got, err := try(strings.ToLower(c.Code), currency, "cart_1")
		if want := (payment.Tender{ID: c.ID, Last4: c.Last4, Balance: eur(5000), Reason: reason}); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	if _, err := s.Open(t.Context(), byCard("p", c.ID, 5000)); err != nil {
		t.Fatal(err)
	}
	if got, err := try(c.Code, "EUR", "cart_1"); err != nil || got.Reason != "balance" {
		t.Errorf("empty: %+v, %v", got, err)
	}
	_, err := try("WRONG-CODE", "EUR", "cart_1")
	wantErr(t, err, payment.ErrGiftCardNotFound)
	out, err := s.GiftCardsOf(t.Context(), payment.GiftCardsOfInput{IDs: []string{"gc_none", c.ID}, Currency: "EUR"})
	if err != nil || len(out.Items) != 2 || out.Items[0].Reason != "unknown" || out.Items[1].Reason != "balance" || out.Items[1].ID != c.ID {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestGiftCardTriesAreCounted(t *testing.T) {
	s := open(t)
	c := s.issue(5000)
	try := func(ctx context.Context, cart string) error {
		_, err := s.GiftCardByCode(ctx, payment.GiftCardByCodeInput{Code: c.Code, Currency: "EUR", For: cart})
		return err
	}
	from := func(addr string) context.Context { return ident.WithClient(t.Context(), addr) }
	for range payment.GiftCardTriesPerMinute {
		wantErr(t, try(t.Context(), "cart_1"), nil)
	}
	err := try(t.Context(), "cart_1")
	wantErr(t, err, payment.ErrTooManyAttempts)
	if wait := fault.Wait(err); wait != time.Minute {
		t.Errorf("wait %v, want a minute", wait)
	}
	wantErr(t, try(t.Context(), "cart_2"), nil)
	for i := range payment.GiftCardTriesPerMinute { // one client, many carts
		wantErr(t, try(from("192.0.2.1"), fmt.Sprint("cart_a", i)), nil)
	}
	wantErr(t, try(from("192.0.2.1"), "cart_b"), payment.ErrTooManyAttempts)
	wantErr(t, try(from("192.0.2.2"), "cart_b"), nil)
	s.now = s.now.Add(time.Minute)
	if err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantErr(t, try(from("192.0.2.1"), "cart_1"), nil)

	free := payment.New(s.store(), nil, &payment.Options{Unlimited: true, Now: func() time.Time { return s.now }})
	for range 3 * payment.GiftCardTriesPerMinute {
		_, err := free.GiftCardByCode(t.Context(), payment.GiftCardByCodeInput{Code: "WRONG-CODE", Currency: "EUR", For: "cart_9"})
		if !errors.Is(err, payment.ErrGiftCardNotFound) {
			t.Fatal(err)
		}
	}
}
