package account

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func registerPeople(r op.Registrar, s People) {
	op.Handle(r, OpUpdateMe, s.UpdateMe)
	op.Handle(r, OpAddresses, s.Addresses)
	op.Handle(r, OpAddress, s.Address)
	op.Handle(r, OpCreateAddress, s.CreateAddress)
	op.Handle(r, OpUpdateAddress, s.UpdateAddress)
	op.Handle(r, OpDeleteAddress, s.DeleteAddress)
	op.Handle(r, OpCustomers, s.Customers)
	op.Handle(r, OpCustomer, s.Customer)
	op.Handle(r, OpUpdateCustomer, s.UpdateCustomer)
	op.Handle(r, OpGroups, s.Groups)
	op.Handle(r, OpGroup, s.Group)
	op.Handle(r, OpCreateGroup, s.CreateGroup)
	op.Handle(r, OpUpdateGroup, s.UpdateGroup)
	op.Handle(r, OpDeleteGroup, s.DeleteGroup)
	op.Handle(r, OpStaff, s.Staff)
	op.Handle(r, OpStaffMember, s.StaffMember)
	op.Handle(r, OpCreateStaff, s.CreateStaff)
	op.Handle(r, OpUpdateStaff, s.UpdateStaff)
	op.Handle(r, OpRoles, s.Roles)
	op.Handle(r, OpRole, s.Role)
	op.Handle(r, OpCreateRole, s.CreateRole)
	op.Handle(r, OpUpdateRole, s.UpdateRole)
	op.Handle(r, OpDeleteRole, s.DeleteRole)
}

// UpdateMe implements Service.
func (c Client) UpdateMe(ctx context.Context, in UpdateMeInput) (User, error) {
	return op.Call(ctx, c.Caller, OpUpdateMe, in)
}

// Addresses implements Service.
func (c Client) Addresses(ctx context.Context, in AddressesInput) (page.Page[SavedAddress], error) {
	return op.Call(ctx, c.Caller, OpAddresses, in)
}

// Address implements Service.
func (c Client) Address(ctx context.Context, in IDInput) (SavedAddress, error) {
	return op.Call(ctx, c.Caller, OpAddress, in)
}

// CreateAddress implements Service.
func (c Client) CreateAddress(ctx context.Context, in CreateAddressInput) (SavedAddress, error) {
	return op.Call(ctx, c.Caller, OpCreateAddress, in)
}

// UpdateAddress implements Service.
func (c Client) UpdateAddress(ctx context.Context, in UpdateAddressInput) (SavedAddress, error) {
	return op.Call(ctx, c.Caller, OpUpdateAddress, in)
}

// DeleteAddress implements Service.
func (c Client) DeleteAddress(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpDeleteAddress, in)
}

// Customers implements Service.
func (c Client) Customers(ctx context.Context, in CustomersInput) (page.Page[User], error) {
	return op.Call(ctx, c.Caller, OpCustomers, in)
}

// Customer implements Service.
func (c Client) Customer(ctx context.Context, in IDInput) (User, error) {
	return op.Call(ctx, c.Caller, OpCustomer, in)
}

// UpdateCustomer implements Service.
func (c Client) UpdateCustomer(ctx context.Context, in UpdateCustomerInput) (User, error) {
	return op.Call(ctx, c.Caller, OpUpdateCustomer, in)
}

// Groups implements Service.
func (c Client) Groups(ctx context.Context, in GroupsInput) (page.Page[Group], error) {
	return op.Call(ctx, c.Caller, OpGroups, in)
}

// Group implements Service.
func (c Client) Group(ctx context.Context, in IDInput) (Group, error) {
	return op.Call(ctx, c.Caller, OpGroup, in)
}

// CreateGroup implements Service.
func (c Client) CreateGroup(ctx context.Context, in CreateGroupInput) (Group, error) {
	return op.Call(ctx, c.Caller, OpCreateGroup, in)
}

// UpdateGroup implements Service.
func (c Client) UpdateGroup(ctx context.Context, in UpdateGroupInput) (Group, error) {
	return op.Call(ctx, c.Caller, OpUpdateGroup, in)
}

// DeleteGroup implements Service.
func (c Client) DeleteGroup(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpDeleteGroup, in)
}

// Staff implements Service.
func (c Client) Staff(ctx context.Context, in StaffInput) (page.Page[User], error) {
	return op.Call(ctx, c.Caller, OpStaff, in)
}

// StaffMember implements Service.
func (c Client) StaffMember(ctx context.Context, in IDInput) (User, error) {
	return op.Call(ctx, c.Caller, OpStaffMember, in)
}

// CreateStaff implements Service.
func (c Client) CreateStaff(ctx context.Context, in CreateStaffInput) (User, error) {
	return op.Call(ctx, c.Caller, OpCreateStaff, in)
}

// UpdateStaff implements Service.
func (c Client) UpdateStaff(ctx context.Context, in UpdateStaffInput) (User, error) {
	return op.Call(ctx, c.Caller, OpUpdateStaff, in)
}

// Roles implements Service.
func (c Client) Roles(ctx context.Context, in RolesInput) (page.Page[Role], error) {
	return op.Call(ctx, c.Caller, OpRoles, in)
}

// Role implements Service.
func (c Client) Role(ctx context.Context, in IDInput) (Role, error) {
	return op.Call(ctx, c.Caller, OpRole, in)
}

// CreateRole implements Service.
func (c Client) CreateRole(ctx context.Context, in CreateRoleInput) (Role, error) {
	return op.Call(ctx, c.Caller, OpCreateRole, in)
}

// UpdateRole implements Service.
func (c Client) UpdateRole(ctx context.Context, in UpdateRoleInput) (Role, error) {
	return op.Call(ctx, c.Caller, OpUpdateRole, in)
}

// DeleteRole implements Service.
func (c Client) DeleteRole(ctx context.Context, in IDInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpDeleteRole, in)
}
