package inventory

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/page"
)

// Availability says what can be bought of some variants: one answer for each
// id, in the order of the ids, from one read.
func (e *Engine) Availability(ctx context.Context, in AvailabilityInput) (AvailabilityOutput, error) {
	if err := OpAvailability.Admit(ctx, in); err != nil {
		return AvailabilityOutput{}, err
	}
	levels, err := e.store.Stock(ctx, in.VariantIDs)
	if err != nil {
		return AvailabilityOutput{}, err
	}
	of := byVariant(levels)
	out := AvailabilityOutput{Items: make([]Availability, len(in.VariantIDs))}
	for i, id := range in.VariantIDs {
		out.Items[i] = summarize(id, of[id])
	}
	return out, nil
}

// Levels returns a page of levels, by variant and location.
func (e *Engine) Levels(ctx context.Context, in LevelsInput) (page.Page[Level], error) {
	var none page.Page[Level]
	if err := OpLevels.Admit(ctx, in); err != nil {
		return none, err
	}
	f := LevelFilter{VariantIDs: in.VariantIDs, LocationID: in.LocationID, Limit: in.Size() + 1}
	if _, err := page.Decode(in.Cursor, &f.After); err != nil {
		return none, err
	}
	levels, err := e.store.Levels(ctx, f)
	if err != nil {
		return none, err
	}
	return page.Of(levels, in.Size(), func(l Level) any { return l.key() }), nil
}

// Movements returns a page of movements, newest first.
func (e *Engine) Movements(ctx context.Context, in MovementsInput) (page.Page[Movement], error) {
	var none page.Page[Movement]
	if err := OpMovements.Admit(ctx, in); err != nil {
		return none, err
	}
	f := MovementFilter{VariantID: in.VariantID, CauseID: in.CauseID, Limit: in.Size() + 1}
	if _, err := page.Decode(in.Cursor, &f.Before); err != nil {
		return none, err
	}
	ms, err := e.store.Movements(ctx, f)
	if err != nil {
		return none, err
	}
	return page.Of(ms, in.Size(), func(m Movement) any { return MovementKey{m.At, m.ID} }), nil
}

// Reservations returns what is or was kept for an order.
func (e *Engine) Reservations(ctx context.Context, in OrderInput) (ReservationsOutput, error) {
	if err := OpReservations.Admit(ctx, in); err != nil {
		return ReservationsOutput{}, err
	}
	rows, err := e.store.Reservations(ctx, in.OrderID)
	if rows == nil {
		rows = []Reservation{}
	}
	return ReservationsOutput{Items: rows}, err
}
