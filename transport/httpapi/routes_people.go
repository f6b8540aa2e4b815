package httpapi

// profiles is what the shop knows about customers and staff.
var profiles = []Route{
	{Op: "account.update_me", Pattern: "PATCH /v1/me"},
	{Op: "account.addresses", Pattern: "GET /v1/me/addresses"},
	{Op: "account.create_address", Pattern: "POST /v1/me/addresses", Status: made, Location: "/v1/me/addresses/{id}"},
	{Op: "account.address", Pattern: "GET /v1/me/addresses/{id}"},
	{Op: "account.update_address", Pattern: "PATCH /v1/me/addresses/{id}"},
	{Op: "account.delete_address", Pattern: "DELETE /v1/me/addresses/{id}", Status: gone},

	{Op: "account.customers", Pattern: "GET /v1/admin/customers"},
	{Op: "account.customer", Pattern: "GET /v1/admin/customers/{id}"},
	{Op: "account.update_customer", Pattern: "PATCH /v1/admin/customers/{id}"},
	{Op: "account.groups", Pattern: "GET /v1/admin/customer-groups"},
	{Op: "account.create_group", Pattern: "POST /v1/admin/customer-groups", Status: made, Location: "/v1/admin/customer-groups/{id}", KeyRequired: true},
	{Op: "account.group", Pattern: "GET /v1/admin/customer-groups/{id}"},
	{Op: "account.update_group", Pattern: "PATCH /v1/admin/customer-groups/{id}"},
	{Op: "account.delete_group", Pattern: "DELETE /v1/admin/customer-groups/{id}", Status: gone},

	{Op: "account.staff", Pattern: "GET /v1/admin/staff"},
	{Op: "account.create_staff", Pattern: "POST /v1/admin/staff", Status: made, Location: "/v1/admin/staff/{id}", KeyRequired: true},
	{Op: "account.staff_member", Pattern: "GET /v1/admin/staff/{id}"},
	{Op: "account.update_staff", Pattern: "PATCH /v1/admin/staff/{id}"},
	{Op: "account.roles", Pattern: "GET /v1/admin/roles"},
	{Op: "account.create_role", Pattern: "POST /v1/admin/roles", Status: made, Location: "/v1/admin/roles/{id}", KeyRequired: true},
	{Op: "account.role", Pattern: "GET /v1/admin/roles/{id}"},
	{Op: "account.update_role", Pattern: "PATCH /v1/admin/roles/{id}"},
	{Op: "account.delete_role", Pattern: "DELETE /v1/admin/roles/{id}", Status: gone},
}
