package account

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// People is the part of a Service about who is known to the shop.
type People interface {
	UpdateMe(ctx context.Context, in UpdateMeInput) (User, error)

	Addresses(ctx context.Context, in AddressesInput) (page.Page[SavedAddress], error)
	Address(ctx context.Context, in IDInput) (SavedAddress, error)
	CreateAddress(ctx context.Context, in CreateAddressInput) (SavedAddress, error)
	UpdateAddress(ctx context.Context, in UpdateAddressInput) (SavedAddress, error)
	DeleteAddress(ctx context.Context, in IDInput) (op.Nothing, error)

	Customers(ctx context.Context, in CustomersInput) (page.Page[User], error)
	Customer(ctx context.Context, in IDInput) (User, error)
	UpdateCustomer(ctx context.Context, in UpdateCustomerInput) (User, error)

	Groups(ctx context.Context, in GroupsInput) (page.Page[Group], error)
	Group(ctx context.Context, in IDInput) (Group, error)
	CreateGroup(ctx context.Context, in CreateGroupInput) (Group, error)
	UpdateGroup(ctx context.Context, in UpdateGroupInput) (Group, error)
	DeleteGroup(ctx context.Context, in IDInput) (op.Nothing, error)

	Staff(ctx context.Context, in StaffInput) (page.Page[User], error)
	StaffMember(ctx context.Context, in IDInput) (User, error)
	CreateStaff(ctx context.Context, in CreateStaffInput) (User, error)
	UpdateStaff(ctx context.Context, in UpdateStaffInput) (User, error)

	Roles(ctx context.Context, in RolesInput) (page.Page[Role], error)
	Role(ctx context.Context, in IDInput) (Role, error)
	CreateRole(ctx context.Context, in CreateRoleInput) (Role, error)
	UpdateRole(ctx context.Context, in UpdateRoleInput) (Role, error)
	DeleteRole(ctx context.Context, in IDInput) (op.Nothing, error)
}

// The operations about people.
var (
	OpUpdateMe = op.Op[UpdateMeInput, User]{Name: "account.update_me", Access: op.Owner,
		Doc: "Changes what the caller says about themselves.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied}}

	OpAddresses = op.Op[AddressesInput, page.Page[SavedAddress]]{Name: "account.addresses", Kind: op.Query, Access: op.Owner,
		Doc: "The addresses of the caller, oldest first.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied}}
	OpAddress = op.Op[IDInput, SavedAddress]{Name: "account.address", Kind: op.Query, Access: op.Owner,
		Doc: "An address of the caller.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrAddressNotFound}}
	OpCreateAddress = op.Op[CreateAddressInput, SavedAddress]{Name: "account.create_address", Access: op.Owner,
		Doc: "Keeps an address of the caller. The first one is the default.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrBookFull}}
	OpUpdateAddress = op.Op[UpdateAddressInput, SavedAddress]{Name: "account.update_address", Access: op.Owner,
		Doc: "Changes an address of the caller. It stops to be the default when another becomes it.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrAddressNotFound}}
	OpDeleteAddress = op.Op[IDInput, op.Nothing]{Name: "account.delete_address", Access: op.Owner,
		Doc: "Forgets an address of the caller. The oldest that is left becomes the default in its place.", Fails: []*fault.Error{fault.ErrUnauthenticated, fault.ErrDenied, ErrAddressNotFound}}

	OpCustomers = op.Op[CustomersInput, page.Page[User]]{Name: "account.customers", Kind: op.Query, Access: "customers:read",
		Doc: "The customers, newest first."}
	OpCustomer = op.Op[IDInput, User]{Name: "account.customer", Kind: op.Query, Access: "customers:read",
		Doc: "A customer.", Fails: []*fault.Error{ErrUserNotFound}}
	OpUpdateCustomer = op.Op[UpdateCustomerInput, User]{Name: "account.update_customer", Access: "customers:write",
		Doc: "Changes what the shop says about a customer. Who is disabled is signed out.", Fails: []*fault.Error{ErrUserNotFound}}

	OpGroups = op.Op[GroupsInput, page.Page[Group]]{Name: "account.groups", Kind: op.Query, Access: "customers:read",
		Doc: "The groups of customers, oldest first."}
	OpGroup = op.Op[IDInput, Group]{Name: "account.group", Kind: op.Query, Access: "customers:read",
		Doc: "A group of customers.", Fails: []*fault.Error{ErrGroupNotFound}}
	OpCreateGroup = op.Op[CreateGroupInput, Group]{Name: "account.create_group", Access: "customers:write",
		Doc: "Makes a group of customers.", Fails: []*fault.Error{ErrGroupTaken}}
	OpUpdateGroup = op.Op[UpdateGroupInput, Group]{Name: "account.update_group", Access: "customers:write",
		Doc: "Changes the name or the code of a group.", Fails: []*fault.Error{ErrGroupNotFound, ErrGroupTaken}}
	OpDeleteGroup = op.Op[IDInput, op.Nothing]{Name: "account.delete_group", Access: "customers:write",
		Doc: "Removes a group without members.", Fails: []*fault.Error{ErrGroupNotFound, ErrGroupInUse}}

	OpStaff = op.Op[StaffInput, page.Page[User]]{Name: "account.staff", Kind: op.Query, Access: "staff:read",
		Doc: "The members of the staff, newest first."}
	OpStaffMember = op.Op[IDInput, User]{Name: "account.staff_member", Kind: op.Query, Access: "staff:read",
		Doc: "A member of the staff.", Fails: []*fault.Error{ErrUserNotFound}}
	OpCreateStaff = op.Op[CreateStaffInput, User]{Name: "account.create_staff", Access: "staff:write",
		Doc: "Makes an account for a member of the staff. Nobody can give rights that they do not have.", Fails: []*fault.Error{ErrEmailTaken, ErrWeakPassword, ErrNoSignIn, fault.ErrDenied}}
	OpUpdateStaff = op.Op[UpdateStaffInput, User]{Name: "account.update_staff", Access: "staff:write",
		Doc: "Changes a member of the staff. Who is disabled or loses a role is signed out.", Fails: []*fault.Error{ErrUserNotFound, ErrLastOwner, fault.ErrDenied}}

	OpRoles = op.Op[RolesInput, page.Page[Role]]{Name: "account.roles", Kind: op.Query, Access: "staff:read",
		Doc: "The roles of the staff."}
	OpRole = op.Op[IDInput, Role]{Name: "account.role", Kind: op.Query, Access: "staff:read",
		Doc: "A role of the staff.", Fails: []*fault.Error{ErrRoleNotFound}}
	OpCreateRole = op.Op[CreateRoleInput, Role]{Name: "account.create_role", Access: "staff:write",
		Doc: "Makes a role. Nobody can give rights that they do not have.", Fails: []*fault.Error{ErrScopeUnknown, fault.ErrDenied}}
	OpUpdateRole = op.Op[UpdateRoleInput, Role]{Name: "account.update_role", Access: "staff:write",
		Doc: "Changes the name or the scopes of a role.", Fails: []*fault.Error{ErrRoleNotFound, ErrRoleBuiltIn, ErrScopeUnknown, fault.ErrDenied}}
	OpDeleteRole = op.Op[IDInput, op.Nothing]{Name: "account.delete_role", Access: "staff:write",
		Doc: "Removes a role that nobody has.", Fails: []*fault.Error{ErrRoleNotFound, ErrRoleBuiltIn, ErrRoleInUse, fault.ErrDenied}}
)

// UpdateMeInput changes a profile.
type UpdateMeInput struct {
	Name   op.Maybe[string] `json:"name,omitzero" maxLength:"200"`
	Phone  op.Maybe[string] `json:"phone,omitzero" maxLength:"50"`
	Locale op.Maybe[string] `json:"locale,omitzero" maxLength:"35" pattern:"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"`
}

// AddressesInput asks for a page of addresses.
type AddressesInput struct {
	page.Query
}

// CreateAddressInput is an address to be kept.
type CreateAddressInput struct {
	address.Address
	DefaultShipping bool `json:"default_shipping,omitempty"`
	DefaultBilling  bool `json:"default_billing,omitempty"`
}

// UpdateAddressInput changes an address.
type UpdateAddressInput struct {
	ID              string           `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Name            op.Maybe[string] `json:"name,omitzero" minLength:"1" maxLength:"200"`
	Company         op.Maybe[string] `json:"company,omitzero" maxLength:"200"`
	Line1           op.Maybe[string] `json:"line1,omitzero" minLength:"1" maxLength:"200"`
	Line2           op.Maybe[string] `json:"line2,omitzero" maxLength:"200"`
	City            op.Maybe[string] `json:"city,omitzero" minLength:"1" maxLength:"200"`
	Region          op.Maybe[string] `json:"region,omitzero" maxLength:"100"`
	PostalCode      op.Maybe[string] `json:"postal_code,omitzero" minLength:"1" maxLength:"20"`
	Country         op.Maybe[string] `json:"country,omitzero" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2"`
	Phone           op.Maybe[string] `json:"phone,omitzero" maxLength:"50"`
	DefaultShipping op.Maybe[bool]   `json:"default_shipping,omitzero"`
	DefaultBilling  op.Maybe[bool]   `json:"default_billing,omitzero"`
}

// over returns a with what in changes.
func (in UpdateAddressInput) over(a address.Address) address.Address {
	return address.Address{Name: in.Name.Or(a.Name), Company: in.Company.Or(a.Company), Line1: in.Line1.Or(a.Line1), Line2: in.Line2.Or(a.Line2), City: in.City.Or(a.City),
		Region: in.Region.Or(a.Region), PostalCode: in.PostalCode.Or(a.PostalCode), Country: in.Country.Or(a.Country), Phone: in.Phone.Or(a.Phone)}
}

// CustomersInput asks for a page of customers.
type CustomersInput struct {
	page.Query
	Q     string `json:"q,omitempty" query:"q" maxLength:"200" doc:"What the name or the address contains."`
	Email string `json:"email,omitempty" query:"email" maxLength:"254" doc:"How the address begins."`
	Group string `json:"group,omitempty" query:"group" maxLength:"64" doc:"Id of a group."`
}

// UpdateCustomerInput changes what the shop says about a customer.
type UpdateCustomerInput struct {
	ID       string             `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Name     op.Maybe[string]   `json:"name,omitzero" maxLength:"200"`
	Groups   op.Maybe[[]string] `json:"groups,omitzero" maxItems:"50" maxLength:"64" doc:"Ids."`
	Disabled op.Maybe[bool]     `json:"disabled,omitzero"`
}

// GroupsInput asks for a page of groups.
type GroupsInput struct {
	page.Query
}

// CreateGroupInput is a group to be.
type CreateGroupInput struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
	Code string `json:"code" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$"`
}

// UpdateGroupInput changes a group by what it names.
type UpdateGroupInput struct {
	ID   string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Name string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Code string `json:"code,omitempty" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$"`
}

// StaffInput asks for a page of the members of the staff.
type StaffInput struct {
	page.Query
	Q string `json:"q,omitempty" query:"q" maxLength:"200" doc:"What the name or the address contains."`
}

// CreateStaffInput is a member of the staff to be.
type CreateStaffInput struct {
	Email    string   `json:"email" format:"email" maxLength:"254"`
	Password string   `json:"password,omitempty" minLength:"8" maxLength:"128" doc:"Without one they set it with a code by mail."`
	Name     string   `json:"name,omitempty" maxLength:"200"`
	Locale   string   `json:"locale,omitempty" maxLength:"35" pattern:"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"`
	Roles    []string `json:"roles" minItems:"1" maxItems:"20" maxLength:"64" doc:"Ids."`
}

// Secretless implements what package idem asks of inputs with secrets.
func (in CreateStaffInput) Secretless() any {
	in.Password = ""
	return in
}

// UpdateStaffInput changes a member of the staff.
type UpdateStaffInput struct {
	ID       string             `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Name     op.Maybe[string]   `json:"name,omitzero" maxLength:"200"`
	Roles    op.Maybe[[]string] `json:"roles,omitzero" maxItems:"20" maxLength:"64" doc:"Ids."`
	Disabled op.Maybe[bool]     `json:"disabled,omitzero"`
}

// RolesInput asks for a page of roles.
type RolesInput struct {
	page.Query
}

// CreateRoleInput is a role to be.
type CreateRoleInput struct {
	Name   string   `json:"name" minLength:"1" maxLength:"200"`
	Scopes []string `json:"scopes" minItems:"1" maxItems:"50" maxLength:"64"`
}

// UpdateRoleInput changes a role by what it names.
type UpdateRoleInput struct {
	ID     string   `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Name   string   `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Scopes []string `json:"scopes,omitempty" minItems:"1" maxItems:"50" maxLength:"64"`
}
