package inventory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
)

func TestInvalid(t *testing.T) {
	f := setup(t)
	for name, call := range map[string]func() error{
		"reserve nothing of a variant": func() error { return f.reserve("o", "v", 0) },
		"reserve fewer than none":      func() error { return f.reserve("o", "v", -1) },
		"reserve for nobody":           func() error { return f.reserve("", "v", 1) },
		"ship nothing":                 func() error { return f.ship("o", "f") },
		"ship without a cause":         func() error { return f.ship("o", "", "v", 1) },
		"adjust by nothing": func() error {
			_, err := f.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", Reason: "received"})
			return err
		},
		"adjust as if shipped": func() error {
			_, err := f.Adjust(t.Context(), inventory.AdjustInput{VariantID: "v", Delta: 1, Reason: "shipped"})
			return err
		},
		"set below zero": func() error {
			_, err := f.Engine.SetLevel(t.Context(), inventory.SetLevelInput{VariantID: "v", OnHand: -1})
			return err
		},
		"put nothing": func() error {
			_, err := f.Engine.PutLevels(t.Context(), inventory.PutLevelsInput{CauseID: "c"})
			return err
		},
		"location without name": func() error {
			_, err := f.PutLocation(t.Context(), inventory.Location{ID: "x"})
			return err
		},
	} {
		if err := call(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	p, err := f.Levels(t.Context(), inventory.LevelsInput{})
	if err != nil || len(p.Items) != 0 {
		t.Errorf("levels = %+v, %v; want none", p.Items, err)
	}
}

func TestPermissions(t *testing.T) {
	f := setup(t)
	f.put("v", 10, 0, true)
	one := []inventory.LevelFields{{VariantID: "v", Tracked: true}}
	order := inventory.OrderInput{OrderID: "o"}
	calls := map[string]func(ctx context.Context) error{
		"inside availability": func(ctx context.Context) error {
			_, err := f.Engine.Availability(ctx, inventory.AvailabilityInput{})
			return err
		},
		"inside reserve": func(ctx context.Context) error {
			_, err := f.Engine.Reserve(ctx, inventory.ReserveInput{OrderID: "o"})
			return err
		},
		"inside allocate": func(ctx context.Context) error { _, err := f.Engine.Allocate(ctx, order); return err },
		"inside ship": func(ctx context.Context) error {
			_, err := f.Engine.Ship(ctx, inventory.ShipInput{OrderID: "o", CauseID: "f", Items: items("w", 1)})
			return err
		},
		"inside unship": func(ctx context.Context) error {
			_, err := f.Engine.Unship(ctx, inventory.ShipInput{OrderID: "o", CauseID: "g", Items: items("w", 1)})
			return err
		},
		"inside release": func(ctx context.Context) error {
			_, err := f.Engine.Release(ctx, inventory.OrderInput{OrderID: "p"})
			return err
		},
		"stock:write adjust": func(ctx context.Context) error {
			_, err := f.Adjust(ctx, inventory.AdjustInput{VariantID: "v", Delta: 1, Reason: "received"})
			return err
		},
		"stock:write set": func(ctx context.Context) error {
			_, err := f.Engine.SetLevel(ctx, inventory.SetLevelInput{VariantID: "v", OnHand: 1})
			return err
		},
		"stock:write put": func(ctx context.Context) error {
			_, err := f.Engine.PutLevels(ctx, inventory.PutLevelsInput{CauseID: "c", Levels: one})
			return err
		},
		"stock:write location": func(ctx context.Context) error {
			_, err := f.PutLocation(ctx, inventory.Location{ID: "x", Name: "x"})
			return err
		},
		"stock:read levels": func(ctx context.Context) error { _, err := f.Levels(ctx, inventory.LevelsInput{}); return err },
		"stock:read movements": func(ctx context.Context) error {
			_, err := f.Movements(ctx, inventory.MovementsInput{})
			return err
		},
		"stock:read reservations": func(ctx context.Context) error { _, err := f.Reservations(ctx, order); return err },
		"stock:read locations":    func(ctx context.Context) error { _, err := f.Engine.Locations(ctx, op.Nothing{}); return err },
	}
	actors := map[string]ident.Actor{
		"guest": {Kind: ident.Guest}, "customer": {Kind: ident.Customer, ID: "cus_1"}, "staff without": {Kind: ident.Staff, ID: "key_1", Scopes: []string{"orders:*"}},
		"stock:read": {Kind: ident.Staff, ID: "key_2", Scopes: []string{"stock:read"}}, "stock:write": {Kind: ident.Staff, ID: "key_3", Scopes: []string{"stock:write"}},
		"service": {Kind: ident.Service, ID: "checkout"},
	}
	for name, call := range calls {
		access, _, _ := strings.Cut(name, " ")
		for who, actor := range actors {
			err := call(ident.With(t.Context(), actor))
			allowed := who == "service" || who == access
			denied := errors.Is(err, fault.ErrDenied) || errors.Is(err, fault.ErrUnauthenticated)
			if allowed && err != nil || !allowed && !denied {
				t.Errorf("%s as %s: %v", name, who, err)
			}
		}
	}
}
