package inventory

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Register makes r serve the operations of s.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpAvailability, s.Availability)
	op.Handle(r, OpReserve, s.Reserve)
	op.Handle(r, OpAllocate, s.Allocate)
	op.Handle(r, OpRelease, s.Release)
	op.Handle(r, OpShip, s.Ship)
	op.Handle(r, OpUnship, s.Unship)
	op.Handle(r, OpAdjust, s.Adjust)
	op.Handle(r, OpSetLevel, s.SetLevel)
	op.Handle(r, OpPutLevels, s.PutLevels)
	op.Handle(r, OpLevels, s.Levels)
	op.Handle(r, OpMovements, s.Movements)
	op.Handle(r, OpReservations, s.Reservations)
	op.Handle(r, OpLocations, s.Locations)
	op.Handle(r, OpPutLocation, s.PutLocation)
}

// Client is an inventory elsewhere, reached through its Caller.
type Client struct{ op.Caller }

var _ Service = Client{}

// Availability implements Service.
func (c Client) Availability(ctx context.Context, in AvailabilityInput) (AvailabilityOutput, error) {
	return op.Call(ctx, c.Caller, OpAvailability, in)
}

// Reserve implements Service.
func (c Client) Reserve(ctx context.Context, in ReserveInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpReserve, in)
}

// Allocate implements Service.
func (c Client) Allocate(ctx context.Context, in OrderInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpAllocate, in)
}

// Release implements Service.
func (c Client) Release(ctx context.Context, in OrderInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpRelease, in)
}

// Ship implements Service.
func (c Client) Ship(ctx context.Context, in ShipInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpShip, in)
}

// Unship implements Service.
func (c Client) Unship(ctx context.Context, in ShipInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpUnship, in)
}

// Adjust implements Service.
func (c Client) Adjust(ctx context.Context, in AdjustInput) (Level, error) {
	return op.Call(ctx, c.Caller, OpAdjust, in)
}

// SetLevel implements Service.
func (c Client) SetLevel(ctx context.Context, in SetLevelInput) (Level, error) {
	return op.Call(ctx, c.Caller, OpSetLevel, in)
}

// PutLevels implements Service.
func (c Client) PutLevels(ctx context.Context, in PutLevelsInput) (PutLevelsOutput, error) {
	return op.Call(ctx, c.Caller, OpPutLevels, in)
}

// Levels implements Service.
func (c Client) Levels(ctx context.Context, in LevelsInput) (page.Page[Level], error) {
	return op.Call(ctx, c.Caller, OpLevels, in)
}

// Movements implements Service.
func (c Client) Movements(ctx context.Context, in MovementsInput) (page.Page[Movement], error) {
	return op.Call(ctx, c.Caller, OpMovements, in)
}

// Reservations implements Service.
func (c Client) Reservations(ctx context.Context, in OrderInput) (ReservationsOutput, error) {
	return op.Call(ctx, c.Caller, OpReservations, in)
}

// Locations implements Service.
func (c Client) Locations(ctx context.Context, in op.Nothing) (LocationsOutput, error) {
	return op.Call(ctx, c.Caller, OpLocations, in)
}

// PutLocation implements Service.
func (c Client) PutLocation(ctx context.Context, in Location) (Location, error) {
	return op.Call(ctx, c.Caller, OpPutLocation, in)
}
