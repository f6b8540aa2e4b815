package flow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// deaf is a journal that does not save outside of units of work while it is away.
type deaf struct {
	memstore.Journal
	away *bool
}

func (d deaf) Save(ctx context.Context, e *flow.Entry) error {
	if *d.away && txn.Outside(ctx) == nil {
		return errAway
	}
	return d.Journal.Save(ctx, e)
}

// TestUnnoted: that the journal cannot be written says nothing about the step
// that waits for the world. The run is not undone for it.
func TestUnnoted(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := newShop()
		j := deaf{memstore.Journal{DB: s.db}, new(bool)}
		f := s.flow(j)
		s.fails["authorize"] = flow.ErrWait
		if err := f.Run(t.Context(), "x", &order{}); !errors.Is(err, flow.ErrWait) {
			t.Fatal(err)
		}
		if after {
			delete(s.fails, "authorize") // it is done, and cannot be noted
		}
		*j.away, s.log = true, nil
		if err := f.Resume(t.Context(), "x", new(order)); !errors.Is(err, errAway) || s.phase(t, "x") == flow.Undone || s.phase(t, "x") == flow.Undoing {
			t.Errorf("the journal is away: %v, phase %s; want it to be left", err, s.phase(t, "x"))
		}
		for _, what := range s.log {
			if what == "undo authorize" || what == "undo place" {
				t.Errorf("it took %v", s.log)
			}
		}
		*j.away = false
		delete(s.fails, "authorize")
		if err := f.Resume(t.Context(), "x", new(order)); err != nil || s.phase(t, "x") != flow.Done {
			t.Errorf("afterwards: %v, phase %s; want it done", err, s.phase(t, "x"))
		}
	}
}

// TestTry: what came to nothing because something was away may be tried again
// under its name; a refusal stands.
func TestTry(t *testing.T) {
	s := newShop()
	f := s.flow(s.db.Journal())
	try := func(want string) string {
		t.Helper()
		id, err := f.Try(t.Context(), "x")
		if err != nil || id != want {
			t.Errorf("try %q, %v; want %q", id, err, want)
		}
		return id
	}
	for _, want := range []string{"x", "x~2"} {
		s.fails["place"] = fault.ErrUnavailable
		id := try(want)
		if err := f.Run(t.Context(), id, &order{}); !errors.Is(err, fault.ErrUnavailable) || s.phase(t, id) != flow.Undone {
			t.Fatalf("%s: %v, phase %s", id, err, s.phase(t, id))
		}
	}
	s.fails["place"] = fault.New(fault.Refused, "shop.closed", "the shop is closed")
	_ = f.Run(t.Context(), try("x~3"), &order{})
	try("x~3")
	if _, err := s.flow(away{memstore.Journal{DB: s.db}}).Try(t.Context(), "x"); !errors.Is(err, errAway) {
		t.Errorf("without a journal: %v", err)
	}
}
