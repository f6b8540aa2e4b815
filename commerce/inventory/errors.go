package inventory

import "github.com/mercer-commerce/mercer/commerce/fault"

// Errors that callers act on.
var (
	// ErrInsufficient has Meta Short; with several short variants, one item
	// in Errors for each. ErrNotAllocated has Short too: what is allocated, or
	// lies on the shelf. ErrBelowReserved has Promised, ErrLevelChanged Counted.
	ErrInsufficient     = fault.New(fault.Refused, "inventory.insufficient_stock", "there is not enough stock")
	ErrReleased         = fault.New(fault.Refused, "inventory.released", "the stock was given back")
	ErrNotAllocated     = fault.New(fault.Refused, "inventory.not_allocated", "these units are not allocated to the order")
	ErrBelowReserved    = fault.New(fault.Refused, "inventory.below_reserved", "more than that is promised to orders")
	ErrLevelChanged     = fault.New(fault.Conflict, "inventory.level_changed", "the stock has changed meanwhile")
	ErrCounted          = fault.New(fault.Conflict, "inventory.cause_used", "this cause has moved this stock already")
	ErrLocationNotFound = fault.New(fault.NotFound, "inventory.location_not_found", "no such location")
)

// Short is the meta of ErrInsufficient and ErrNotAllocated.
type Short struct {
	VariantID string `json:"variant_id"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// Promised is the meta of ErrBelowReserved: the level as it is.
type Promised struct {
	OnHand   int64 `json:"on_hand"`
	Reserved int64 `json:"reserved"`
}

// Counted is the meta of ErrLevelChanged: how many there are now.
type Counted struct {
	OnHand int64 `json:"on_hand"`
}
