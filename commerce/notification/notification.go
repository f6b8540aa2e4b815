// Package notification writes to people: it turns events into mails, one for
// each event, kind and recipient, and sends them through a Mailer until they
// are out or will never be.
//
// What people get wrong: a mail cannot be sent exactly once. When the process
// dies between the answer of the mail server and the row that notes it, the
// mail is sent again, with the same Message-ID, by which servers and programs
// know it for the same.
package notification

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/state"
)

// Kind is what a mail says. Templates have its name.
type Kind string

// The kinds.
const (
	KindWelcome           Kind = "welcome"             // with a code that verifies the address
	KindAccountExists     Kind = "account_exists"      // somebody has registered a known address again
	KindPasswordReset     Kind = "password_reset"      // with a code
	KindPasswordChanged   Kind = "password_changed"    //
	KindEmailChange       Kind = "email_change"        // to the new address, with a code
	KindEmailChangeNotice Kind = "email_change_notice" // to the old address
	KindSuspiciousSignIn  Kind = "suspicious_sign_in"  // a session was ended because its key was used twice
	KindOrderPlaced       Kind = "order_placed"        //
	KindOrderShipped      Kind = "order_shipped"       //
	KindOrderCanceled     Kind = "order_canceled"      //
	KindOrderAccess       Kind = "order_access"        // with a code that opens the order
)

// Kinds are all kinds.
var Kinds = []Kind{KindWelcome, KindAccountExists, KindPasswordReset, KindPasswordChanged, KindEmailChange, KindEmailChangeNotice,
	KindSuspiciousSignIn, KindOrderPlaced, KindOrderShipped, KindOrderCanceled, KindOrderAccess}

// Role says which of the people whom an event concerns a mail goes to.
type Role string

// The roles.
const (
	RoleCustomer Role = "customer"
	RoleNew      Role = "new_address" // of a change of address
	RoleOld      Role = "old_address"
)

// State is where a delivery stands.
type State string

// The states.
const (
	StatePending State = "pending" // waits for DueAt
	StateSending State = "sending" // somebody has it, until DueAt at the latest
	StateSent    State = "sent"    // the mail server has taken it
	StateFailed  State = "failed"  // will not be tried again by itself
	StateVoid    State = "void"    // there was nothing to say when it was to be sent
)

// States says which moves a delivery can make. A dead process leaves it
// sending: it is taken from there again.
var States = state.Table[State]{
	StatePending: {StateSending},
	StateSending: {StateSending, StatePending, StateSent, StateFailed, StateVoid},
	StateSent:    {StatePending},
	StateFailed:  {StatePending},
	StateVoid:    {StatePending},
}

// Delivery is one mail to one person, without its text: that is made anew for
// each attempt, so that no code is kept.
type Delivery struct {
	ID       string `json:"id"`       // "ntf_…", the same each time for its event, kind and role
	EventID  string `json:"event_id"` // what it tells of
	Event    string `json:"event"`    // the name of that
	About    string `json:"about"`    // the public id of the order or the account
	Kind     Kind   `json:"kind"`
	Role     Role   `json:"role"`
	Template Kind   `json:"template"` // what it says: its kind, unless the account knew better; "" until that is known
	State    State  `json:"state"`
	Attempts int    `json:"attempts"` // since RequestedAt
	Resent   int    `json:"resent"`   // how often somebody asked for it again
	// Recipient is the address, the letters A to Z in lower case, "" until it is
	// known. It is masked for who may not see customers.
	Recipient   string     `json:"recipient"`
	Locale      string     `json:"locale"`
	Error       string     `json:"error"` // of the last attempt
	CreatedAt   time.Time  `json:"created_at"`
	RequestedAt time.Time  `json:"requested_at"` // made, or asked for again
	DueAt       *time.Time `json:"due_at"`       // null when it is over
	SentAt      *time.Time `json:"sent_at"`      // the last time
	Version     int64      `json:"version"`

	// Data is the payload of the event. It stays inside.
	Data json.RawMessage `json:"-"`
}

const (
	// Lease is how long an attempt may take; then another process tries.
	Lease = 5 * time.Minute
	// Patience is how long a mail is tried.
	Patience = 72 * time.Hour
	// Kept is how long deliveries that are over can be looked up.
	Kept = 90 * 24 * time.Hour
)

// waits are how long a delivery waits after its first, second … attempt; the
// last one repeats.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// wait returns how long to wait after so many attempts.
func wait(attempts int) time.Duration { return waits[min(max(attempts, 1), len(waits))-1] }

// mask hides most of an address: "a…@example.com".
func mask(address string) string {
	local, host, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	for _, first := range local {
		return string(first) + "…@" + host
	}
	return "…@" + host
}
