package account

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	ErrKeyNotFound  = fault.New(fault.NotFound, "account.key_not_found", "no such key")
	ErrScopeUnknown = fault.New(fault.Invalid, "account.scope_unknown", "there is no such scope") // Meta: scopes
	ErrKeyTaken     = fault.New(fault.Conflict, "account.key_taken", "there is a key with this id")

	ErrUserNotFound = fault.New(fault.NotFound, "account.user_not_found", "no such person")
	ErrUserStale    = fault.New(fault.Stale, "account.version_mismatch", "somebody else has changed this person")
	ErrEmailTaken   = fault.New(fault.Conflict, "account.email_taken", "another account has this address")

	ErrBadCredentials    = fault.New(fault.Unauthenticated, "account.bad_credentials", "the address or the password is not right")
	ErrSignedOut         = fault.New(fault.Unauthenticated, "account.signed_out", "this sign-in has ended, sign in again")
	ErrTooManyAttempts   = fault.New(fault.Throttled, "account.too_many_attempts", "too many attempts; wait, or ask for a new password")
	ErrWrongPassword     = fault.New(fault.Refused, "account.wrong_password", "this is not the password until now")
	ErrWeakPassword      = fault.New(fault.Invalid, "account.weak_password", "this password is too easy to guess") // Meta: reason
	ErrCodeInvalid       = fault.New(fault.Refused, "account.code_invalid", "this code was used, has expired or never was")
	ErrSessionNotFound   = fault.New(fault.NotFound, "account.session_not_found", "no such session")
	ErrChallengeNotFound = fault.New(fault.NotFound, "account.challenge_not_found", "there is nothing to tell any more")
	ErrAddressNotFound   = fault.New(fault.NotFound, "account.address_not_found", "no such address")
	ErrBookFull          = fault.New(fault.Refused, "account.too_many_addresses", "no more addresses can be kept") // Meta: limit
	ErrGroupNotFound     = fault.New(fault.NotFound, "account.group_not_found", "no such group")
	ErrGroupTaken        = fault.New(fault.Conflict, "account.group_taken", "another group has this code")
	ErrGroupInUse        = fault.New(fault.Refused, "account.group_in_use", "there are customers in this group")
	ErrRoleNotFound      = fault.New(fault.NotFound, "account.role_not_found", "no such role")
	ErrRoleBuiltIn       = fault.New(fault.Refused, "account.role_built_in", "this role is built in and stays as it is")
	ErrRoleInUse         = fault.New(fault.Refused, "account.role_in_use", "there are members of the staff with this role")
	ErrLastOwner         = fault.New(fault.Refused, "account.last_owner", "nobody would be left who may do everything")

	ErrNoSignIn = fault.New(fault.Unavailable, "account.no_sign_in", "nobody can sign in to this shop")
)
