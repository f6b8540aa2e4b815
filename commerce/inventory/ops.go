package inventory

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is the inventory as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Availability(ctx context.Context, in AvailabilityInput) (AvailabilityOutput, error)
	Reserve(ctx context.Context, in ReserveInput) (op.Nothing, error)
	Allocate(ctx context.Context, in OrderInput) (op.Nothing, error)
	Release(ctx context.Context, in OrderInput) (op.Nothing, error)
	Ship(ctx context.Context, in ShipInput) (op.Nothing, error)
	Unship(ctx context.Context, in ShipInput) (op.Nothing, error)

	Adjust(ctx context.Context, in AdjustInput) (Level, error)
	SetLevel(ctx context.Context, in SetLevelInput) (Level, error)
	PutLevels(ctx context.Context, in PutLevelsInput) (PutLevelsOutput, error)
	Levels(ctx context.Context, in LevelsInput) (page.Page[Level], error)
	Movements(ctx context.Context, in MovementsInput) (page.Page[Movement], error)
	Reservations(ctx context.Context, in OrderInput) (ReservationsOutput, error)
	Locations(ctx context.Context, in op.Nothing) (LocationsOutput, error)
	PutLocation(ctx context.Context, in Location) (Location, error)
}

// The operations, as transports know them.
var (
	OpAvailability = op.Op[AvailabilityInput, AvailabilityOutput]{Name: "inventory.availability", Kind: op.Query, Access: op.Inside,
		Doc: "What can be bought of some variants, one answer for each."}
	OpReserve = op.Op[ReserveInput, op.Nothing]{Name: "inventory.reserve", Access: op.Inside,
		Doc: "Keeps stock for an order, all of it or nothing, once.", Fails: []*fault.Error{ErrInsufficient, once.ErrUndone}}
	OpAllocate = op.Op[OrderInput, op.Nothing]{Name: "inventory.allocate", Access: op.Inside,
		Doc: "Turns what is held for an order into allocated, once.", Fails: []*fault.Error{ErrReleased}}
	OpRelease = op.Op[OrderInput, op.Nothing]{Name: "inventory.release", Access: op.Inside,
		Doc: "Gives back what is kept for an order and keeps a late Reserve out."}
	OpShip = op.Op[ShipInput, op.Nothing]{Name: "inventory.ship", Access: op.Inside,
		Doc: "Takes allocated units from the shelf, once for each cause.", Fails: []*fault.Error{ErrNotAllocated, ErrCounted, once.ErrUndone}}
	OpUnship = op.Op[ShipInput, op.Nothing]{Name: "inventory.unship", Access: op.Inside,
		Doc: "Undoes Ship with the same cause."}

	OpAdjust = op.Op[AdjustInput, Level]{Name: "inventory.adjust", Access: "stock:write",
		Doc: "Adds to what lies on a shelf, or takes from it.", Fails: []*fault.Error{ErrBelowReserved, ErrLocationNotFound}}
	OpSetLevel = op.Op[SetLevelInput, Level]{Name: "inventory.set_level", Access: "stock:write",
		Doc: "Says how many lie on a shelf, and turns tracking on.", Fails: []*fault.Error{ErrBelowReserved, ErrLevelChanged, ErrLocationNotFound}}
	OpPutLevels = op.Op[PutLevelsInput, PutLevelsOutput]{Name: "inventory.put_levels", Access: "stock:write",
		Doc: "Writes the stock and the policy of many variants. What does not change is not written."}
	OpLevels = op.Op[LevelsInput, page.Page[Level]]{Name: "inventory.levels", Kind: op.Query, Access: "stock:read",
		Doc: "Stock by variant and location."}
	OpMovements = op.Op[MovementsInput, page.Page[Movement]]{Name: "inventory.movements", Kind: op.Query, Access: "stock:read",
		Doc: "What moved, newest first."}
	OpReservations = op.Op[OrderInput, ReservationsOutput]{Name: "inventory.reservations", Kind: op.Query, Access: "stock:read",
		Doc: "What is or was kept for an order."}
	OpLocations = op.Op[op.Nothing, LocationsOutput]{Name: "inventory.locations", Kind: op.Query, Access: "stock:read",
		Doc: "The locations, first those that ship first."}
	OpPutLocation = op.Op[Location, Location]{Name: "inventory.put_location", Access: "stock:write",
		Doc: "Makes or changes a location."}
)

// AvailabilityInput names variants.
type AvailabilityInput struct {
	VariantIDs []string `json:"variant_ids" maxItems:"2000"`
}

// AvailabilityOutput has one item for each id asked for, in that order.
type AvailabilityOutput struct {
	Items []Availability `json:"items"`
}

// Quantity is a number of units of a variant.
type Quantity struct {
	VariantID string `json:"variant_id" minLength:"1" maxLength:"64"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000000"`
}

// ReserveInput asks for stock. Items of one variant are summed.
type ReserveInput struct {
	OrderID   string     `json:"order_id" minLength:"1" maxLength:"64"`
	Items     []Quantity `json:"items" maxItems:"2000"`
	ExpiresAt time.Time  `json:"expires_at,omitzero" doc:"When the checkout gives up. Release does not happen by itself."`
	Allocated bool       `json:"allocated,omitempty" doc:"The order is confirmed already: allocated from the start."`
}

// OrderInput names the order that stock is kept for.
type OrderInput struct {
	OrderID string `json:"order_id" path:"id" minLength:"1" maxLength:"64"`
}

// ShipInput takes units from the shelf. CauseID is the fulfillment.
type ShipInput struct {
	OrderID string     `json:"order_id" minLength:"1" maxLength:"64"`
	CauseID string     `json:"cause_id" minLength:"1" maxLength:"64"`
	Items   []Quantity `json:"items" minItems:"1" maxItems:"2000"`
}

// AdjustInput changes a level by Delta. The same CauseID counts once; it
// defaults to the request's idempotency key, or to a new one.
type AdjustInput struct {
	VariantID  string `json:"variant_id" minLength:"1" maxLength:"64"`
	LocationID string `json:"location_id,omitempty" maxLength:"64" doc:"main when absent"`
	Delta      int64  `json:"delta" minimum:"-1000000000" maximum:"1000000000"`
	Reason     string `json:"reason" minLength:"1" maxLength:"64" pattern:"^[a-z_]+$"`
	CauseID    string `json:"cause_id,omitempty" maxLength:"100"`
}

// SetLevelInput sets a level.
type SetLevelInput struct {
	VariantID      string `json:"variant_id" minLength:"1" maxLength:"64"`
	LocationID     string `json:"location_id,omitempty" maxLength:"64" doc:"main when absent"`
	OnHand         int64  `json:"on_hand" minimum:"0" maximum:"1000000000"`
	ExpectedOnHand *int64 `json:"expected_on_hand,omitempty" minimum:"0" doc:"Refuse when there are more or fewer now."`
	CauseID        string `json:"cause_id,omitempty" maxLength:"100"`
}

// LevelFields are the stock and the policy of one variant at one location.
type LevelFields struct {
	VariantID  string `json:"variant_id" minLength:"1" maxLength:"64"`
	LocationID string `json:"location_id,omitempty" maxLength:"64" doc:"main when absent"`
	OnHand     *int64 `json:"on_hand,omitempty" minimum:"0" maximum:"1000000000" doc:"Absent: stays, 0 when new."`
	Tracked    bool   `json:"tracked"`
	Backorder  int64  `json:"backorder" minimum:"0" maximum:"1000000000"`
}

// PutLevelsInput are levels to write, at most 500 a call.
type PutLevelsInput struct {
	Levels  []LevelFields `json:"levels" minItems:"1" maxItems:"500"`
	CauseID string        `json:"cause_id" minLength:"1" maxLength:"100"`
	Reason  string        `json:"reason,omitempty" maxLength:"64" pattern:"^[a-z_]+$" doc:"imported when absent"`
	DryRun  bool          `json:"dry_run,omitempty"`
}

// PutLevelsOutput has a result for each level, in order.
type PutLevelsOutput struct {
	Results []PutLevel `json:"results"`
}

// PutLevel says what became of one level.
type PutLevel struct {
	Outcome string       `json:"outcome" enum:"created,updated,unchanged,failed"`
	Before  *Level       `json:"before,omitempty"`
	Error   *fault.Error `json:"error,omitempty"`
}

// LevelsInput asks for a page of levels.
type LevelsInput struct {
	page.Query
	VariantIDs []string `json:"variant_ids,omitempty" query:"variant_id" maxItems:"500"`
	LocationID string   `json:"location_id,omitempty" query:"location_id" maxLength:"64"`
}

// MovementsInput asks for a page of movements.
type MovementsInput struct {
	page.Query
	VariantID string `json:"variant_id,omitempty" query:"variant_id" maxLength:"64"`
	CauseID   string `json:"cause_id,omitempty" query:"cause_id" maxLength:"100"`
}

// ReservationsOutput is what is or was kept for an order.
type ReservationsOutput struct {
	Items []Reservation `json:"items"`
}

// LocationsOutput are the locations.
type LocationsOutput struct {
	Items []Location `json:"items"`
}
