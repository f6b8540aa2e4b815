package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// customer makes a customer and returns a context in which they ask.
func (s *house) customer(email string) (account.User, context.Context) {
	s.t.Helper()
	u := account.User{ID: ident.NewID("cus"), Kind: account.KindCustomer, Email: email, Name: "Ann", Groups: []string{}, Roles: []string{}, Metadata: json.RawMessage(`{}`),
		CreatedAt: s.now, UpdatedAt: s.now, Password: "old:" + secret}
	if err := s.store.SaveUser(s.t.Context(), &u); err != nil {
		s.t.Fatal(err)
	}
	return u, ident.With(s.t.Context(), ident.Actor{Kind: ident.Customer, ID: u.ID})
}

func TestUpdateMe(t *testing.T) {
	s := openHouse(t)
	u, ctx := s.customer(ann)
	s.now = morning.Add(time.Hour)
	got, err := s.UpdateMe(ctx, account.UpdateMeInput{Phone: op.Some("+43 1"), Locale: op.Some("de-AT")})
	want := u
	want.Phone, want.Locale, want.UpdatedAt, want.Version = "+43 1", "de-AT", s.now, 2
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want\n%+v", got, err, want)
	}
	if got, err := s.UpdateMe(ctx, account.UpdateMeInput{Name: op.Maybe[string]{Set: true, Null: true}}); err != nil || got.Name != "" || got.Phone != "+43 1" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.UpdateMe(ctx, account.UpdateMeInput{Locale: op.Some("de_AT")})
	wantErr(t, err, fault.ErrInvalid)
	_, err = s.UpdateMe(guest(t), account.UpdateMeInput{})
	wantErr(t, err, fault.ErrUnauthenticated)
	_, err = s.UpdateMe(t.Context(), account.UpdateMeInput{})
	wantErr(t, err, fault.ErrDenied)
	s.wantEvents()
}

func TestCustomers(t *testing.T) {
	s := openHouse(t)
	for i := range 5 {
		s.customer(fmt.Sprintf("c%d@example.com", i))
	}
	s.staff("c9@example.com", secret)
	desk := staff(t.Context(), "customers:read")
	p, err := s.Customers(desk, account.CustomersInput{Query: page.Query{Limit: 3}})
	if err != nil || len(p.Items) != 3 || p.NextCursor == nil {
		t.Fatalf("%+v, %v", p, err)
	}
	rest, err := s.Customers(desk, account.CustomersInput{Query: page.Query{Limit: 3, Cursor: *p.NextCursor}})
	if err != nil || len(rest.Items) != 2 || rest.NextCursor != nil {
		t.Errorf("%+v, %v", rest, err)
	}
	for _, in := range []account.CustomersInput{{Q: " C3@EXAMPLE.com"}, {Email: "C3@"}, {Q: "ann", Email: "c3"}} {
		if p, err := s.Customers(desk, in); err != nil || len(p.Items) != 1 || p.Items[0].Email != "c3@example.com" {
			t.Errorf("%+v: %+v, %v", in, p.Items, err)
		}
	}
	for who, err := range map[string]error{
		"staff without scope": second(s.Customers(staff(t.Context(), "orders:read"), account.CustomersInput{})),
		"reader who writes":   second(s.UpdateCustomer(desk, account.UpdateCustomerInput{ID: p.Items[0].ID})),
	} {
		if !errors.Is(err, fault.ErrDenied) {
			t.Errorf("%s: %v, want denied", who, err)
		}
	}
	clerk := s.staff("x@example.com", secret)
	for _, id := range []string{clerk.ID, "none"} {
		_, err := s.Customer(desk, account.IDInput{ID: id})
		wantErr(t, err, account.ErrUserNotFound)
	}
}

func TestDisableCustomer(t *testing.T) {
	s := openHouse(t)
	u, ctx := s.customer(ann)
	in := s.login(ann, secret)
	desk := staff(t.Context(), "customers:write")
	if _, err := s.UpdateCustomer(desk, account.UpdateCustomerInput{ID: u.ID, Name: op.Some("Other")}); err != nil {
		t.Fatal(err)
	}
	again, err := s.Refresh(guest(t), account.RefreshInput{RefreshToken: in.RefreshToken})
	if err != nil {
		t.Fatalf("another name signs out: %v", err)
	}
	if got, err := s.UpdateCustomer(desk, account.UpdateCustomerInput{ID: u.ID, Disabled: op.Some(true)}); err != nil || !got.Disabled || got.Name != "Other" {
		t.Errorf("%+v, %v", got, err)
	}
	wantErr(t, s.refreshes(again.RefreshToken), account.ErrSignedOut)
	_, err = s.Login(guest(t), account.LoginInput{Email: ann, Password: secret})
	wantErr(t, err, account.ErrBadCredentials)
	_, err = s.CreateAddress(ctx, home("1"))
	wantErr(t, err, fault.ErrUnauthenticated)
	if _, err := s.UpdateCustomer(desk, account.UpdateCustomerInput{ID: u.ID, Disabled: op.Some(false)}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(again.RefreshToken), account.ErrSignedOut)
	s.login(ann, secret)
}

func TestGroups(t *testing.T) {
	s := openHouse(t)
	u, _ := s.customer(ann)
	desk := staff(t.Context(), "customers:*")
	g, err := s.CreateGroup(desk, account.CreateGroupInput{Name: "Dealers", Code: "dealer"})
	if err != nil || !strings.HasPrefix(g.ID, "grp_") {
		t.Fatalf("%+v, %v", g, err)
	}
	_, err = s.CreateGroup(desk, account.CreateGroupInput{Name: "Again", Code: "dealer"})
	wantErr(t, err, account.ErrGroupTaken)
	other, err := s.CreateGroup(desk, account.CreateGroupInput{Name: "Other", Code: "other"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.UpdateGroup(desk, account.UpdateGroupInput{ID: other.ID, Code: "dealer"})
	wantErr(t, err, account.ErrGroupTaken)
	if got, err := s.UpdateGroup(desk, account.UpdateGroupInput{ID: g.ID, Name: "Resellers"}); err != nil || got.Name != "Resellers" || got.Code != "dealer" {
		t.Errorf("%+v, %v", got, err)
	}
	if p, err := s.Groups(desk, account.GroupsInput{}); err != nil || len(p.Items) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	put := func(ids ...string) error {
		return second(s.UpdateCustomer(desk, account.UpdateCustomerInput{ID: u.ID, Groups: op.Some(ids)}))
	}
	wantErr(t, put(g.ID, "grp_none"), fault.ErrInvalid)
	wantErr(t, put(g.ID, g.ID, other.ID), nil)
	if p, err := s.Customers(desk, account.CustomersInput{Group: g.ID}); err != nil || len(p.Items) != 1 || len(p.Items[0].Groups) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = s.DeleteGroup(desk, account.IDInput{ID: g.ID})
	wantErr(t, err, account.ErrGroupInUse)
	wantErr(t, put(), nil)
	for _, want := range []error{nil, account.ErrGroupNotFound} {
		_, err = s.DeleteGroup(desk, account.IDInput{ID: g.ID})
		wantErr(t, err, want)
	}
	_, err = s.Group(desk, account.IDInput{ID: g.ID})
	wantErr(t, err, account.ErrGroupNotFound)
}
