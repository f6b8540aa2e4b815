package pricingtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

var moment = time.Date(2026, 11, 22, 8, 0, 0, 123_000, time.UTC)

// promotion is one with everything in it.
func promotion(id, code string) pricing.Promotion {
	p := pricing.Promotion{ID: id, Title: hostile, Kind: pricing.KindFixed, Amounts: []money.Amount{money.New(99_999_999_999, "JPY")}, Scope: pricing.ScopeItems,
		VariantIDs: []string{"var_1", hostile}, ProductIDs: []string{}, MinSubtotal: []money.Amount{money.New(1, "KWD")}, Markets: []string{"jp"},
		StartsAt: &moment, EndsAt: new(moment.Add(time.Hour)), Priority: -7, Exclusive: true, Active: true, CreatedAt: moment, UpdatedAt: moment.Add(1000)}
	if code != "" {
		p.Code = &code
	}
	return p
}

// saved is a promotion in s.
func saved(t *testing.T, s pricing.Store, id, code string, change func(*pricing.Promotion)) pricing.Promotion {
	t.Helper()
	p := promotion(id, code)
	if change != nil {
		change(&p)
	}
	must(t, s.SavePromotion(t.Context(), &p))
	return p
}

func read(t *testing.T, s pricing.Store, id string) pricing.Promotion {
	t.Helper()
	p, err := s.Promotion(t.Context(), id)
	must(t, err)
	return p
}

// claim claims p for a buyer, as the run with a key.
func claim(ctx context.Context, s pricing.Store, p pricing.Promotion, key, buyer string) (bool, error) {
	return s.ClaimPromotion(ctx, pricing.Claim{PromotionID: p.ID, Version: p.Version, PerCustomerLimit: p.PerCustomerLimit},
		pricing.PromotionUse{PromotionID: p.ID, Key: key, Buyer: buyer, At: moment})
}

// claims wants a claim to end as said.
func claims(t *testing.T, s pricing.Store, p pricing.Promotion, key, buyer string, want bool) {
	t.Helper()
	if got, err := claim(t.Context(), s, p, key, buyer); got != want || err != nil {
		t.Errorf("claim of %s by %s for %s: %v, %v; want %v", p.ID, buyer, key, got, err, want)
	}
}

// agree wants a promotion to be used so often, by its count and by its uses.
func agree(t *testing.T, s pricing.Store, id string, want int) {
	t.Helper()
	uses, err := s.PromotionUses(t.Context(), id)
	must(t, err)
	if p := read(t, s, id); p.Used != int64(want) || len(uses) != want {
		t.Errorf("%s is used %d times, with %d uses; want %d", id, p.Used, len(uses), want)
	}
}

func promotionRoundTrip(t *testing.T, s pricing.Store) {
	want := saved(t, s, "promo_1", "SAVE10", func(p *pricing.Promotion) {
		p.UsageLimit, p.PerCustomerLimit = new(int64(1_000_000_000)), new(int64(1000))
	})
	same(t, "version", want.Version, int64(1))
	same(t, "promotion", read(t, s, "promo_1"), want)
	want.Kind, want.Percent, want.Amounts, want.Code = pricing.KindPercent, 88_750, []money.Amount{}, nil
	want.UsageLimit, want.PerCustomerLimit, want.StartsAt, want.EndsAt, want.Active = nil, nil, nil, nil, false
	must(t, s.SavePromotion(t.Context(), &want))
	same(t, "promotion", read(t, s, "promo_1"), want)
	other := saved(t, s, "promo_2", "B", nil)
	all, err := s.Promotions(t.Context(), "", 5)
	must(t, err)
	same(t, "all", all, []pricing.Promotion{want, other})
	for after, n := range map[string]int{"": 1, "promo_1": 1, "promo_2": 0} {
		if some, err := s.Promotions(t.Context(), after, 1); err != nil || len(some) != n || n > 0 && some[0].ID <= after {
			t.Errorf("after %q: %v, %v", after, some, err)
		}
	}
	claims(t, s, other, "cart_1.1", "ann", true)
	uses, err := s.PromotionUses(t.Context(), "promo_2")
	must(t, err)
	same(t, "uses", uses, []pricing.PromotionUse{{PromotionID: "promo_2", Key: "cart_1.1", Buyer: "ann", At: moment}})
	must(t, s.DeletePromotion(t.Context(), "promo_1"))
	fails(t, "a deleted one", second(s.Promotion(t.Context(), "promo_1")), pricing.ErrPromotionNotFound)
}

func second[T any](_ T, err error) error { return err }

func promotionNotFound(t *testing.T, s pricing.Store) {
	saved(t, s, "promo_1", "SAVE10", nil)
	for _, id := range []string{"nobody", "", hostile, "PROMO_1", "promo_1 "} {
		fails(t, "promotion "+id, second(s.Promotion(t.Context(), id)), pricing.ErrPromotionNotFound)
	}
	claims(t, s, pricing.Promotion{ID: "nobody", Version: 1}, "k", "ann", false)
	fails(t, "delete", s.DeletePromotion(t.Context(), "nobody"), pricing.ErrPromotionNotFound)
	must(t, s.ReturnUses(t.Context(), "nobody"))
}

func codeOnce(t *testing.T, s pricing.Store) {
	saved(t, s, "auto_1", "", nil)
	saved(t, s, "auto_2", "", nil) // any number without a code
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := promotion(fmt.Sprint("promo_", i), "SAVE10")
			switch err := s.SavePromotion(t.Context(), &p); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, pricing.ErrCodeTaken) || p.Version != 0:
				t.Errorf("a second code: %v, version %d; want ErrCodeTaken", err, p.Version)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d promotions have one code", made.Load())
	}
	other := saved(t, s, "other", "OTHER", nil)
	other.Code = new("SAVE10")
	fails(t, "a code by change", s.SavePromotion(t.Context(), &other), pricing.ErrCodeTaken)
	other.Code = new("save10")
	must(t, s.SavePromotion(t.Context(), &other)) // codes are compared as they are
}

func promotionVersion(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", nil)
	again := promotion("promo_1", "NEW")
	fails(t, "made twice", s.SavePromotion(t.Context(), &again), pricing.ErrPromotionStale)
	old := p
	p.Title = "Newer"
	must(t, s.SavePromotion(t.Context(), &p))
	fails(t, "an old version", s.SavePromotion(t.Context(), &old), pricing.ErrPromotionStale)
	claims(t, s, old, "k", "ann", false) // what was quoted is another
	claims(t, s, p, "k", "ann", true)
}

func offersFit(t *testing.T, s pricing.Store) {
	a := saved(t, s, "promo_a", "A", nil)
	b := saved(t, s, "promo_b", "", nil)
	saved(t, s, "promo_c", "C", nil)
	gone := saved(t, s, "promo_d", "D", nil)
	gone.ArchivedAt = &moment
	must(t, s.SavePromotion(t.Context(), &gone))
	claims(t, s, a, "k1", "ann", true)
	claims(t, s, a, "k2", "bob", true)
	claims(t, s, b, "k1", "ann", true)
	for _, tt := range []struct {
		f    pricing.OfferFilter
		want string
	}{
		{pricing.OfferFilter{}, "[]"},
		{pricing.OfferFilter{Codes: []string{"A", "D", "X"}, Buyer: "ann"}, "[promo_a 2 1]"},
		{pricing.OfferFilter{Codes: []string{"A", "a"}, IDs: []string{"promo_b", "promo_d"}, Buyer: "bob"}, "[promo_a 2 1 promo_b 1 0]"},
		{pricing.OfferFilter{IDs: []string{"promo_b"}, Buyer: "eve"}, "[promo_b 1 0]"},
		{pricing.OfferFilter{Codes: []string{hostile, "é"}, IDs: []string{hostile}}, "[]"},
	} {
		found, err := s.Offers(t.Context(), tt.f)
		must(t, err)
		got := []any{}
		for _, o := range found {
			got = append(got, o.ID, o.Used, o.Mine)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%+v: %v, want %s", tt.f, got, tt.want)
		}
	}
}

func automaticInSettings(t *testing.T, s pricing.Store) {
	want := saved(t, s, "promo_a", "", nil)
	saved(t, s, "promo_b", "B", nil)
	saved(t, s, "promo_c", "", func(p *pricing.Promotion) { p.Active = false })
	gone := saved(t, s, "promo_d", "", nil)
	gone.ArchivedAt = &moment
	must(t, s.SavePromotion(t.Context(), &gone))
	all, err := s.Settings(t.Context())
	must(t, err)
	same(t, "promotions among the settings", all.Promotions, []pricing.Promotion{want})
}

// race lets n goroutines claim p, each for a key of its own, and returns the keys
// of those who got it.
func race(t *testing.T, s pricing.Store, p pricing.Promotion, n int, buyer func(i int) string) (won []string) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			key := fmt.Sprint("key_", i)
			got, err := claim(t.Context(), s, p, key, buyer(i))
			if err != nil {
				t.Error(err)
			}
			if got {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, key)
			}
		})
	}
	wg.Wait()
	return won
}

func usageLimit(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", func(p *pricing.Promotion) { p.UsageLimit = new(int64(3)) })
	if won := race(t, s, p, 16, func(i int) string { return fmt.Sprint(i) }); len(won) != 3 {
		t.Errorf("%d got one of three", len(won))
	}
	agree(t, s, p.ID, 3)
}

func buyerLimit(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", func(p *pricing.Promotion) { p.PerCustomerLimit = new(int64(2)) })
	won := race(t, s, p, 16, func(i int) string { return []string{"ann", "bob"}[i%2] })
	if len(won) != 4 {
		t.Errorf("%d claims of two buyers with two each", len(won))
	}
	agree(t, s, p.ID, 4)
	// A use that comes back is free again, whichever it was.
	for _, key := range won {
		must(t, s.ReturnUses(t.Context(), key))
	}
	claims(t, s, p, "a", "ann", true)
	claims(t, s, p, "b", "ann", true)
	must(t, s.ReturnUses(t.Context(), "a"))
	claims(t, s, p, "c", "ann", true)
	claims(t, s, p, "d", "ann", false)
	agree(t, s, p.ID, 2)
	// Uses from before there was a limit count.
	free := saved(t, s, "promo_2", "FREE", nil)
	claims(t, s, free, "x", "ann", true)
	claims(t, s, free, "y", "ann", true)
	free.PerCustomerLimit = new(int64(2))
	must(t, s.SavePromotion(t.Context(), &free))
	claims(t, s, free, "z", "ann", false)
	claims(t, s, free, "z", "bob", true)
	agree(t, s, free.ID, 3)
}

func returnedOnce(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", func(p *pricing.Promotion) { p.UsageLimit = new(int64(2)) })
	q := saved(t, s, "promo_2", "OTHER", nil)
	for _, key := range []string{"k1", "k2"} {
		claims(t, s, p, key, "ann", true)
		claims(t, s, q, key, "ann", true)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := s.ReturnUses(t.Context(), "k1"); err != nil {
				t.Error(err)
			}
		})
		wg.Wait() // one after the other: their callers have locked the key
	}
	agree(t, s, p.ID, 1)
	agree(t, s, q.ID, 1)
	claims(t, s, p, "k3", "bob", true)
	claims(t, s, p, "k4", "eve", false)
	agree(t, s, p.ID, 2)
}

func staffKeepUses(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", func(p *pricing.Promotion) { p.UsageLimit = new(int64(2)) })
	claims(t, s, p, "k1", "ann", true)
	p.Used, p.Title = 0, "Newer"
	must(t, s.SavePromotion(t.Context(), &p))
	agree(t, s, p.ID, 1)
	p.UsageLimit, p.Used = new(int64(1)), 77
	must(t, s.SavePromotion(t.Context(), &p))
	agree(t, s, p.ID, 1)
	claims(t, s, p, "k2", "bob", false)
	p.UsageLimit = new(int64(0))
	if err := s.SavePromotion(t.Context(), &p); err == nil {
		t.Error("a limit below the uses was written")
	}
}

func archivedCountsNoMore(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", nil)
	claims(t, s, p, "k1", "ann", true)
	p.ArchivedAt = &moment
	must(t, s.SavePromotion(t.Context(), &p))
	claims(t, s, p, "k2", "bob", false)
	same(t, "its code", *read(t, s, p.ID).Code, "SAVE10")
	other := saved(t, s, "promo_2", "SAVE10", nil)
	claims(t, s, other, "k2", "bob", true)
	must(t, s.ReturnUses(t.Context(), "k1"))
	agree(t, s, p.ID, 0)
	agree(t, s, other.ID, 1)
}

func promotionRollback(t *testing.T, s pricing.Store) {
	p := saved(t, s, "promo_1", "SAVE10", nil)
	claims(t, s, p, "kept", "ann", true)
	boom := errors.New("boom")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := claim(ctx, s, p, "k1", "ann")
		other := promotion("promo_2", "OTHER")
		return errors.Join(err, s.ReturnUses(ctx, "kept"), s.SavePromotion(ctx, &other), boom)
	})
	if !errors.Is(err, boom) || err.Error() != "boom" {
		t.Errorf("unit: %v, want boom alone", err)
	}
	agree(t, s, p.ID, 1)
	all, err := s.Promotions(t.Context(), "", 9)
	must(t, err)
	if !slices.EqualFunc(all, []string{"promo_1"}, func(p pricing.Promotion, id string) bool { return p.ID == id }) {
		t.Errorf("after a rollback: %+v", all)
	}
}

func attemptsCount(t *testing.T, s pricing.Store) {
	for i := range 4 {
		ok, wait, err := s.Attempt(t.Context(), "k", moment, time.Minute, 3)
		if err != nil || ok != (i < 3) || !ok && wait != time.Minute {
			t.Errorf("try %d: %v, %v, %v", i, ok, wait, err)
		}
	}
	must(t, s.ForgetAttempts(t.Context(), moment.Add(time.Hour)))
	if ok, _, err := s.Attempt(t.Context(), "k", moment, time.Minute, 3); !ok || err != nil {
		t.Errorf("after it was forgotten: %v, %v", ok, err)
	}
}
