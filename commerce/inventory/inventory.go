// Package inventory keeps how many of each variant lie where, and for whom.
//
// on_hand is what lies on the shelf and falls with shipment, never with
// payment. A reservation is held for a pending order, allocated for a confirmed
// one, then shipped, or released. reserved counts held and allocated.
package inventory

import "time"

// Level is the stock of one variant at one location. 0 ≤ Reserved ≤ OnHand +
// Backorder always, for a tracked one.
type Level struct {
	VariantID  string    `json:"variant_id"`
	LocationID string    `json:"location_id"`
	OnHand     int64     `json:"on_hand"`
	Reserved   int64     `json:"reserved"`
	Tracked    bool      `json:"tracked"`   // false: always for sale, OnHand is kept but neither enforced nor moved
	Backorder  int64     `json:"backorder"` // how many may be promised beyond OnHand
	Version    int64     `json:"version"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Available is how many can be promised now, at least 0.
func (l Level) Available() int64 { return max(0, l.OnHand+l.Backorder-l.Reserved) }

// Unlimited is the Backorder of a variant that is sold whether there is stock
// or not.
const Unlimited = 1_000_000_000

// Status says in a word whether a variant can be bought.
type Status string

// The words.
const (
	InStock   Status = "in_stock"
	Low       Status = "low" // 5 or fewer
	Out       Status = "out"
	Backorder Status = "backorder"
)

// Availability is what a shop knows of one variant over all locations. A
// variant without any level is untracked.
type Availability struct {
	VariantID string `json:"variant_id"`
	Status    Status `json:"status"`
	Tracked   bool   `json:"tracked"`
	Backorder bool   `json:"backorder"`
	Quantity  int64  `json:"quantity"` // available without back-orders
	Limit     int64  `json:"limit"`    // the most that one order can take now; Unlimited when untracked
}

// Hold is where a reservation is in its life.
type Hold string

// The states of a reservation.
const (
	Held      Hold = "held"
	Allocated Hold = "allocated"
	Shipped   Hold = "shipped"
	Released  Hold = "released"
)

// Reservation is a quantity of a variant at a location, kept for an order.
type Reservation struct {
	OrderID    string    `json:"order_id"`
	VariantID  string    `json:"variant_id"`
	LocationID string    `json:"location_id"`
	Quantity   int64     `json:"quantity"` // still kept; shipped units are subtracted
	Shipped    int64     `json:"shipped"`
	State      Hold      `json:"state"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
}

// Movement is one change of OnHand. Movements are only ever added; their sum is
// OnHand. (reason, cause, variant, location) is unique, so a cause moves once.
type Movement struct {
	ID         string    `json:"id"`
	VariantID  string    `json:"variant_id"`
	LocationID string    `json:"location_id"`
	Delta      int64     `json:"delta"`
	OnHand     int64     `json:"on_hand"` // after it
	Reason     string    `json:"reason"`  // received, adjusted, counted, shipped, unshipped, restocked, imported
	CauseID    string    `json:"cause_id"`
	Actor      string    `json:"actor"`
	At         time.Time `json:"at"`
}

// Location is a place where stock lies.
type Location struct {
	ID       string `json:"id" path:"id" minLength:"1" maxLength:"64" pattern:"^[a-zA-Z0-9_.-]+$"`
	Name     string `json:"name" minLength:"1" maxLength:"200"`
	Priority int    `json:"priority" minimum:"-1000000" maximum:"1000000"` // low goes first
}

// Main is the location that every shop has, saved or not.
const Main = "main"
