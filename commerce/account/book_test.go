package account_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func home(line string) account.CreateAddressInput {
	return account.CreateAddressInput{Address: address.Address{Name: "Ann", Line1: line, City: "Graz", PostalCode: "8010", Country: "AT"}}
}

func (s *house) address(ctx context.Context, in account.CreateAddressInput) account.SavedAddress {
	s.t.Helper()
	a, err := s.CreateAddress(ctx, in)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// book says what is in a book: "1sb 2" is two addresses, the first the default
// for shipping and billing.
func (s *house) book(ctx context.Context) string {
	s.t.Helper()
	p, err := s.Addresses(ctx, account.AddressesInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, a := range p.Items {
		text := a.Line1
		if a.DefaultShipping {
			text += "s"
		}
		if a.DefaultBilling {
			text += "b"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestAddressBook(t *testing.T) {
	s := openHouse(t)
	_, ctx := s.customer(ann)
	one := s.address(ctx, home("1"))
	want := account.SavedAddress{ID: one.ID, Address: home("1").Address, DefaultShipping: true, DefaultBilling: true, CreatedAt: morning, UpdatedAt: morning}
	if one != want || !strings.HasPrefix(one.ID, "adr_") {
		t.Errorf("%+v, want %+v", one, want)
	}
	two := s.address(ctx, home("2"))
	step := func(what, want string) {
		t.Helper()
		if got := s.book(ctx); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	step("another", "1sb 2")
	three := home("3")
	three.DefaultBilling = true
	third := s.address(ctx, three)
	step("a new default for billing", "1s 2 3b")
	got, err := s.UpdateAddress(ctx, account.UpdateAddressInput{ID: two.ID, DefaultShipping: op.Some(true), Company: op.Some("ACME")})
	if err != nil || !got.DefaultShipping || got.Company != "ACME" || got.Line1 != "2" {
		t.Errorf("%+v, %v", got, err)
	}
	step("the second for shipping", "1 2s 3b")
	for _, id := range []string{one.ID, two.ID} {
		if _, err := s.UpdateAddress(ctx, account.UpdateAddressInput{ID: id, DefaultShipping: op.Some(true)}); err != nil {
			t.Error(err)
		}
		if id == one.ID {
			step("back to the first", "1s 2 3b")
		}
	}
	if _, err := s.DeleteAddress(ctx, account.IDInput{ID: third.ID}); err != nil {
		t.Error(err)
	}
	step("without the third", "1b 2s")
	if got, err := s.Address(ctx, account.IDInput{ID: two.ID}); err != nil || got.Company != "ACME" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, id := range []string{two.ID, one.ID} {
		if _, err := s.DeleteAddress(ctx, account.IDInput{ID: id}); err != nil {
			t.Error(err)
		}
	}
	step("nothing left", "")
	s.wantEvents()
}

func TestAddressRefusals(t *testing.T) {
	s := openHouse(t)
	_, ctx := s.customer(ann)
	mine := s.address(ctx, home("1"))
	_, other := s.customer("b@example.com")
	for name, err := range map[string]error{
		"no name":         second(s.UpdateAddress(ctx, account.UpdateAddressInput{ID: mine.ID, Name: op.Maybe[string]{Set: true, Null: true}})),
		"no country":      second(s.UpdateAddress(ctx, account.UpdateAddressInput{ID: mine.ID, Country: op.Maybe[string]{Set: true, Null: true}})),
		"default no more": second(s.UpdateAddress(ctx, account.UpdateAddressInput{ID: mine.ID, DefaultBilling: op.Some(false)})),
		"default null":    second(s.UpdateAddress(ctx, account.UpdateAddressInput{ID: mine.ID, DefaultShipping: op.Maybe[bool]{Set: true, Null: true}})),
		"country":         second(s.CreateAddress(ctx, account.CreateAddressInput{Address: address.Address{Name: "A", Line1: "1", City: "c", PostalCode: "p", Country: "at"}})),
	} {
		if !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	// Somebody else's is answered like one that never was.
	for _, id := range []string{mine.ID, "adr_none"} {
		for what, err := range map[string]error{
			"read": second(s.Address(other, account.IDInput{ID: id})), "change": second(s.UpdateAddress(other, account.UpdateAddressInput{ID: id, Name: op.Some("x")})), "delete": second(s.DeleteAddress(other, account.IDInput{ID: id})),
		} {
			if e, ok := errors.AsType[*fault.Error](err); !ok || !reflect.DeepEqual(e, account.ErrAddressNotFound) {
				t.Errorf("%s %s: %v, want not found", what, id, err)
			}
		}
	}
	clerk := s.staff("clerk@example.com", secret, account.RoleOwner)
	for who, want := range map[*ident.Actor]error{
		{Kind: ident.Guest}:                      fault.ErrUnauthenticated,
		{Kind: ident.Staff, ID: clerk.ID}:        fault.ErrDenied,
		{Kind: ident.Staff, ID: "key_1"}:         fault.ErrDenied,
		{Kind: ident.Customer, ID: "cus_none"}:   fault.ErrUnauthenticated,
		{Kind: ident.Customer, ID: "' OR 1=1 #"}: fault.ErrUnauthenticated,
	} {
		for _, err := range []error{
			second(s.Addresses(ident.With(t.Context(), *who), account.AddressesInput{})), second(s.CreateAddress(ident.With(t.Context(), *who), home("x"))),
			second(s.DeleteAddress(ident.With(t.Context(), *who), account.IDInput{ID: mine.ID})),
		} {
			if !errors.Is(err, want) {
				t.Errorf("%v: %v, want %v", who, err, want)
			}
		}
	}
	if got := s.book(ctx); got != "1sb" {
		t.Errorf("the book is %q", got)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAddressLimit(t *testing.T) {
	s := openHouse(t)
	_, ctx := s.customer(ann)
	var made, full atomic.Int64
	var wg sync.WaitGroup
	for i := range account.MaxAddresses + 5 {
		wg.Go(func() {
			switch _, err := s.CreateAddress(ctx, home(fmt.Sprint(i))); {
			case err == nil:
				made.Add(1)
			case errors.Is(err, account.ErrBookFull):
				full.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != account.MaxAddresses || full.Load() != 5 {
		t.Errorf("%d made, %d refused; want %d and 5", made.Load(), full.Load(), account.MaxAddresses)
	}
	var seen []string
	for a, err := range page.All(ctx, func(ctx context.Context, cursor string) (page.Page[account.SavedAddress], error) {
		return s.Addresses(ctx, account.AddressesInput{Query: page.Query{Limit: 20, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, a.ID)
	}
	slices.Sort(seen)
	if n := len(slices.Compact(seen)); n != account.MaxAddresses {
		t.Errorf("the pages hold %d addresses, want %d", n, account.MaxAddresses)
	}
}
