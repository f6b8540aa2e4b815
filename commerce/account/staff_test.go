package account_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func (s *house) role(scopes ...string) account.Role {
	s.t.Helper()
	r, err := s.CreateRole(s.t.Context(), account.CreateRoleInput{Name: "Role", Scopes: scopes})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestRoles(t *testing.T) {
	s := openHouse(t)
	lead := staff(t.Context(), "staff:*", "orders:*")
	r, err := s.CreateRole(lead, account.CreateRoleInput{Name: "Packer", Scopes: []string{"orders:write", "orders:read", "orders:read"}})
	if err != nil || !slices.Equal(r.Scopes, []string{"orders:read", "orders:write"}) || r.BuiltIn {
		t.Fatalf("%+v, %v", r, err)
	}
	more := s.role("stock:write")
	for name, c := range map[string]struct {
		err, want error
	}{
		"unknown scope":       {second(s.CreateRole(lead, account.CreateRoleInput{Name: "x", Scopes: []string{"orders:fly"}})), account.ErrScopeUnknown},
		"a scope too many":    {second(s.CreateRole(lead, account.CreateRoleInput{Name: "x", Scopes: []string{"orders:read", "stock:read"}})), fault.ErrDenied},
		"everything":          {second(s.CreateRole(lead, account.CreateRoleInput{Name: "x", Scopes: []string{"*"}})), fault.ErrDenied},
		"grows too far":       {second(s.UpdateRole(lead, account.UpdateRoleInput{ID: r.ID, Scopes: []string{"keys:write"}})), fault.ErrDenied},
		"is beyond":           {second(s.UpdateRole(lead, account.UpdateRoleInput{ID: more.ID, Scopes: []string{"orders:read"}})), fault.ErrDenied},
		"delete beyond":       {second(s.DeleteRole(lead, account.IDInput{ID: more.ID})), fault.ErrDenied},
		"change of the owner": {second(s.UpdateRole(t.Context(), account.UpdateRoleInput{ID: account.RoleOwner, Name: "x"})), account.ErrRoleBuiltIn},
		"no more owner":       {second(s.DeleteRole(t.Context(), account.IDInput{ID: account.RoleOwner})), account.ErrRoleBuiltIn},
		"none":                {second(s.UpdateRole(lead, account.UpdateRoleInput{ID: "rol_none", Name: "x"})), account.ErrRoleNotFound},
		"reader":              {second(s.CreateRole(staff(t.Context(), "staff:read"), account.CreateRoleInput{Name: "x", Scopes: []string{"staff:read"}})), fault.ErrDenied},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
	u := s.staff("p@example.com", secret, r.ID)
	_, err = s.DeleteRole(lead, account.IDInput{ID: r.ID})
	wantErr(t, err, account.ErrRoleInUse)
	if _, err := s.UpdateStaff(lead, account.UpdateStaffInput{ID: u.ID, Roles: op.Some([]string{})}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{nil, account.ErrRoleNotFound} {
		_, err = s.DeleteRole(lead, account.IDInput{ID: r.ID})
		wantErr(t, err, want)
	}
	p, err := s.Roles(lead, account.RolesInput{})
	if err != nil || len(p.Items) != 2 || !p.Items[0].BuiltIn {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestStaff(t *testing.T) {
	s := openHouse(t)
	pack, stock := s.role("orders:read", "orders:write"), s.role("stock:read", "orders:read")
	lead := staff(t.Context(), "staff:*", "orders:*", "stock:read")
	in := account.CreateStaffInput{Email: "Bo@Example.com", Password: secret, Name: "Bo", Roles: []string{stock.ID, pack.ID, stock.ID}}
	u, err := s.CreateStaff(lead, in)
	if err != nil || !strings.HasPrefix(u.ID, "stf_") || len(u.Roles) != 2 || u.Kind != account.KindStaff {
		t.Fatalf("%+v, %v", u, err)
	}
	for name, c := range map[string]struct {
		in   account.CreateStaffInput
		want error
	}{
		"the same address": {in, account.ErrEmailTaken},
		"weak":             {account.CreateStaffInput{Email: "c@example.com", Password: "password", Roles: in.Roles}, account.ErrWeakPassword},
		"no such role":     {account.CreateStaffInput{Email: "c@example.com", Roles: []string{"rol_none"}}, fault.ErrInvalid},
		"an owner":         {account.CreateStaffInput{Email: "c@example.com", Roles: []string{account.RoleOwner}}, fault.ErrDenied},
		"no role":          {account.CreateStaffInput{Email: "c@example.com"}, fault.ErrInvalid},
	} {
		if _, err := s.CreateStaff(lead, c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if sealed, _ := json.Marshal(in.Secretless()); strings.Contains(string(sealed), secret) {
		t.Errorf("idempotency keeps %s", sealed)
	}
	sign, err := s.StaffLogin(guest(t), account.LoginInput{Email: in.Email, Password: secret})
	if err != nil {
		t.Fatal(err)
	}
	if got := ident.From(s.as(sign.AccessToken)).Scopes; !slices.Equal(got, []string{"orders:read", "orders:write", "stock:read"}) {
		t.Errorf("scopes %v", got)
	}
	// A name and one more role leave the session alone, one less ends it.
	all := s.role("orders:*")
	if _, err := s.UpdateStaff(lead, account.UpdateStaffInput{ID: u.ID, Name: op.Some("Bob"), Roles: op.Some([]string{pack.ID, stock.ID, all.ID})}); err != nil {
		t.Fatal(err)
	}
	next, err := s.Refresh(guest(t), account.RefreshInput{RefreshToken: sign.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	if got := ident.From(s.as(next.AccessToken)).Scopes; !slices.Contains(got, "orders:*") {
		t.Errorf("scopes %v after another role", got)
	}
	if _, err := s.UpdateStaff(lead, account.UpdateStaffInput{ID: u.ID, Roles: op.Some([]string{pack.ID})}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.refreshes(next.RefreshToken), account.ErrSignedOut)
	sign, err = s.StaffLogin(guest(t), account.LoginInput{Email: in.Email, Password: secret})
	wantErr(t, err, nil)
	for _, disabled := range []bool{true, false} {
		if _, err := s.UpdateStaff(lead, account.UpdateStaffInput{ID: u.ID, Disabled: op.Some(disabled)}); err != nil {
			t.Fatal(err)
		}
		wantErr(t, s.refreshes(sign.RefreshToken), account.ErrSignedOut)
	}
	if p, err := s.Staff(lead, account.StaffInput{Q: "bob"}); err != nil || len(p.Items) != 1 || p.Items[0].Name != "Bob" {
		t.Errorf("%+v, %v", p, err)
	}
	s.store.events = nil
}

func TestStaffAbove(t *testing.T) {
	s := openHouse(t)
	boss := s.staff("boss@example.com", secret, account.RoleOwner)
	s.staff("boss2@example.com", secret, account.RoleOwner)
	pack := s.role("orders:read")
	clerk := s.staff("clerk@example.com", secret, pack.ID)
	lead := staff(t.Context(), "staff:*", "orders:*")
	for name, in := range map[string]account.UpdateStaffInput{
		"disable the owner": {ID: boss.ID, Disabled: op.Some(true)},
		"strip the owner":   {ID: boss.ID, Roles: op.Some([]string{pack.ID})},
		"rise":              {ID: clerk.ID, Roles: op.Some([]string{account.RoleOwner})},
	} {
		if _, err := s.UpdateStaff(lead, in); !errors.Is(err, fault.ErrDenied) {
			t.Errorf("%s: %v, want denied", name, err)
		}
	}
	customer, _ := s.customer(ann)
	for _, id := range []string{customer.ID, "none"} {
		_, err := s.UpdateStaff(t.Context(), account.UpdateStaffInput{ID: id, Disabled: op.Some(true)})
		wantErr(t, err, account.ErrUserNotFound)
		_, err = s.StaffMember(t.Context(), account.IDInput{ID: id})
		wantErr(t, err, account.ErrUserNotFound)
	}
}

func TestLastOwner(t *testing.T) {
	s := openHouse(t)
	owner := s.staff("a@example.com", secret, account.RoleOwner)
	second := s.staff("b@example.com", secret, account.RoleOwner)
	update := func(in account.UpdateStaffInput, want error) {
		t.Helper()
		_, err := s.UpdateStaff(t.Context(), in)
		wantErr(t, err, want)
	}
	update(account.UpdateStaffInput{ID: second.ID, Disabled: op.Some(true)}, nil)
	update(account.UpdateStaffInput{ID: owner.ID, Disabled: op.Some(true)}, account.ErrLastOwner)
	update(account.UpdateStaffInput{ID: owner.ID, Roles: op.Some([]string{})}, account.ErrLastOwner)
	update(account.UpdateStaffInput{ID: second.ID, Roles: op.Some([]string{})}, nil) // is none, being disabled
	update(account.UpdateStaffInput{ID: owner.ID, Name: op.Some("A")}, nil)
	if u, err := s.StaffMember(t.Context(), account.IDInput{ID: owner.ID}); err != nil || u.Disabled || len(u.Roles) != 1 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestLastOwnerRace(t *testing.T) {
	for range 5 {
		s := openHouse(t)
		const n = 8
		var ids [n]string
		for i := range ids {
			ids[i] = s.staff(fmt.Sprintf("%d@example.com", i), secret, account.RoleOwner).ID
		}
		var kept atomic.Int64
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				in := account.UpdateStaffInput{ID: id, Disabled: op.Some(true)}
				if i%2 == 0 {
					in = account.UpdateStaffInput{ID: id, Roles: op.Some([]string{})}
				}
				if _, err := s.UpdateStaff(t.Context(), in); errors.Is(err, account.ErrLastOwner) {
					kept.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 1 {
			t.Fatalf("%d owners are left, want 1", kept.Load())
		}
	}
}
