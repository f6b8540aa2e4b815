package httpapi

import "net/http"

const accepted = http.StatusAccepted

// people is how customers and staff come in, and what they may do about
// themselves.
var people = []Route{
	{Op: "account.register", Pattern: "POST /v1/auth/register", Status: accepted},
	{Op: "account.verify_email", Pattern: "POST /v1/auth/verify-email"},
	{Op: "account.login", Pattern: "POST /v1/auth/login"},
	{Op: "account.refresh", Pattern: "POST /v1/auth/refresh"},
	{Op: "account.logout", Pattern: "POST /v1/auth/logout"},
	{Op: "account.logout_all", Pattern: "POST /v1/auth/logout-all"},
	{Op: "account.forgot_password", Pattern: "POST /v1/auth/password/forgot", Status: accepted},
	{Op: "account.reset_password", Pattern: "POST /v1/auth/password/reset"},
	{Op: "account.jwks", Pattern: "GET /.well-known/jwks.json"},

	{Op: "account.staff_login", Pattern: "POST /v1/admin/auth/login"},
	{Op: "account.refresh", Pattern: "POST /v1/admin/auth/refresh"},
	{Op: "account.logout", Pattern: "POST /v1/admin/auth/logout"},
	{Op: "account.logout_all", Pattern: "POST /v1/admin/auth/logout-all"},
	{Op: "account.staff_forgot_password", Pattern: "POST /v1/admin/auth/password/forgot", Status: accepted},
	{Op: "account.reset_password", Pattern: "POST /v1/admin/auth/password/reset"},

	{Op: "account.me", Pattern: "GET /v1/me"},
	{Op: "account.change_password", Pattern: "PUT /v1/me/password"},
	{Op: "account.change_email", Pattern: "POST /v1/me/email", Status: accepted},
	{Op: "account.sessions", Pattern: "GET /v1/me/sessions"},
	{Op: "account.end_session", Pattern: "DELETE /v1/me/sessions/{id}", Status: gone},
}
