package account

import (
	"encoding/json"
	"time"
)

// Kind is what sort of person a User is. One address may belong to a customer
// and to a member of the staff; they are two users who share nothing.
type Kind string

// The kinds.
const (
	KindCustomer Kind = "customer"
	KindStaff    Kind = "staff"
)

// Prefix returns how ids of users of k begin: "cus" or "stf".
func (k Kind) Prefix() string {
	if k == KindStaff {
		return "stf"
	}
	return "cus"
}

// User is a person with an account.
type User struct {
	ID   string `json:"id"` // "cus_…" or "stf_…"
	Kind Kind   `json:"kind"`
	// Email is the address as the person wrote it. Nobody else of this Kind has
	// one with the same NormalEmail.
	Email           string          `json:"email"`
	EmailVerifiedAt *time.Time      `json:"email_verified_at"` // of this address
	Name            string          `json:"name"`
	Phone           string          `json:"phone"`
	Locale          string          `json:"locale"`
	Groups          []string        `json:"groups"` // of customers
	Roles           []string        `json:"roles"`  // of staff
	Disabled        bool            `json:"disabled"`
	Metadata        json.RawMessage `json:"metadata"`
	Version         int64           `json:"version"` // 0 is not saved yet
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`

	// Password is what the Hasher made of the password, "" when there is none.
	// It never leaves the engine: stores keep it beside the document.
	Password string `json:"-"`
}

// VerifiedEmail returns the address of u if it is proven to be theirs, else "".
func (u User) VerifiedEmail() string {
	if u.EmailVerifiedAt == nil {
		return ""
	}
	return u.Email
}
