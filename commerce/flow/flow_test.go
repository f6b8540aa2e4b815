package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// order is the state of the flow under test; shop its steps, which write down
// what they did.
type order struct {
	Cart  string
	Now   int64
	Notes []string
}

func (o *order) Input() any { return o.Cart }

type shop struct {
	db    *memstore.DB
	log   []string
	fails map[string]error // by "step" or "undo step"
	saves *int
	opts  flow.Options[order]
}

func newShop() *shop {
	return &shop{db: memstore.New(), fails: map[string]error{}, saves: new(int)}
}

// counted is a journal that counts its calls as a database would see them.
type counted struct {
	memstore.Journal
	log *[]string
}

func (c counted) Load(ctx context.Context, name, id string) (flow.Entry, error) {
	*c.log = append(*c.log, "load")
	return c.Journal.Load(ctx, name, id)
}

func (c counted) Save(ctx context.Context, e *flow.Entry) error {
	in := "save alone"
	if txn.Outside(ctx) != nil {
		in = "save in unit"
	}
	*c.log = append(*c.log, in)
	return c.Journal.Save(ctx, e)
}

func (s *shop) step(name string, sc txn.Scope) flow.Step[order] {
	return flow.Step[order]{Name: name, Scope: sc,
		Do: func(_ context.Context, _ string, o *order) error {
			o.Notes = append(o.Notes, name)
			s.log = append(s.log, name)
			return s.fails[name]
		},
		Undo: func(context.Context, string, *order) error {
			s.log = append(s.log, "undo "+name)
			return s.fails["undo "+name]
		}}
}

// flow is "(close place) authorize! (confirm)".
func (s *shop) flow(j flow.Journal) *flow.Flow[order] {
	authorize := s.step("authorize", nil)
	authorize.Pivot = true
	confirm := s.step("confirm", s.db)
	confirm.Undo = nil
	return flow.New("checkout", j, &s.opts, s.step("close", s.db), s.step("place", s.db), authorize, confirm)
}

func (s *shop) phase(t *testing.T, id string) flow.Phase {
	t.Helper()
	e, err := s.db.Journal().Load(t.Context(), "checkout", id)
	if err != nil {
		t.Fatal(err)
	}
	return e.Phase
}

func (s *shop) took(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.log, want) {
		t.Errorf("steps %v, want %v", s.log, want)
	}
	s.log = nil
}

func TestPlan(t *testing.T) {
	s := newShop()
	if got, want := s.flow(s.db.Journal()).Plan(), "(close place) authorize! (confirm)"; got != want {
		t.Errorf("plan %q, want %q", got, want)
	}
}

func TestHappyPathSavesOncePerGroup(t *testing.T) {
	s := newShop()
	f := s.flow(counted{memstore.Journal{DB: s.db}, &s.log})
	o := order{Cart: "c"}
	if err := f.Run(t.Context(), "x", &o); err != nil {
		t.Fatal(err)
	}
	s.took(t, "load", "close", "place", "save in unit", "authorize", "save alone", "confirm", "save in unit")
	if got := strings.Join(o.Notes, " "); got != "close place authorize confirm" {
		t.Errorf("state %q", got)
	}
	again := order{Cart: "c", Now: 7} // Now is no part of Input
	if err := f.Run(t.Context(), "x", &again); err != nil || len(again.Notes) != 4 {
		t.Errorf("again: %v, %v; want the state of the end", again, err)
	}
	s.took(t, "load")
}

func TestOtherInput(t *testing.T) {
	s := newShop()
	f := s.flow(s.db.Journal())
	if err := f.Run(t.Context(), "x", &order{Cart: "c"}); err != nil {
		t.Fatal(err)
	}
	err := f.Run(t.Context(), "x", &order{Cart: "d"})
	if !errors.Is(err, flow.ErrOtherInput) || fault.KindOf(err) != fault.Conflict {
		t.Errorf("other cart: %v, want ErrOtherInput", err)
	}
}

func TestRefusalIsUndoneAndKept(t *testing.T) {
	s := newShop()
	short := fault.New(fault.Refused, "inventory.insufficient_stock", "sold out").With(map[string]int{"free": 3})
	s.fails["authorize"] = fmt.Errorf("ask: %w", short)
	f := s.flow(s.db.Journal())
	first := f.Run(t.Context(), "x", &order{})
	s.took(t, "close", "place", "authorize", "undo authorize", "undo place", "undo close")
	second := f.Run(t.Context(), "x", &order{})
	s.took(t)
	for _, err := range []error{first, second} {
		e, ok := errors.AsType[*fault.Error](err)
		if !errors.Is(err, short) || !ok || fault.KindOf(err) != fault.Refused || !sameMeta(e.Meta, `{"free":3}`) {
			t.Errorf("%v, want the refusal with its detail", err)
		}
	}
}

func sameMeta(got json.RawMessage, want string) bool {
	return strings.ReplaceAll(string(got), " ", "") == want
}

func TestWaitGoesOn(t *testing.T) {
	s := newShop()
	s.fails["authorize"] = flow.ErrWait
	f := s.flow(s.db.Journal())
	if err := f.Run(t.Context(), "x", &order{}); !errors.Is(err, flow.ErrWait) || s.phase(t, "x") != flow.Waiting {
		t.Fatalf("%v, phase %q; want a run that waits", err, s.phase(t, "x"))
	}
	delete(s.fails, "authorize")
	var o order
	if err := f.Resume(t.Context(), "x", &o); err != nil || len(o.Notes) != 5 {
		t.Errorf("%v, %v; want both notes of authorize, since the world saw both", o, err)
	}
	if err := f.Resume(t.Context(), "y", &o); !errors.Is(err, flow.ErrUnknown) {
		t.Errorf("resume of nothing: %v, want ErrUnknown", err)
	}
}

// TestLaterState goes on with a run that a process of a later release has begun:
// what that remembers beside is passed over.
func TestLaterState(t *testing.T) {
	s := newShop()
	s.fails["authorize"] = flow.ErrWait
	f := s.flow(s.db.Journal())
	if err := f.Run(t.Context(), "x", &order{Cart: "c"}); !errors.Is(err, flow.ErrWait) {
		t.Fatal(err)
	}
	e, err := s.db.Journal().Load(t.Context(), "checkout", "x")
	if err != nil {
		t.Fatal(err)
	}
	e.State = json.RawMessage(strings.Replace(string(e.State), "{", `{"OfALaterRelease":{"a":[1]},`, 1))
	if err := s.db.Journal().Save(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	delete(s.fails, "authorize")
	var o order
	if err := f.Resume(t.Context(), "x", &o); err != nil || o.Cart != "c" || s.phase(t, "x") != flow.Done {
		t.Errorf("%+v, %v, phase %s; want it done", o, err, s.phase(t, "x"))
	}
}

func TestCancel(t *testing.T) {
	expired := fault.New(fault.Refused, "order.expired", "not paid in time")
	s := newShop()
	f := s.flow(s.db.Journal())
	if err := f.Cancel(t.Context(), "x", expired); !errors.Is(err, flow.ErrUnknown) {
		t.Errorf("cancel of nothing: %v, want ErrUnknown", err)
	}
	s.fails["authorize"] = flow.ErrWait
	_ = f.Run(t.Context(), "x", &order{})
	s.log = nil
	if err := f.Cancel(t.Context(), "x", expired); err != nil {
		t.Fatal(err)
	}
	s.took(t, "undo authorize", "undo place", "undo close")
	if err := f.Run(t.Context(), "x", &order{}); !errors.Is(err, expired) {
		t.Errorf("run after cancel: %v, want the reason", err)
	}
	if err := f.Cancel(t.Context(), "x", expired); err != nil {
		t.Errorf("cancel twice: %v", err)
	}
	delete(s.fails, "authorize")
	if err := f.Run(t.Context(), "y", &order{}); err != nil {
		t.Fatal(err)
	}
	if err := f.Cancel(t.Context(), "y", expired); !errors.Is(err, flow.ErrTooLate) || s.phase(t, "y") != flow.Done {
		t.Errorf("cancel after the pivot: %v, phase %q; want ErrTooLate", err, s.phase(t, "y"))
	}
}

// away is a journal of a database that does not answer.
type away struct{ memstore.Journal }

var errAway = errors.New("the database is away")

func (away) Load(context.Context, string, string) (flow.Entry, error) {
	return flow.Entry{}, errAway
}

func TestNoJournal(t *testing.T) {
	s := newShop()
	f := s.flow(away{memstore.Journal{DB: s.db}})
	for name, err := range map[string]error{
		"run": f.Run(t.Context(), "x", &order{}), "resume": f.Resume(t.Context(), "x", new(order)),
		"cancel": f.Cancel(t.Context(), "x", flow.ErrAbandoned), "recover": f.Recover(t.Context(), "x"),
	} {
		if !errors.Is(err, errAway) {
			t.Errorf("%s: %v, want %v", name, err, errAway)
		}
	}
}

func TestTooLateGoesForward(t *testing.T) {
	s := newShop()
	f := s.flow(s.db.Journal())
	s.fails["authorize"] = flow.ErrWait
	_ = f.Run(t.Context(), "x", &order{})
	s.log = nil
	s.fails["undo authorize"] = fmt.Errorf("provider: %w", flow.ErrTooLate)
	if err := f.Cancel(t.Context(), "x", flow.ErrAbandoned); !errors.Is(err, flow.ErrTooLate) || s.phase(t, "x") != flow.Done {
		t.Errorf("cancel of a captured payment: %v, phase %q; want ErrTooLate and a finished run", err, s.phase(t, "x"))
	}
	s.took(t, "undo authorize", "confirm")
	if e, _ := s.db.Journal().Load(t.Context(), "checkout", "x"); e.Err != nil {
		t.Errorf("a run that was not undone says why it was: %v", e.Err)
	}

	s.fails["authorize"] = errors.New("time-out")
	if err := f.Run(t.Context(), "y", &order{}); err != nil || s.phase(t, "y") != flow.Done {
		t.Errorf("lost answer of a captured payment: %v, phase %q; want success", err, s.phase(t, "y"))
	}
	s.took(t, "close", "place", "authorize", "undo authorize", "confirm")

	s.fails["undo place"] = flow.ErrTooLate
	delete(s.fails, "undo authorize")
	if err := f.Run(t.Context(), "z", &order{}); err == nil || s.phase(t, "z") != flow.Undoing {
		t.Errorf("only the pivot turns a run: %v, phase %q", err, s.phase(t, "z"))
	}
}

func TestStuckAfterThePivot(t *testing.T) {
	s := newShop()
	full := errors.New("disk full")
	s.fails["confirm"] = full
	f := s.flow(s.db.Journal())
	err := f.Run(t.Context(), "x", &order{})
	if !errors.Is(err, flow.ErrStuck) || !errors.Is(err, full) || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v, want ErrStuck and its cause", err)
	}
	delete(s.fails, "confirm")
	s.log = nil
	if err := f.Recover(t.Context(), "x"); err != nil || s.phase(t, "x") != flow.Done {
		t.Errorf("recover: %v, phase %q", err, s.phase(t, "x"))
	}
	s.took(t, "confirm")
}

func TestInsideTheirUnit(t *testing.T) {
	s := newShop()
	f := s.flow(s.db.Journal())
	err := s.db.Do(t.Context(), func(ctx context.Context) error {
		if err := f.Run(ctx, "x", &order{}); !errors.Is(err, flow.ErrParked) || !errors.Is(err, flow.ErrWait) {
			t.Errorf("%v, want ErrParked", err)
		}
		return nil
	})
	if err != nil || s.phase(t, "x") != flow.Parked {
		t.Fatalf("%v, phase %q", err, s.phase(t, "x"))
	}
	s.took(t, "close", "place")
	if err := f.Sweep(t.Context(), time.Now().Add(2*time.Minute)); err != nil || s.phase(t, "x") != flow.Done {
		t.Errorf("sweep: %v, phase %q; want done", err, s.phase(t, "x"))
	}
	s.took(t, "authorize", "confirm")

	theirs := errors.New("theirs")
	_ = s.db.Do(t.Context(), func(ctx context.Context) error {
		_ = f.Run(ctx, "y", &order{})
		return theirs
	})
	if e, err := s.db.Journal().Load(t.Context(), "checkout", "y"); err != nil || e.Version != 0 {
		t.Errorf("%+v, %v; want no run after their rollback", e, err)
	}
	s.log = nil
	s.fails["place"] = errors.New("no")
	err = s.db.Do(t.Context(), func(ctx context.Context) error { _ = f.Run(ctx, "z", &order{}); return nil })
	if !errors.Is(err, txn.ErrDoomed) {
		t.Errorf("%v, want ErrDoomed", err)
	}
	s.took(t, "close", "place") // and no undoing: the rollback does it
}

func TestSweep(t *testing.T) {
	s := newShop()
	now := time.Now()
	discard := slog.New(slog.DiscardHandler)
	keep := false
	var alarms []string
	s.opts = flow.Options[order]{
		Now: func() time.Time { return now }, Idle: time.Minute, Wait: time.Hour, Log: discard,
		Keep:  func(context.Context, string, *order) (bool, error) { return keep, nil },
		Alarm: func(_ context.Context, id string, _ error) { alarms = append(alarms, id) },
	}
	f := s.flow(s.db.Journal())
	sweep := func(after time.Duration, want map[string]flow.Phase) {
		t.Helper()
		if err := f.Sweep(t.Context(), now.Add(after)); err != nil {
			t.Fatal(err)
		}
		for id, p := range want {
			if got := s.phase(t, id); got != p {
				t.Errorf("%s after %v: phase %q, want %q", id, after, got, p)
			}
		}
	}
	s.fails["authorize"] = flow.ErrWait
	_ = f.Run(t.Context(), "waits", &order{})
	delete(s.fails, "authorize")
	s.fails["confirm"] = errors.New("down")
	_ = f.Run(t.Context(), "stuck", &order{})
	sweep(30*time.Second, map[string]flow.Phase{"waits": flow.Waiting, "stuck": flow.Running})
	if len(alarms) != 0 {
		t.Errorf("alarms %v too early", alarms)
	}
	sweep(2*time.Minute, map[string]flow.Phase{"waits": flow.Waiting, "stuck": flow.Running})
	if !slices.Equal(alarms, []string{"stuck"}) {
		t.Errorf("alarms %v, want stuck", alarms)
	}
	delete(s.fails, "confirm")
	keep = true
	sweep(2*time.Hour, map[string]flow.Phase{"waits": flow.Waiting, "stuck": flow.Done})
	keep = false
	sweep(2*time.Hour, map[string]flow.Phase{"waits": flow.Undone})
}

// TestTaken runs an id again while it runs: the one that falls behind stops.
func TestTaken(t *testing.T) {
	db := memstore.New()
	var f *flow.Flow[order]
	runs := 0
	f = flow.New("f", db.Journal(), nil, flow.Step[order]{Name: "a", Do: func(ctx context.Context, _ string, _ *order) error {
		if runs++; runs == 1 {
			return f.Run(ctx, "x", &order{})
		}
		return nil
	}})
	if err := f.Run(t.Context(), "x", &order{}); !errors.Is(err, flow.ErrTaken) || fault.KindOf(err) != fault.Conflict {
		t.Errorf("first run: %v, want ErrTaken", err)
	}
	if e, err := db.Journal().Load(t.Context(), "f", "x"); err != nil || e.Phase != flow.Done || runs != 2 {
		t.Errorf("phase %q, %v after %d runs", e.Phase, err, runs)
	}
}

// TestRecover leaves a run behind at each step in turn.
func TestRecover(t *testing.T) {
	for at, want := range []flow.Phase{flow.Undone, flow.Undone, flow.Done} { // the pivot is step 1
		db := memstore.New()
		dies := true
		var steps []flow.Step[order]
		for i := range 3 {
			steps = append(steps, flow.Step[order]{Name: fmt.Sprint("s", i), Pivot: i == 1, Do: func(context.Context, string, *order) error {
				if i == at && dies {
					panic(errPower)
				}
				return nil
			}})
		}
		f := flow.New("f", db.Journal(), nil, steps...)
		func() {
			defer func() { _ = recover() }()
			_ = f.Run(t.Context(), "x", &order{})
		}()
		dies = false
		err := f.Recover(t.Context(), "x")
		if e, _ := db.Journal().Load(t.Context(), "f", "x"); err != nil || e.Phase != want {
			t.Errorf("died at %d: phase %q, %v; want %q", at, e.Phase, err, want)
		}
		if err := f.Run(t.Context(), "x", &order{}); want == flow.Undone && !errors.Is(err, flow.ErrAbandoned) {
			t.Errorf("died at %d, run again: %v, want ErrAbandoned", at, err)
		}
	}
}

// lossy is a database that commits and does not say so.
type lossy struct{ *memstore.DB }

func (l *lossy) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := l.DB.Do(ctx, fn); err != nil {
		return err
	}
	return errLost
}

type lossyJournal struct {
	memstore.Journal
	scope *lossy
}

func (j lossyJournal) Scope() txn.Scope { return j.scope }

func TestLostCommitIsLookedUp(t *testing.T) {
	db := memstore.New()
	sc := &lossy{db}
	s := newShop()
	f := flow.New("f", lossyJournal{memstore.Journal{DB: db}, sc}, nil, s.step("a", sc), s.step("b", nil), s.step("c", sc))
	if err := f.Run(t.Context(), "x", &order{}); err != nil {
		t.Errorf("%v, want success: everything was committed", err)
	}
	s.took(t, "a", "b", "c")
}

// TestRegroupedTail dies in a group that is longer than the one the journal
// speaks of, and is undone by a process for which it is two.
func TestRegroupedTail(t *testing.T) {
	s := newShop()
	far := memstore.New() // does not have the journal
	die := func(name string, sc txn.Scope) flow.Step[order] {
		st := s.step(name, sc)
		st.Do = func(context.Context, string, *order) error { panic(errPower) }
		return st
	}
	for _, steps := range [][]flow.Step[order]{
		{s.step("close", s.db), die("reserve", nil), s.step("open", nil)},
		{s.step("close", s.db), s.step("reserve", far), die("open", far)},
	} {
		func() {
			defer func() { _ = recover() }()
			_ = flow.New("f", s.db.Journal(), nil, steps...).Run(t.Context(), "x", &order{})
		}()
	}
	s.log = nil
	f := flow.New("f", s.db.Journal(), nil, s.step("close", s.db), s.step("reserve", nil), s.step("open", nil))
	if err := f.Recover(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	s.took(t, "undo open", "undo reserve", "undo close")
}

// TestWhen leaves out the pivot and the step after it, as an offline payment
// does, and undoes what it left out all the same.
func TestWhen(t *testing.T) {
	s := newShop()
	s.fails["place"] = nil
	never := func(*order) bool { return false }
	authorize, confirm := s.step("authorize", nil), s.step("confirm", s.db)
	authorize.Pivot, authorize.When, confirm.When = true, never, func(o *order) bool { return len(o.Notes) > 1 }
	gift := s.step("gift", s.db)
	gift.When = never
	f := flow.New("f", counted{memstore.Journal{DB: s.db}, &s.log}, nil, s.step("close", s.db), gift, s.step("place", s.db), authorize, confirm)
	if err := f.Run(t.Context(), "x", &order{}); err != nil {
		t.Fatal(err)
	}
	s.took(t, "load", "close", "place", "save in unit", "confirm", "save in unit")
	s.fails["place"] = errors.New("no")
	if err := f.Run(t.Context(), "y", &order{}); err == nil {
		t.Error("want the error of place")
	}
	s.took(t, "load", "close", "place", "undo place", "undo gift", "undo close", "save in unit")
}
