package cart_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// card adds a gift card whose id and last characters are alike.
func (s *shop) card(id, card, last4 string) (cart.Cart, error) {
	return s.AddGiftCard(s.t.Context(), cart.AddGiftCardInput{ID: id, GiftCardID: card, Last4: last4})
}

// cards says which gift cards pay for a cart: "gc_1/AAAA gc_2/BBBB".
func cards(c cart.Cart) string {
	var out []string
	for _, g := range c.GiftCards {
		out = append(out, g.ID+"/"+g.Last4)
	}
	return strings.Join(out, " ")
}

func (s *shop) cards(id string, last4s ...string) {
	s.t.Helper()
	for i, last4 := range last4s {
		if _, err := s.card(id, fmt.Sprintf("gc_%s%d", last4, i), last4); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestGiftCards(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""), add("mug", 1))
	ctx := guest(t.Context(), s.Token(c))
	s.cards(c.ID, "AAAA", "BBBB", "AAAA")
	before := s.stored(c.ID)
	if got, want := cards(before), "gc_AAAA0/AAAA gc_BBBB1/BBBB gc_AAAA2/AAAA"; got != want {
		t.Fatalf("cards %s, want %s", got, want)
	}
	if again, err := s.card(c.ID, "gc_BBBB1", "BBBB"); err != nil || again.Version != before.Version {
		t.Errorf("again: version %d, want %d, %v", again.Version, before.Version, err)
	}
	for _, step := range []struct{ remove, want string }{
		{"aaaa", "gc_AAAA0/AAAA gc_BBBB1/BBBB"}, // the one that was added last
		{"AAAA", "gc_BBBB1/BBBB"},
		{"BBBB", ""},
	} {
		got, err := s.RemoveGiftCard(ctx, cart.RemoveGiftCardInput{ID: c.ID, Last4: step.remove})
		if err != nil || cards(got) != step.want || cards(s.stored(c.ID)) != step.want {
			t.Errorf("without %s: %s, %v, want %s", step.remove, cards(got), err, step.want)
		}
	}
	_, err := s.RemoveGiftCard(ctx, cart.RemoveGiftCardInput{ID: c.ID, Last4: "AAAA"})
	wantErr(t, err, cart.ErrGiftCardNotFound)
}

func TestGiftCardsRefuse(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""), add("mug", 1))
	for i := range cart.MaxCards {
		s.cards(c.ID, fmt.Sprint("CAR", i))
	}
	_, err := s.card(c.ID, "gc_more", "MORE")
	wantErr(t, err, cart.ErrGiftCardsFull)
	_, err = s.card(c.ID, "gc_CAR00", "CAR0") // is there
	wantErr(t, err, nil)
	_, err = s.card("none", "gc_1", "AAAA")
	wantErr(t, err, cart.ErrNotFound)
	_, err = s.AddGiftCard(t.Context(), cart.AddGiftCardInput{ID: c.ID, Version: 1, GiftCardID: "gc_1", Last4: "AAAA"})
	wantErr(t, err, cart.ErrStale)
	_, err = s.RemoveGiftCard(guest(t.Context(), ""), cart.RemoveGiftCardInput{ID: c.ID, Last4: "CAR0"})
	wantErr(t, err, cart.ErrNotFound)
	for name, ctx := range map[string]context.Context{"its guest": guest(t.Context(), s.Token(c)), "staff": staff(t.Context(), "*")} {
		_, err = s.AddGiftCard(ctx, cart.AddGiftCardInput{ID: c.ID, GiftCardID: "gc_1", Last4: "AAAA"})
		if k := fault.KindOf(err); k != fault.Denied && k != fault.Unauthenticated {
			t.Errorf("%s may name a card: %v", name, err)
		}
	}
	if _, err := s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: "k", OrderID: "ord_1"}); err != nil {
		t.Fatal(err)
	}
	_, err = s.card(c.ID, "gc_2", "BBBB")
	wantErr(t, err, cart.ErrClosed)
	_, err = s.RemoveGiftCard(t.Context(), cart.RemoveGiftCardInput{ID: c.ID, Last4: "CAR0"})
	wantErr(t, err, cart.ErrClosed)
	reopened, err := s.Reopen(t.Context(), cart.CloseInput{ID: c.ID, Key: "k"})
	if err != nil || len(reopened.GiftCards) != cart.MaxCards {
		t.Errorf("opened again with %d cards, %v", len(reopened.GiftCards), err)
	}
}

func TestClaimKeepsGiftCards(t *testing.T) {
	for how, want := range map[cart.Strategy]string{
		cart.Merge:       "gc_OWN0/OWN gc_BOTH0/BOTH gc_GUEST0/GUEST",
		cart.KeepAccount: "gc_OWN0/OWN gc_BOTH0/BOTH",
		cart.Replace:     "gc_BOTH0/BOTH gc_GUEST0/GUEST",
	} {
		s, ctx, g, own := two(t)
		for _, c := range []struct{ id, last4 string }{{own.ID, "OWN"}, {own.ID, "BOTH"}, {g.ID, "BOTH"}, {g.ID, "GUEST"}} {
			s.cards(c.id, c.last4)
		}
		got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: how})
		if err != nil || cards(got) != want || cards(s.stored(got.ID)) != want {
			t.Errorf("%s: %s, %v, want %s", how, cards(got), err, want)
		}
	}
	// A guest's cart of gift cards alone is worth merging; ten is the end.
	s := open(t)
	g := s.create(guest(t.Context(), ""))
	own := s.create(customer(t.Context(), "cus_1", ""))
	for i := range 6 {
		s.cards(g.ID, fmt.Sprint("G", i))
		s.cards(own.ID, fmt.Sprint("O", i))
	}
	got, err := s.Claim(customer(t.Context(), "cus_1", s.Token(g)), cart.ClaimInput{ID: g.ID, Strategy: cart.Merge})
	if err != nil || len(got.GiftCards) != cart.MaxCards || got.GiftCards[9].Last4 != "G3" {
		t.Errorf("%s, %v", cards(got), err)
	}
}
