// Package bustest says what an event.Bus must do.
package bustest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Features are what buses may differ in.
type Features struct {
	// HoldsBack is true if an event whose handler failed comes again before the
	// later ones with its Key.
	HoldsBack bool
	// Within is how long an event may take, 10 seconds.
	Within time.Duration
}

type suite struct {
	Features
	bus event.Bus
}

// Guards are the names of all cases.
var Guards = []string{
	"RoundTrip", "EachGroup", "GroupShares", "NoGroupIsEverybody", "Names", "OrderPerKey", "ErrorBringsAgain", "RetryAfter", "FailureStaysInItsKey",
	"SlowStaysInItsKey", "PanicSurvives", "StopWaits", "StopEnds", "OutsideUnits",
}

var cases = map[string]func(*testing.T, suite){
	"RoundTrip":            roundTrip,
	"EachGroup":            eachGroup,
	"GroupShares":          groupShares,
	"NoGroupIsEverybody":   noGroupIsEverybody,
	"Names":                names,
	"OrderPerKey":          orderPerKey,
	"ErrorBringsAgain":     errorBringsAgain,
	"RetryAfter":           retryAfter,
	"FailureStaysInItsKey": failureStaysInItsKey,
	"SlowStaysInItsKey":    slowStaysInItsKey,
	"PanicSurvives":        panicSurvives,
	"StopWaits":            stopWaits,
	"StopEnds":             stopEnds,
	"OutsideUnits":         outsideUnits,
}

// Run runs the suite against the buses that open returns, each of them without
// events and subscribers.
func Run(t *testing.T, f Features, open func(t *testing.T) event.Bus) {
	if f.Within == 0 {
		f.Within = 10 * time.Second
	}
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // much of it is waiting
			cases[name](t, suite{f, open(t)})
		})
	}
}

var at = time.Date(2030, 1, 2, 12, 0, 0, 123456000, time.UTC)

// ev is event number seq of key.
func ev(name, key string, seq int64) event.Envelope {
	return event.Envelope{ID: fmt.Sprintf("evt_%s_%s_%d", name, key, seq), Name: name, Version: 1, Key: key, Seq: seq, At: at, Data: []byte(`{}`)}
}

func (s suite) publish(t *testing.T, evs ...event.Envelope) {
	t.Helper()
	if err := s.bus.Publish(t.Context(), evs...); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

// inbox is a handler that keeps what it was given.
type inbox struct {
	suite
	mu  sync.Mutex
	got []event.Envelope
	one chan struct{} // gets a value for each event
}

func (s suite) inbox() *inbox { return &inbox{suite: s, one: make(chan struct{}, 10000)} }

func (in *inbox) take(_ context.Context, e event.Envelope) error {
	in.mu.Lock()
	in.got = append(in.got, e)
	in.mu.Unlock()
	in.one <- struct{}{}
	return nil
}

// wait waits for n more events.
func (in *inbox) wait(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		select {
		case <-in.one:
		case <-time.After(in.Within):
			t.Fatalf("got %d of %d events in %v: %v", i, n, in.Within, in.ids())
		}
	}
}

// nothing waits a little for events that should not come.
func (in *inbox) nothing(t *testing.T) {
	t.Helper()
	in.flush(t, 1)
	select {
	case <-in.one:
		t.Errorf("got more than was due: %v", in.ids())
	case <-time.After(50 * time.Millisecond):
	}
}

func (in *inbox) ids() (ids []string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, e := range in.got {
		ids = append(ids, e.ID)
	}
	return ids
}

func (s suite) subscribe(t *testing.T, group string, names []string, fn event.Handler) (stop func()) {
	t.Helper()
	stop, err := s.bus.Subscribe(t.Context(), group, names, fn)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	t.Cleanup(stop)
	return stop
}

func roundTrip(t *testing.T, s suite) {
	in := s.inbox()
	s.subscribe(t, "g", []string{"cart.item_added"}, in.take)
	e := event.Envelope{ID: "evt_1", Name: "cart.item_added", Version: 3, Key: "cart_1", Seq: 9007199254740993, At: at,
		Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Data: []byte(`{"title":"Zoë \"x\"","n":9007199254740993}`)}
	s.publish(t, e)
	in.wait(t, 1)
	if got := in.got[0]; !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v, want %+v", got, e)
	}
}

func eachGroup(t *testing.T, s suite) {
	a, b := s.inbox(), s.inbox()
	s.subscribe(t, "a", []string{"x.y"}, a.take)
	s.subscribe(t, "b", []string{"x.y"}, b.take)
	s.publish(t, ev("x.y", "k", 1), ev("x.y", "k", 2))
	a.wait(t, 2)
	b.wait(t, 2)
	a.nothing(t)
}

func groupShares(t *testing.T, s suite) {
	const n = 40
	both := s.inbox()
	s.subscribe(t, "g", []string{"x.y"}, both.take)
	s.subscribe(t, "g", []string{"x.y"}, both.take)
	for i := range n {
		s.publish(t, ev("x.y", fmt.Sprint("k", i), 1))
	}
	both.wait(t, n)
	both.nothing(t)
	ids := both.ids()
	slices.Sort(ids)
	if len(ids) != n || len(slices.Compact(ids)) != n {
		t.Errorf("two members got %d events of %d, want each once", len(ids), n)
	}
}

// flush returns when what was published before has had time to arrive.
func (s suite) flush(t *testing.T, n int) {
	t.Helper()
	marks := s.inbox()
	defer s.subscribe(t, "flush", []string{"test.flush"}, marks.take)()
	for i := range n {
		e := ev("test.flush", fmt.Sprint("k", i), 1)
		e.ID = rand.Text() // a bus may drop an event that it has seen
		s.publish(t, e)
	}
	marks.wait(t, n)
}

func noGroupIsEverybody(t *testing.T, s suite) {
	a, b := s.inbox(), s.inbox()
	s.subscribe(t, "", []string{"x.y"}, a.take)
	s.subscribe(t, "", []string{"x.y"}, b.take)
	s.publish(t, ev("x.y", "k", 1))
	a.wait(t, 1)
	b.wait(t, 1)
}

func names(t *testing.T, s suite) {
	one, two, all := s.inbox(), s.inbox(), s.inbox()
	s.subscribe(t, "one", []string{"order.placed"}, one.take)
	s.subscribe(t, "two", []string{"order.placed", "cart.merged"}, two.take)
	s.subscribe(t, "all", []string{"*"}, all.take)
	s.publish(t, ev("order.placed", "a", 1), ev("order.placed_again", "a", 2), ev("cart.merged", "b", 1))
	all.wait(t, 3)
	two.wait(t, 2)
	one.wait(t, 1)
	one.nothing(t)
	two.nothing(t)
	if got := one.ids(); !slices.Equal(got, []string{"evt_order.placed_a_1"}) {
		t.Errorf("got %v, want only the event that was asked for", got)
	}
}

func orderPerKey(t *testing.T, s suite) {
	const keys, each = 5, 30
	in := s.inbox()
	s.subscribe(t, "g", []string{"*"}, in.take)
	var atOnce []event.Envelope
	for seq := range int64(each) {
		for k := range keys {
			if e := ev("x.y", fmt.Sprint("k", k), seq+1); seq < each/2 {
				s.publish(t, e)
			} else {
				atOnce = append(atOnce, e)
			}
		}
	}
	s.publish(t, atOnce...)
	in.wait(t, keys*each)
	last := map[string]int64{}
	for _, e := range in.got {
		if e.Seq != last[e.Key]+1 {
			t.Errorf("%s: event %d after %d", e.Key, e.Seq, last[e.Key])
		}
		last[e.Key] = e.Seq
	}
}

func errorBringsAgain(t *testing.T, s suite) {
	in := s.inbox()
	failed := false
	var mu sync.Mutex
	s.subscribe(t, "g", []string{"*"}, func(ctx context.Context, e event.Envelope) error {
		mu.Lock()
		defer mu.Unlock()
		if e.Seq == 1 && !failed {
			failed = true
			return errors.New("not yet")
		}
		return in.take(ctx, e)
	})
	s.publish(t, ev("x.y", "k", 1), ev("x.y", "k", 2))
	in.wait(t, 2)
	got := in.ids()
	if !s.HoldsBack {
		slices.Sort(got)
	}
	if want := []string{"evt_x.y_k_1", "evt_x.y_k_2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func retryAfter(t *testing.T, s suite) {
	calls := make(chan time.Time, 2)
	var once sync.Once
	s.subscribe(t, "g", []string{"*"}, func(context.Context, event.Envelope) (err error) {
		calls <- time.Now()
		once.Do(func() { err = fault.ErrUnavailable.After(time.Second) })
		return err
	})
	s.publish(t, ev("x.y", "k", 1))
	var got [2]time.Time
	for i := range got {
		select {
		case got[i] = <-calls:
		case <-time.After(s.Within):
			t.Fatalf("call %d does not come in %v", i+1, s.Within)
		}
	}
	if d := got[1].Sub(got[0]); d < 900*time.Millisecond {
		t.Errorf("comes again after %v, want 1s, as the error asks", d)
	}
}

func failureStaysInItsKey(t *testing.T, s suite) {
	in := s.inbox()
	s.subscribe(t, "g", []string{"*"}, func(ctx context.Context, e event.Envelope) error {
		if e.Key == "bad" {
			return errors.New("never")
		}
		return in.take(ctx, e)
	})
	s.publish(t, ev("x.y", "bad", 1), ev("x.y", "good", 1), ev("x.y", "fine", 1))
	in.wait(t, 2)
}

func slowStaysInItsKey(t *testing.T, s suite) {
	in, slow, release := s.inbox(), s.inbox(), make(chan struct{})
	s.subscribe(t, "g", []string{"x.y"}, func(ctx context.Context, e event.Envelope) error {
		if e.Key != "slow" {
			return in.take(ctx, e)
		}
		err := slow.take(ctx, e)
		<-release
		return err
	})
	s.publish(t, ev("x.y", "slow", 1), ev("x.y", "slow", 2), ev("x.y", "good", 1), ev("x.y", "fine", 1))
	slow.wait(t, 1)
	in.wait(t, 2)
	slow.nothing(t) // while the one before it is handled
	close(release)
	slow.wait(t, 1)
}

func panicSurvives(t *testing.T, s suite) {
	in := s.inbox()
	var once sync.Once
	s.subscribe(t, "g", []string{"*"}, func(ctx context.Context, e event.Envelope) error {
		once.Do(func() { panic("oops") })
		return in.take(ctx, e)
	})
	s.publish(t, ev("x.y", "k", 1))
	in.wait(t, 1)
}

func stopWaits(t *testing.T, s suite) {
	started, release, stopped := make(chan struct{}), make(chan struct{}), make(chan struct{})
	stop := s.subscribe(t, "g", []string{"*"}, func(context.Context, event.Envelope) error {
		close(started)
		<-release
		return nil
	})
	s.publish(t, ev("x.y", "k", 1))
	select {
	case <-started:
	case <-time.After(s.Within):
		t.Fatal("the event does not come")
	}
	go func() {
		stop()
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("stop returned while a call was under way")
		close(release)
	case <-time.After(50 * time.Millisecond):
		close(release)
		<-stopped
	}
	stop() // a second time does nothing
}

func stopEnds(t *testing.T, s suite) {
	gone, stays := s.inbox(), s.inbox()
	stop := s.subscribe(t, "gone", []string{"*"}, gone.take)
	s.subscribe(t, "stays", []string{"*"}, stays.take)
	s.publish(t, ev("x.y", "k", 1))
	gone.wait(t, 1)
	stop()
	s.publish(t, ev("x.y", "k", 2))
	stays.wait(t, 2)
	gone.nothing(t)
}

func outsideUnits(t *testing.T, s suite) {
	in := s.inbox()
	s.subscribe(t, "g", []string{"x.y"}, in.take)
	if err := s.bus.Publish(txn.Inside(t.Context()), ev("x.y", "k", 1)); !errors.Is(err, txn.ErrInside) {
		t.Errorf("publish in a unit of work: %v, want ErrInside", err)
	}
	in.nothing(t)
}
