package cart_test

import (
	"context"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// two makes a guest's cart with 2 mugs and a customer's with 1 mug, and returns
// the customer who shows the guest's token.
func two(t *testing.T) (s *shop, ctx context.Context, g, own cart.Cart) {
	t.Helper()
	s = open(t)
	g = s.create(guest(t.Context(), ""), add("mug", 2), add("top", 1))
	own = s.create(customer(t.Context(), "cus_1", ""), add("mug", 1))
	return s, customer(t.Context(), "cus_1", s.Token(g)), g, own
}

func TestClaim(t *testing.T) {
	for how, want := range map[cart.Strategy]struct {
		survivor string // g or own
		contents string
	}{
		cart.Merge:       {"own", "mug×3@1499 top×1@5000"},
		cart.KeepAccount: {"own", "mug×1@1499"},
		cart.Replace:     {"g", "mug×2@1499 top×1@5000"},
	} {
		t.Run(string(how), func(t *testing.T) {
			s, ctx, g, own := two(t)
			into, loser := own, g
			if want.survivor == "g" {
				into, loser = g, own
			}
			got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: how})
			if err != nil || got.ID != into.ID || contents(got) != want.contents || got.CustomerID != "cus_1" || got.Status != cart.StatusOpen {
				t.Fatalf("%+v, %v", got, err)
			}
			if l := s.stored(loser.ID); l.Status != cart.StatusMerged || l.IntoID != into.ID || l.ClosedAt.IsZero() {
				t.Errorf("the other: %+v", l)
			}
			s.wantEvents("cart.merged " + loser.ID)
			if p, err := cart.Merged.Decode(s.store.events[0]); err != nil || p != (cart.MergedV1{Cart: loser.ID, Into: into.ID, Customer: "cus_1"}) {
				t.Errorf("%+v, %v", p, err)
			}
			// A repeat changes nothing, with the token, without it, with another strategy.
			for _, again := range []context.Context{ctx, customer(t.Context(), "cus_1", ""), ident.As(ctx, "storefront")} {
				for _, other := range []cart.Strategy{cart.Merge, cart.KeepAccount, cart.Replace} {
					if c, err := s.Claim(again, cart.ClaimInput{ID: g.ID, Strategy: other}); err != nil || c.ID != got.ID || c.Version != got.Version {
						t.Errorf("again: %+v, %v", c, err)
					}
				}
			}
			// K08: the guest's token opens nothing now.
			for _, id := range []string{g.ID, own.ID} {
				_, err := s.Cart(guest(t.Context(), s.tokenOf(g)), cart.IDInput{ID: id})
				wantErr(t, err, cart.ErrNotFound)
			}
			_, err = s.Claim(customer(t.Context(), "cus_2", s.tokenOf(g)), cart.ClaimInput{ID: g.ID, Strategy: cart.Merge})
			wantErr(t, err, cart.ErrNotFound)
		})
	}
}

// tokenOf returns the token that a guest was given for c.
func (s *shop) tokenOf(c cart.Cart) string { return ident.Token([]byte("secret"), c.ID, c.Epoch) }

func TestClaimWithoutOwnCart(t *testing.T) {
	s := open(t)
	g := s.create(guest(t.Context(), ""), add("mug", 2))
	token := s.Token(g)
	ctx := customer(t.Context(), "cus_1", token)
	if _, err := s.Create(ctx, cart.CreateInput{Market: "us", Currency: "USD"}); err != nil { // another market does not matter
		t.Fatal(err)
	}
	got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge})
	if err != nil || got.ID != g.ID || got.CustomerID != "cus_1" || got.Epoch != 1 || contents(got) != "mug×2@1499" {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = s.Cart(guest(t.Context(), token), cart.IDInput{ID: g.ID})
	wantErr(t, err, cart.ErrNotFound)
	_, err = s.Cart(guest(t.Context(), s.tokenOf(got)), cart.IDInput{ID: g.ID})
	wantErr(t, err, cart.ErrNotFound)
	if again, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Replace}); err != nil || again.Version != got.Version {
		t.Errorf("%+v, %v", again, err)
	}
	if c := s.create(ctx); c.ID != g.ID {
		t.Errorf("the claimed cart is not the open one: %s", c.ID)
	}
	s.wantEvents()
}

func TestClaimRefuses(t *testing.T) {
	s, ctx, g, own := two(t)
	in := cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}
	for name, c := range map[string]struct {
		ctx  context.Context
		in   cart.ClaimInput
		want error
	}{
		"a guest":                {guest(t.Context(), s.Token(g)), in, fault.ErrUnauthenticated},
		"staff":                  {staff(t.Context(), "*"), in, fault.ErrDenied},
		"the program":            {t.Context(), in, fault.ErrDenied},
		"without the token":      {customer(t.Context(), "cus_1", ""), in, cart.ErrNotFound},
		"through a service":      {ident.As(customer(t.Context(), "cus_1", ""), "storefront"), in, cart.ErrNotFound},
		"another customer's":     {customer(t.Context(), "cus_2", s.tokenOf(own)), cart.ClaimInput{ID: own.ID, Strategy: cart.Merge}, cart.ErrNotFound},
		"an unknown one":         {ctx, cart.ClaimInput{ID: "none", Strategy: cart.Merge}, cart.ErrNotFound},
		"without a strategy":     {ctx, cart.ClaimInput{ID: g.ID}, fault.ErrInvalid},
		"with an other strategy": {ctx, cart.ClaimInput{ID: g.ID, Strategy: "steal"}, fault.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Claim(c.ctx, c.in)
			wantErr(t, err, c.want)
		})
	}
	if _, err := s.Close(t.Context(), cart.CloseInput{ID: g.ID, Key: "k", OrderID: "ord_1"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Claim(ctx, in)
	wantMeta(t, err, cart.ErrClosed, `{"status":"completed","order_id":"ord_1"}`)
	if c := s.stored(own.ID); c.Version != 1 {
		t.Errorf("the own cart was written: %+v", c)
	}
}

// K04: many merges at once count once.
func TestClaimAtOnce(t *testing.T) {
	for _, how := range []cart.Strategy{cart.Merge, cart.Replace, cart.KeepAccount} {
		s, ctx, g, own := two(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: how}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := map[cart.Strategy]string{cart.Merge: "mug×3@1499 top×1@5000", cart.Replace: "mug×2@1499 top×1@5000", cart.KeepAccount: "mug×1@1499"}[how]
		mine, err := s.Mine(ctx, cart.MineInput{})
		if err != nil || contents(mine) != want || len(s.store.events) != 1 {
			t.Errorf("%s: %s, %v, %d events", how, contents(mine), err, len(s.store.events))
		}
		if s.stored(g.ID).Status == s.stored(own.ID).Status {
			t.Errorf("%s: both are %s", how, s.stored(g.ID).Status)
		}
	}
}

// A cart that was merged into one that was merged itself still leads to the one
// that is left.
func TestClaimFollows(t *testing.T) {
	s, ctx, g, _ := two(t)
	if _, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil {
		t.Fatal(err)
	}
	second := s.create(guest(t.Context(), ""), add("top", 7))
	if _, err := s.Claim(customer(t.Context(), "cus_1", s.Token(second)), cart.ClaimInput{ID: second.ID, Strategy: cart.Replace}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil || got.ID != second.ID || contents(got) != "top×7@5000" {
		t.Errorf("%+v, %v", got, err)
	}
}

// The own cart may leave the market, or come to be, between the look and the
// unit of work.
func TestClaimWhileOwnCartChanges(t *testing.T) {
	s, ctx, g, own := two(t)
	s.store.onOpenOf = func() {
		_, err := s.Update(t.Context(), cart.UpdateInput{ID: own.ID, Market: op.Some("us"), Currency: op.Some[money.Currency]("USD"), Prices: map[string]money.Amount{}})
		if err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil || got.ID != g.ID || got.CustomerID != "cus_1" {
		t.Errorf("it left: %+v, %v", got, err)
	}
	s = open(t)
	g = s.create(guest(t.Context(), ""), add("mug", 2))
	s.store.onOpenOf = func() { s.create(customer(t.Context(), "cus_1", ""), add("mug", 1)) }
	if got, err := s.Claim(customer(t.Context(), "cus_1", s.Token(g)), cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil || contents(got) != "mug×3@1499" {
		t.Errorf("it came: %+v, %v", got, err)
	}
	s, ctx, g, own = two(t)
	s.store.onOpenOf = func() { // the same claim, sent twice
		if _, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: cart.Merge}); err != nil || got.ID != own.ID || contents(got) != "mug×3@1499 top×1@5000" {
		t.Errorf("it was merged: %+v, %v", got, err)
	}
}
