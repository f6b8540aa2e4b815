package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
)

// spy notes the events that are recorded, and lets a rival in between reading
// and reserving.
type spy struct {
	memstore.Inventory
	events []event.Envelope
	rival  func(ctx context.Context)
}

func (s *spy) Record(ctx context.Context, evs ...event.Envelope) error {
	s.events = append(s.events, evs...)
	return s.Inventory.Record(ctx, evs...)
}

func (s *spy) Stock(ctx context.Context, ids []string) ([]inventory.Level, error) {
	levels, err := s.Inventory.Stock(ctx, ids)
	if rival := s.rival; rival != nil {
		s.rival = nil
		rival(ctx)
	}
	return levels, err
}

type fixture struct {
	*inventory.Engine
	t   *testing.T
	spy *spy
	ids int
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func setup(t *testing.T) *fixture {
	f := &fixture{t: t, spy: &spy{Inventory: memstore.Inventory{DB: memstore.New()}}}
	f.Engine = inventory.New(f.spy, &inventory.Options{
		Now: func() time.Time { return noon },
		ID:  func(prefix string) string { f.ids++; return fmt.Sprintf("%s_%04d", prefix, f.ids) },
	})
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// fails checks for an error and its meta.
func (f *fixture) fails(err, want error, meta string) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("err = %v, want %v", err, want)
		return
	}
	if e, ok := errors.AsType[*fault.Error](err); ok && string(e.Meta) != meta {
		f.t.Errorf("meta = %s, want %s", e.Meta, meta)
	}
}

// put makes a level of main with a backorder of its own, and forgets the events.
func (f *fixture) put(variant string, onHand, backorder int64, tracked bool) {
	f.t.Helper()
	out, err := f.PutLevels(f.t.Context(), inventory.PutLevelsInput{CauseID: "setup", Levels: []inventory.LevelFields{
		{VariantID: variant, OnHand: &onHand, Backorder: backorder, Tracked: tracked}}})
	f.must(err)
	if out.Results[0].Error != nil {
		f.t.Fatal(out.Results[0].Error)
	}
	f.spy.events = nil
}

func (f *fixture) receive(variant, location string, n int64) {
	f.t.Helper()
	_, err := f.Adjust(f.t.Context(), inventory.AdjustInput{VariantID: variant, LocationID: location, Delta: n, Reason: "received"})
	f.must(err)
	f.spy.events = nil
}

func items(pairs ...any) (out []inventory.Quantity) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, inventory.Quantity{VariantID: pairs[i].(string), Quantity: int64(pairs[i+1].(int))})
	}
	return out
}

func (f *fixture) reserve(order string, pairs ...any) error {
	_, err := f.Engine.Reserve(f.t.Context(), inventory.ReserveInput{OrderID: order, Items: items(pairs...), ExpiresAt: noon.Add(time.Hour)})
	return err
}

func (f *fixture) allocate(order string) error {
	_, err := f.Engine.Allocate(f.t.Context(), inventory.OrderInput{OrderID: order})
	return err
}

func (f *fixture) release(order string) error {
	_, err := f.Engine.Release(f.t.Context(), inventory.OrderInput{OrderID: order})
	return err
}

func (f *fixture) ship(order, cause string, pairs ...any) error {
	_, err := f.Engine.Ship(f.t.Context(), inventory.ShipInput{OrderID: order, CauseID: cause, Items: items(pairs...)})
	return err
}

func (f *fixture) unship(order, cause string, pairs ...any) error {
	_, err := f.Engine.Unship(f.t.Context(), inventory.ShipInput{OrderID: order, CauseID: cause, Items: items(pairs...)})
	return err
}

// stock compares "location: reserved/on hand" of the levels of a variant.
func (f *fixture) stock(variant, want string) {
	f.t.Helper()
	levels, err := f.spy.Lock(f.t.Context(), []string{variant})
	f.must(err)
	var got []string
	for _, l := range levels {
		got = append(got, fmt.Sprintf("%s:%d/%d", l.LocationID, l.Reserved, l.OnHand))
	}
	if g := strings.Join(got, " "); g != want {
		f.t.Errorf("stock of %s = %q, want %q", variant, g, want)
	}
}

// kept compares "variant@location quantity+shipped state" of an order.
func (f *fixture) kept(order, want string) {
	f.t.Helper()
	out, err := f.Reservations(f.t.Context(), inventory.OrderInput{OrderID: order})
	f.must(err)
	var got []string
	for _, r := range out.Items {
		got = append(got, fmt.Sprintf("%s@%s %d+%d %s", r.VariantID, r.LocationID, r.Quantity, r.Shipped, r.State))
	}
	if g := strings.Join(got, ", "); g != want {
		f.t.Errorf("reservations of %s = %q, want %q", order, g, want)
	}
}

// announced compares "name variant@location available" of the events since the
// last time.
func (f *fixture) announced(want ...string) {
	f.t.Helper()
	got := []string{}
	for _, e := range f.spy.events {
		p, err := event.Type[inventory.StockV1]{Name: e.Name, Version: 1}.Decode(e)
		f.must(err)
		got = append(got, fmt.Sprintf("%s %s@%s %d", strings.TrimPrefix(e.Name, "inventory."), p.Variant, p.Location, p.Available))
	}
	f.spy.events = nil
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		f.t.Errorf("announced %q, want %q", got, want)
	}
}

// moved compares "reason cause variant@location delta→on hand", oldest first.
func (f *fixture) moved(variant string, want ...string) {
	f.t.Helper()
	p, err := f.Movements(f.t.Context(), inventory.MovementsInput{VariantID: variant})
	f.must(err)
	var got []string
	for _, m := range p.Items {
		got = append([]string{fmt.Sprintf("%s %s@%s %+d=%d", m.Reason, m.VariantID, m.LocationID, m.Delta, m.OnHand)}, got...)
	}
	if !reflect.DeepEqual(got, want) {
		f.t.Errorf("movements of %s = %q, want %q", variant, got, want)
	}
}
