package paymenttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func hashed(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// issued returns a card that was never saved, with a code of its own.
func issued(id string) payment.GiftCard {
	return payment.GiftCard{ID: id, CodeHash: hashed(id), Last4: "WXYZ", Initial: money.New(100, "EUR"), Balance: money.New(100, "EUR"),
		CreatedAt: day, UpdatedAt: day}
}

// hold returns a move that was never added.
func hold(card, cause string, minor int64) payment.GiftCardMove {
	return payment.GiftCardMove{CardID: card, Kind: "held", Cause: cause, Delta: money.New(-minor, "EUR"), At: day}
}

func saveCard(t *testing.T, s payment.Store, c payment.GiftCard) payment.GiftCard {
	t.Helper()
	if err := s.SaveGiftCard(t.Context(), &c); err != nil {
		t.Fatalf("save %s: %v", c.ID, err)
	}
	return c
}

func loadCard(t *testing.T, s payment.Store, id string) payment.GiftCard {
	t.Helper()
	c, err := s.GiftCard(t.Context(), id)
	if err != nil {
		t.Fatalf("gift card %s: %v", id, err)
	}
	return c
}

func moves(t *testing.T, s payment.Store, card string) []payment.GiftCardMove {
	t.Helper()
	got, err := s.GiftCardMoves(t.Context(), card)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func giftCardRoundTrip(t *testing.T, s payment.Store) {
	want := issued("gc_1")
	want.CodeHash = slices.Concat([]byte{0, '\'', '\\', '"', 0xff, ' '}, want.CodeHash[:20], []byte("\x00 ")) // bytes, not text
	want.Initial, want.Balance = money.New(99_999_999_999, "JPY"), money.New(99_999_999_998, "JPY")
	want.Last4, want.Note, want.Disabled, want.ExpiresAt = `é☕'\`, hostile, true, new(day.Add(time.Hour))
	want = saveCard(t, s, want)
	same := func(what string, version int64) {
		t.Helper()
		if got := loadCard(t, s, "gc_1"); !reflect.DeepEqual(got, want) || got.Version != version {
			t.Errorf("%s\n%+v, want\n%+v", what, got, want)
		}
		if got, err := s.GiftCardByHash(t.Context(), want.CodeHash); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, by hash\n%+v, %v; want\n%+v", what, got, err, want)
		}
	}
	same("inserted", 1)
	want.Balance, want.Disabled, want.ExpiresAt, want.Note, want.UpdatedAt = money.Zero("JPY"), false, nil, "", day.Add(time.Hour)
	want = saveCard(t, s, want)
	same("updated", 2)
}

func giftCardNotFound(t *testing.T, s payment.Store) {
	c := saveCard(t, s, issued("gc_1"))
	for _, id := range []string{"none", "GC_1", "gc_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.GiftCard(t.Context(), id)
		wantErr(t, err, payment.ErrGiftCardNotFound)
	}
	for _, hash := range [][]byte{nil, hashed("gc_2"), c.CodeHash[:31], append(c.CodeHash[:32:32], ' '), []byte("' OR 1=1 --")} {
		_, err := s.GiftCardByHash(t.Context(), hash)
		wantErr(t, err, payment.ErrGiftCardNotFound)
	}
	none := issued("none")
	none.Version = 1
	wantErr(t, s.SaveGiftCard(t.Context(), &none), payment.ErrStale)
	_, err := s.GiftCardByHash(t.Context(), none.CodeHash)
	wantErr(t, err, payment.ErrGiftCardNotFound)
}

func giftCardStale(t *testing.T, s payment.Store) {
	c := saveCard(t, s, issued("gc_1"))
	again := issued("gc_1")
	again.Note = "again"
	wantErr(t, s.SaveGiftCard(t.Context(), &again), payment.ErrStale)
	again.CodeHash = hashed("another code")
	wantErr(t, s.SaveGiftCard(t.Context(), &again), payment.ErrStale)
	if got := loadCard(t, s, "gc_1"); !reflect.DeepEqual(got, c) || again.Version != 0 {
		t.Errorf("a refused insert left %+v, version %d", got, again.Version)
	}
	won := race(t, payment.ErrStale, func(i int) error {
		mine := c
		mine.Balance.Minor -= int64(i + 1)
		err := s.SaveGiftCard(t.Context(), &mine)
		if (err == nil) != (mine.Version == 2) {
			t.Errorf("version %d after %v", mine.Version, err)
		}
		return err
	})
	if got := loadCard(t, s, "gc_1"); won != 1 || got.Version != 2 || got.Balance.Minor == 100 {
		t.Errorf("%d writers won, %+v; want 1", won, got)
	}
}

func giftCodeOnce(t *testing.T, s payment.Store) {
	one := saveCard(t, s, issued("gc_1"))
	two := issued("gc_2")
	two.CodeHash = one.CodeHash
	wantErr(t, s.SaveGiftCard(t.Context(), &two), payment.ErrTaken)
	_, err := s.GiftCard(t.Context(), "gc_2")
	wantErr(t, err, payment.ErrGiftCardNotFound)
	two = saveCard(t, s, issued("gc_2"))
	two.CodeHash = one.CodeHash
	wantErr(t, s.SaveGiftCard(t.Context(), &two), payment.ErrTaken)
	if got := loadCard(t, s, "gc_2"); !slices.Equal(got.CodeHash, hashed("gc_2")) || got.Version != 1 || two.Version != 1 {
		t.Errorf("a refused save left %+v", got)
	}
	if got, err := s.GiftCardByHash(t.Context(), one.CodeHash); err != nil || got.ID != "gc_1" {
		t.Errorf("the code is of %s, %v; want gc_1", got.ID, err)
	}
}

func giftCodeWins(t *testing.T, s payment.Store) {
	won := race(t, payment.ErrTaken, func(i int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			c := issued(fmt.Sprint("gc_", i))
			c.CodeHash = hashed("one")
			return s.SaveGiftCard(ctx, &c)
		})
	})
	if won != 1 {
		t.Errorf("%d cards have one code, want 1", won)
	}
}

func giftCardKeepsUnit(t *testing.T, s payment.Store) {
	one := saveCard(t, s, issued("gc_1"))
	if added, err := s.MoveGiftCard(t.Context(), hold("gc_1", "pay_1", 10)); !added || err != nil {
		t.Fatal(added, err)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		stale, taken := one, issued("gc_2")
		stale.Version, taken.CodeHash = 7, one.CodeHash
		wantErr(t, s.SaveGiftCard(ctx, &stale), payment.ErrStale)
		wantErr(t, s.SaveGiftCard(ctx, &taken), payment.ErrTaken)
		if added, err := s.MoveGiftCard(ctx, hold("gc_1", "pay_1", 20)); added || err != nil {
			t.Errorf("added = %v, %v", added, err)
		}
		taken.CodeHash = hashed("gc_2")
		return s.SaveGiftCard(ctx, &taken)
	})
	if err != nil {
		t.Fatalf("the unit of a refused save: %v", err)
	}
	loadCard(t, s, "gc_2")
}

func giftCardBounds(t *testing.T, s payment.Store) {
	saveCard(t, s, issued("gc_1"))
	for _, minor := range []int64{-1, 101} {
		c := loadCard(t, s, "gc_1")
		c.Balance.Minor = minor
		if err := s.SaveGiftCard(t.Context(), &c); err == nil || errors.Is(err, payment.ErrStale) || errors.Is(err, payment.ErrTaken) {
			t.Errorf("a balance of %d: %v", minor, err)
		}
		fresh := issued("gc_2")
		fresh.Balance.Minor = minor
		if err := s.SaveGiftCard(t.Context(), &fresh); err == nil {
			t.Errorf("issued with a balance of %d", minor)
		}
	}
	if got := loadCard(t, s, "gc_1"); got.Balance.Minor != 100 || got.Version != 1 {
		t.Errorf("a refused save left %+v", got)
	}
}

func giftCards(t *testing.T, s payment.Store) {
	all := make([]payment.GiftCard, 4)
	for i := range all {
		all[3-i] = saveCard(t, s, issued(fmt.Sprint("gc_", 3-i)))
	}
	for _, c := range []struct {
		after string
		limit int
		want  []payment.GiftCard
	}{{"", 9, all}, {"", 2, all[:2]}, {"gc_1", 1, all[2:3]}, {"gc_1", 9, all[2:]}, {"gc_3", 9, all[4:]}, {"' OR 1=1 --", 1, all[:1]}} {
		if got, err := s.GiftCards(t.Context(), c.after, c.limit); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d cards after %q:\n%+v, %v; want\n%+v", c.limit, c.after, got, err, c.want)
		}
	}
}

func giftCardsOf(t *testing.T, s payment.Store) {
	for i := range 3 {
		saveCard(t, s, issued(fmt.Sprint("gc_", 2-i)))
	}
	for _, c := range []struct{ ids, want []string }{
		{[]string{"gc_2", "none", "gc_0", "gc_2"}, []string{"gc_0", "gc_2"}},
		{[]string{"GC_0", "' OR 1=1 --"}, nil},
		{nil, nil},
	} {
		got, err := s.GiftCardsOf(t.Context(), c.ids)
		var ids []string
		for _, card := range got {
			ids = append(ids, card.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("cards of %v: %v, %v; want %v", c.ids, ids, err, c.want)
		}
	}
	got, err := s.GiftCardsOf(t.Context(), []string{"gc_1"})
	if want := loadCard(t, s, "gc_1"); err != nil || !reflect.DeepEqual(got, []payment.GiftCard{want}) {
		t.Errorf("card %+v, %v; want %+v", got, err, want)
	}
}

var errEmpty = errors.New("not enough on the card")

func giftCardSpentOnce(t *testing.T, s payment.Store) {
	saveCard(t, s, issued("gc_1"))
	won := raceOf(t, 16, errEmpty, func(i int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			c, err := s.GiftCard(ctx, "gc_1")
			if err != nil {
				return err
			}
			if c.Balance.Minor < 10 {
				return errEmpty
			}
			c.Balance.Minor -= 10
			_, err = s.MoveGiftCard(ctx, hold("gc_1", fmt.Sprint("pay_", i), 10))
			return errors.Join(err, s.SaveGiftCard(ctx, &c))
		})
	})
	got, n := loadCard(t, s, "gc_1"), len(moves(t, s, "gc_1"))
	if won != 10 || !got.Balance.IsZero() || got.Version != 11 || n != 10 {
		t.Errorf("%d of 16 were paid with a card for 10, by %d moves: %+v", won, n, got)
	}
}

func moveOnce(t *testing.T, s payment.Store) {
	other, upper, released := hold("gc_2", "pay_1", 10), hold("gc_1", "PAY_1", 10), hold("gc_1", "pay_1", 10)
	released.Kind, released.Delta = "released", released.Delta.Neg()
	again := hold("gc_1", "pay_1", 20)
	again.At = day.Add(time.Hour)
	for i, m := range []payment.GiftCardMove{hold("gc_1", "pay_1", 10), again, other, upper, released} {
		added, err := s.MoveGiftCard(t.Context(), m)
		if want := i != 1; added != want || err != nil {
			t.Errorf("%s %s of %s: added = %v, %v; want %v", m.Kind, m.Cause, m.CardID, added, err, want)
		}
	}
	if got, want := moves(t, s, "gc_1"), []payment.GiftCardMove{upper, hold("gc_1", "pay_1", 10), released}; !reflect.DeepEqual(got, want) {
		t.Errorf("moves\n%+v, want\n%+v", got, want)
	}
}

func moveWins(t *testing.T, s payment.Store) {
	var added atomic.Int64
	race(t, nil, func(i int) error {
		mine := false
		err := s.Scope().Do(t.Context(), func(ctx context.Context) (err error) {
			mine, err = s.MoveGiftCard(ctx, hold("gc_1", "pay_1", int64(i+1)))
			return err
		})
		if mine && err == nil {
			added.Add(1)
		}
		return err
	})
	if got := moves(t, s, "gc_1"); added.Load() != 1 || len(got) != 1 {
		t.Errorf("%d were told that they added it, %d moves; want 1, 1", added.Load(), len(got))
	}
}

func giftCardMoves(t *testing.T, s payment.Store) {
	a, b, c, d, other := hold("gc_1", "pay_2", 1), hold("gc_1", "pay_1", 99_999_999_999), hold("gc_1", "pay '\\☕", 2), hold("gc_1", "a", 3), hold("gc_2", "pay_1", 4)
	a.At, d.Kind, c.Delta = day.Add(-time.Microsecond), "refunded", money.New(5, "JPY")
	for _, m := range []payment.GiftCardMove{d, c, b, other, a} {
		if added, err := s.MoveGiftCard(t.Context(), m); !added || err != nil {
			t.Fatal(added, err)
		}
	}
	if got, want := moves(t, s, "gc_1"), []payment.GiftCardMove{a, c, b, d}; !reflect.DeepEqual(got, want) {
		t.Errorf("moves\n%+v, want\n%+v", got, want)
	}
	for _, none := range []string{"none", "GC_1", "' OR 1=1 --"} {
		if got := moves(t, s, none); len(got) != 0 {
			t.Errorf("%s has moves %+v", none, got)
		}
	}
}

func giftCardRollback(t *testing.T, s payment.Store) {
	was := saveCard(t, s, issued("gc_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		c, two := was, issued("gc_2")
		c.Balance.Minor = 0
		_, err := s.MoveGiftCard(ctx, hold("gc_1", "pay_1", 100))
		if err := errors.Join(err, s.SaveGiftCard(ctx, &c), s.SaveGiftCard(ctx, &two)); err != nil {
			return err
		}
		if got, err := s.GiftCard(ctx, "gc_1"); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("a unit sees %+v, %v of its own write", got, err)
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := loadCard(t, s, "gc_1"); !reflect.DeepEqual(got, was) {
		t.Errorf("after the rollback: %+v", got)
	}
	if got := moves(t, s, "gc_1"); len(got) != 0 {
		t.Errorf("after the rollback: %+v", got)
	}
	three := issued("gc_3")
	three.CodeHash = hashed("gc_2")
	saveCard(t, s, three)
}
