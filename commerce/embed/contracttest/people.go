package contracttest

import (
	"slices"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

var home = account.CreateAddressInput{Address: shoptest.Address()}

// ours is the name of the people of these cases.
const ours = "Contract"

// role makes a role with scopes.
func (w *world) role(scopes ...string) account.Role {
	w.Helper()
	return got(w.Accounts.CreateRole(w.Context(), account.CreateRoleInput{Name: ours, Scopes: scopes}))(w)
}

func (w *world) hiring(roles ...string) account.CreateStaffInput {
	return account.CreateStaffInput{Email: w.email(), Password: password, Name: ours, Roles: roles}
}

// hired makes a member of the staff with scopes.
func (w *world) hired(scopes ...string) account.User {
	w.Helper()
	return got(w.Accounts.CreateStaff(w.Context(), w.hiring(w.role(scopes...).ID)))(w)
}

// group makes a group of customers.
func (w *world) group() account.Group {
	w.Helper()
	return got(w.Accounts.CreateGroup(w.Context(), account.CreateGroupInput{Name: ours, Code: w.name()}))(w)
}

var peopleCases = []trial{
	{"account.customer, customers and update_customer", func(w *world) {
		u := w.registered()
		w.ok(w.Accounts.Customer(w.Context(), account.IDInput{ID: u.ID}))
		w.fails(account.ErrUserNotFound)(w.Accounts.Customer(w.Context(), account.IDInput{ID: nobody}))
		in := account.UpdateCustomerInput{ID: u.ID, Name: op.Some("Grace")}
		if now := got(w.Accounts.UpdateCustomer(w.Context(), in))(w); now.Name != "Grace" {
			w.Errorf("the name is %q, want Grace", now.Name)
		}
		in.ID = nobody
		w.fails(account.ErrUserNotFound)(w.Accounts.UpdateCustomer(w.Context(), in))
	}},
	{"account.create_group, group, groups, update_group and delete_group", func(w *world) {
		g, other := w.group(), w.group()
		w.fails(account.ErrGroupTaken)(w.Accounts.CreateGroup(w.Context(), account.CreateGroupInput{Name: ours, Code: g.Code}))
		w.ok(w.Accounts.Group(w.Context(), account.IDInput{ID: g.ID}))
		w.fails(account.ErrGroupNotFound)(w.Accounts.Group(w.Context(), account.IDInput{ID: nobody}))
		w.ok(w.Accounts.Groups(w.Context(), account.GroupsInput{}))
		w.ok(w.Accounts.UpdateGroup(w.Context(), account.UpdateGroupInput{ID: g.ID, Name: "Other"}))
		w.fails(account.ErrGroupNotFound)(w.Accounts.UpdateGroup(w.Context(), account.UpdateGroupInput{ID: nobody, Name: "Other"}))
		w.fails(account.ErrGroupTaken)(w.Accounts.UpdateGroup(w.Context(), account.UpdateGroupInput{ID: g.ID, Code: other.Code}))
		w.ok(w.Accounts.UpdateCustomer(w.Context(), account.UpdateCustomerInput{ID: w.registered().ID, Groups: op.Some([]string{g.ID})}))
		w.fails(account.ErrGroupInUse)(w.Accounts.DeleteGroup(w.Context(), account.IDInput{ID: g.ID}))
		w.ok(w.Accounts.DeleteGroup(w.Context(), account.IDInput{ID: other.ID}))
		w.fails(account.ErrGroupNotFound)(w.Accounts.DeleteGroup(w.Context(), account.IDInput{ID: other.ID}))
	}},
	{"account.create_role, role, roles, update_role and delete_role", func(w *world) {
		few := shoptest.Staff(w.Context(), "staff:write") // may give no other right
		r := w.role("orders:read")
		w.fails(account.ErrScopeUnknown)(w.Accounts.CreateRole(w.Context(), account.CreateRoleInput{Name: ours, Scopes: []string{"moon:write"}}))
		w.fails(fault.ErrDenied)(w.Accounts.CreateRole(few, account.CreateRoleInput{Name: ours, Scopes: []string{"orders:read"}}))
		w.ok(w.Accounts.Role(w.Context(), account.IDInput{ID: r.ID}))
		w.fails(account.ErrRoleNotFound)(w.Accounts.Role(w.Context(), account.IDInput{ID: nobody}))
		w.ok(w.Accounts.Roles(w.Context(), account.RolesInput{}))
		in := account.UpdateRoleInput{ID: r.ID, Scopes: []string{"orders:write"}}
		w.ok(w.Accounts.UpdateRole(w.Context(), in))
		w.fails(fault.ErrDenied)(w.Accounts.UpdateRole(few, in))
		in.Scopes = []string{"moon:write"}
		w.fails(account.ErrScopeUnknown)(w.Accounts.UpdateRole(w.Context(), in))
		w.fails(account.ErrRoleNotFound)(w.Accounts.UpdateRole(w.Context(), account.UpdateRoleInput{ID: nobody, Name: "Other"}))
		w.fails(account.ErrRoleBuiltIn)(w.Accounts.UpdateRole(w.Context(), account.UpdateRoleInput{ID: account.RoleOwner, Name: "Other"}))
		w.fails(fault.ErrDenied)(w.Accounts.DeleteRole(few, account.IDInput{ID: r.ID}))
		w.ok(w.Accounts.CreateStaff(w.Context(), w.hiring(r.ID)))
		w.fails(account.ErrRoleInUse)(w.Accounts.DeleteRole(w.Context(), account.IDInput{ID: r.ID}))
		w.fails(account.ErrRoleNotFound)(w.Accounts.DeleteRole(w.Context(), account.IDInput{ID: nobody}))
		w.fails(account.ErrRoleBuiltIn)(w.Accounts.DeleteRole(w.Context(), account.IDInput{ID: account.RoleOwner}))
		w.ok(w.Accounts.DeleteRole(w.Context(), account.IDInput{ID: w.role("orders:read").ID}))
	}},
	{"account.create_staff, staff_member and staff", func(w *world) {
		r := w.role("orders:read")
		in := w.hiring(r.ID)
		u := got(w.Accounts.CreateStaff(w.Context(), in))(w)
		w.fails(account.ErrEmailTaken)(w.Accounts.CreateStaff(w.Context(), in))
		w.fails(fault.ErrDenied)(w.Accounts.CreateStaff(shoptest.Staff(w.Context(), "staff:write"), w.hiring(r.ID)))
		w.fails(account.ErrNoSignIn)(w.bare.CreateStaff(w.Context(), w.hiring(r.ID)))
		in = w.hiring(r.ID)
		in.Password = weak
		w.fails(account.ErrWeakPassword)(w.Accounts.CreateStaff(w.Context(), in))
		w.ok(w.Accounts.StaffMember(w.Context(), account.IDInput{ID: u.ID}))
		w.fails(account.ErrUserNotFound)(w.Accounts.StaffMember(w.Context(), account.IDInput{ID: nobody}))
		if all := got(w.Accounts.Staff(w.Context(), account.StaffInput{Q: u.Email}))(w); len(all.Items) != 1 || all.Items[0].ID != u.ID {
			w.Errorf("the staff is %+v, want %s", all.Items, u.ID)
		}
	}},
	{"account.update_staff", func(w *world) {
		u := w.hired("orders:read")
		in := account.UpdateStaffInput{ID: u.ID, Name: op.Some("Grace")}
		w.ok(w.Accounts.UpdateStaff(w.Context(), in))
		w.fails(fault.ErrDenied)(w.Accounts.UpdateStaff(shoptest.Staff(w.Context(), "staff:write"), in))
		in.ID = nobody
		w.fails(account.ErrUserNotFound)(w.Accounts.UpdateStaff(w.Context(), in))
		w.ok(w.Accounts.CreateStaff(w.Context(), w.hiring(account.RoleOwner)))
		all := got(w.Accounts.Staff(w.Context(), account.StaffInput{Q: ours, Query: most}))(w)
		var errs []error
		for _, o := range all.Items { // one of them stays
			if slices.Contains(o.Roles, account.RoleOwner) && !o.Disabled {
				_, err := w.Accounts.UpdateStaff(w.Context(), account.UpdateStaffInput{ID: o.ID, Disabled: op.Some(true)})
				errs = append(errs, err)
			}
		}
		if !anyIs(errs, account.ErrLastOwner) {
			w.Errorf("every owner could be disabled: %v", errs)
		}
	}},
}
