package account

import "github.com/mercer-commerce/mercer/commerce/event"

// Events. A payload type is frozen once released: add fields, or add a V2. They
// carry neither addresses nor codes: who writes the mail asks for the Challenge.
var (
	Registered             = event.Define[RegisteredV1]("account.registered", 1)
	EmailVerified          = event.Define[EmailVerifiedV1]("account.email_verified", 1)
	PasswordResetRequested = event.Define[PasswordResetRequestedV1]("account.password_reset_requested", 1)
	PasswordChanged        = event.Define[PasswordChangedV1]("account.password_changed", 1)
	EmailChangeRequested   = event.Define[EmailChangeRequestedV1]("account.email_change_requested", 1)
	SuspiciousRefresh      = event.Define[SuspiciousRefreshV1]("account.suspicious_refresh", 1)
)

// RegisteredV1 says that somebody has registered.
type RegisteredV1 struct {
	User      string `json:"user"`
	Challenge string `json:"challenge"`
	Locale    string `json:"locale,omitempty"`
	Known     bool   `json:"known,omitempty"` // the account was there before: this is no new one
}

// EmailVerifiedV1 says that an address is proven to be the user's.
type EmailVerifiedV1 struct {
	User    string `json:"user"`
	Kind    Kind   `json:"kind"`
	Changed bool   `json:"changed,omitempty"` // it replaces another one
}

// PasswordResetRequestedV1 says that somebody asked for another password.
type PasswordResetRequestedV1 struct {
	User      string `json:"user"`
	Challenge string `json:"challenge"`
	Locale    string `json:"locale,omitempty"`
}

// PasswordChangedV1 says that a password is another now.
type PasswordChangedV1 struct {
	User      string `json:"user"`
	Challenge string `json:"challenge"`
	Locale    string `json:"locale,omitempty"`
}

// EmailChangeRequestedV1 says that somebody wants another address.
type EmailChangeRequestedV1 struct {
	User      string `json:"user"`
	Challenge string `json:"challenge"`
	Locale    string `json:"locale,omitempty"`
}

// SuspiciousRefreshV1 says that a refresh token came back after its use: one of
// two who have it is not the user. The session was ended.
type SuspiciousRefreshV1 struct {
	User      string `json:"user"`
	Session   string `json:"session"`
	Challenge string `json:"challenge"`
	Locale    string `json:"locale,omitempty"`
}
