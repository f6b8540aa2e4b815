package account

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrKeyNotFound  = fault.New(fault.NotFound, "account.key_not_found", "no such key")
	ErrScopeUnknown = fault.New(fault.Invalid, "account.scope_unknown", "there is no such scope") // Meta: scopes
	ErrKeyTaken     = fault.New(fault.Conflict, "account.key_taken", "there is a key with this id")
)
