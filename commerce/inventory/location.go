package inventory

import (
	"cmp"
	"context"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// locations returns the saved locations, and Main when it is not among them.
func (e *Engine) locations(ctx context.Context) ([]Location, error) {
	all, err := e.store.Locations(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(l Location) bool { return l.ID == Main }) {
		all = append(all, Location{ID: Main, Name: "Main"})
		slices.SortFunc(all, func(a, b Location) int {
			return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
		})
	}
	return all, nil
}

// Locations returns the locations, first those that ship first.
func (e *Engine) Locations(ctx context.Context, in op.Nothing) (LocationsOutput, error) {
	if err := OpLocations.Admit(ctx, in); err != nil {
		return LocationsOutput{}, err
	}
	all, err := e.locations(ctx)
	return LocationsOutput{Items: all}, err
}

// PutLocation makes or changes a location.
func (e *Engine) PutLocation(ctx context.Context, in Location) (Location, error) {
	if err := OpPutLocation.Admit(ctx, in); err != nil {
		return Location{}, err
	}
	return txn.Get(ctx, e.store.Scope(), func(ctx context.Context) (Location, error) {
		return in, e.store.SaveLocation(ctx, in)
	})
}
