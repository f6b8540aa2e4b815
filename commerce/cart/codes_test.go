package cart_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

func (s *shop) code(id, code string) (cart.Cart, error) {
	return s.AddDiscountCode(s.t.Context(), cart.DiscountCodeInput{ID: id, Code: code})
}

func (s *shop) codes(id string, codes ...string) {
	s.t.Helper()
	for _, code := range codes {
		if _, err := s.code(id, code); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestDiscountCodes(t *testing.T) {
	s := open(t)
	c := s.create(guest(t.Context(), ""), add("mug", 1))
	ctx := guest(t.Context(), s.Token(c))
	s.codes(c.ID, "A", "B", "C", "D", "E")
	before := s.stored(c.ID)
	if got := strings.Join(before.DiscountCodes, " "); got != "A B C D E" {
		t.Fatalf("codes %s", got)
	}
	if again, err := s.code(c.ID, "B"); err != nil || again.Version != before.Version {
		t.Errorf("again: version %d, want %d, %v", again.Version, before.Version, err)
	}
	_, err := s.code(c.ID, "F")
	wantErr(t, err, cart.ErrDiscountCodesFull)
	got, err := s.RemoveDiscountCode(ctx, cart.DiscountCodeInput{ID: c.ID, Code: "B"})
	if err != nil || strings.Join(got.DiscountCodes, " ") != "A C D E" {
		t.Errorf("without B: %v, %v", got.DiscountCodes, err)
	}
	_, err = s.RemoveDiscountCode(ctx, cart.DiscountCodeInput{ID: c.ID, Code: "B"})
	wantErr(t, err, cart.ErrDiscountCodeNotFound)
	_, err = s.code("none", "A")
	wantErr(t, err, cart.ErrNotFound)
	_, err = s.AddDiscountCode(t.Context(), cart.DiscountCodeInput{ID: c.ID, Version: 1, Code: "F"})
	wantErr(t, err, cart.ErrStale)
	for name, ctx := range map[string]context.Context{"its guest": ctx, "staff": staff(t.Context(), "*")} {
		_, err = s.AddDiscountCode(ctx, cart.DiscountCodeInput{ID: c.ID, Code: "F"})
		if k := fault.KindOf(err); k != fault.Denied && k != fault.Unauthenticated {
			t.Errorf("%s may put in any code: %v", name, err)
		}
	}
	if _, err := s.Close(t.Context(), cart.CloseInput{ID: c.ID, Key: "k", OrderID: "ord_1"}); err != nil {
		t.Fatal(err)
	}
	_, err = s.code(c.ID, "F")
	wantErr(t, err, cart.ErrClosed)
	_, err = s.RemoveDiscountCode(ctx, cart.DiscountCodeInput{ID: c.ID, Code: "A"})
	wantErr(t, err, cart.ErrClosed)
	reopened, err := s.Reopen(t.Context(), cart.CloseInput{ID: c.ID, Key: "k"})
	if err != nil || len(reopened.DiscountCodes) != 4 {
		t.Errorf("opened again with %v, %v", reopened.DiscountCodes, err)
	}
}

func TestClaimKeepsCodes(t *testing.T) {
	for how, want := range map[cart.Strategy]string{cart.Merge: "OWN BOTH GUEST", cart.KeepAccount: "OWN BOTH", cart.Replace: "BOTH GUEST"} {
		s, ctx, g, own := two(t)
		s.codes(own.ID, "OWN", "BOTH")
		s.codes(g.ID, "BOTH", "GUEST")
		got, err := s.Claim(ctx, cart.ClaimInput{ID: g.ID, Strategy: how})
		if codes := strings.Join(s.stored(got.ID).DiscountCodes, " "); err != nil || codes != want {
			t.Errorf("%s: %s, %v, want %s", how, codes, err, want)
		}
	}
	// A guest's cart of codes alone is worth merging; five is the end.
	s := open(t)
	g := s.create(guest(t.Context(), ""))
	own := s.create(customer(t.Context(), "cus_1", ""))
	for i := range 3 {
		s.codes(g.ID, fmt.Sprint("G", i))
		s.codes(own.ID, fmt.Sprint("O", i))
	}
	got, err := s.Claim(customer(t.Context(), "cus_1", s.Token(g)), cart.ClaimInput{ID: g.ID, Strategy: cart.Merge})
	if err != nil || strings.Join(got.DiscountCodes, " ") != "O0 O1 O2 G0 G1" {
		t.Errorf("%v, %v", got.DiscountCodes, err)
	}
}
