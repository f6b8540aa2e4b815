// Package simulate runs a whole shop under a schedule that comes from a seed:
// shoppers who click twice and open second tabs, staff, periodic work, relays,
// consumers and a bank, over real engines and stores, with processes that die,
// commits whose answer is lost, calls that are lost, done without an answer or
// done late, and notices that never come, or twice, or in another order. After
// each step it holds the invariants N1 to N17 of a shop against what the stores
// and the bank have written down, and when all is at rest R1 to R6.
//
// One seed is one schedule: what fails, fails again, and tells its story. Run it
// on your own stores, providers and hooks; see Options.
//
// What people get wrong: everything that happens must come from the schedule.
// Code that is run here takes its time, its ids and its chance from what it is
// given, starts no goroutines that go on by themselves, and holds no lock while
// it calls a store, a provider or a bus.
package simulate

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Topology is how the parts of the shop stand to one another.
type Topology string

// The topologies.
const (
	One  Topology = "one database"  // orders are placed in one unit of work
	Two  Topology = "two databases" // catalog, prices and stock in the second
	Saga Topology = "saga"          // each engine is a service with a database, behind a wire
)

// databases is how many databases a topology has.
func (t Topology) databases() int {
	switch t {
	case Two:
		return 2
	case Saga:
		return 6
	default:
		return 1
	}
}

// Options say what is run. The zero value is one schedule in memory.
type Options struct {
	Seed      uint64 // of the first schedule; the others have the next ones
	Schedules int    // 1
	Topology  Topology

	// Open makes the n empty databases of one schedule; in memory.
	Open func(n int) ([]Database, error)
	// Bank makes the bank of one schedule, whose time is now and which says of a
	// call (fakepay.CallStart, CallCapture, CallRefund) what decide says; a
	// fakepay.Provider.
	Bank func(now func() time.Time, decide func(call string) fakepay.Outcome) Bank
	// Change may put something in place of the services of a shop, such as hooks
	// around them, before its flows are made. It is called for each process.
	Change func(s *commerce.Shop)
	// Rates say how often each fault happens at a place where it can; Usual. What
	// is not in it never happens.
	Rates map[Fault]float64
	// Log is of the engines; nothing is logged.
	Log *slog.Logger
	// All goes on after a violation, to count how many schedules have one.
	All bool

	breaks breaks // guards to leave out, for tests of the tests
	plot   *plot  // in place of the story of the seed, if it is not nil
	story  bool
}

// Bank is a provider whose books can be read. *fakepay.Provider is one.
type Bank interface {
	payment.Receiver
	payment.Books
	// Intents returns the books, by payment id.
	Intents() ([]fakepay.Intent, error)
	// Confirm is the shopper who acts at the bank, or the bank that decides. It
	// reports whether there was anything to confirm.
	Confirm(paymentID string, o fakepay.Outcome) (bool, error)
	// SettleRefund is the bank that ends a refund which is on its way, or sends one
	// back. It reports whether there was anything to settle.
	SettleRefund(id string, to payment.RefundStatus) (bool, error)
	// Notice returns what the bank sends when a payment has changed.
	Notice(eventID, paymentID string) (header map[string][]string, body []byte)
}

var _ Bank = (*fakepay.Provider)(nil)

// Violation is an invariant that does not hold.
type Violation struct {
	Seed      uint64
	Topology  Topology
	Invariant string // "N7"
	Text      string
	Step      int
	Story     []string // what happened, one line for each step that counts
}

// Error implements error.
func (v *Violation) Error() string {
	const last = 150
	story := v.Story[max(0, len(v.Story)-last):]
	return fmt.Sprintf("simulate: seed %d, %s, step %d: %s: %s\n%s", v.Seed, v.Topology, v.Step, v.Invariant, v.Text, strings.Join(story, "\n"))
}

// Run runs o.Schedules schedules, several at a time, and returns what it has
// seen. Its error is the Violation of the first seed that has one, or why a
// schedule cannot be run.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := newReport(o)
	for w, err := range schedules(ctx, o) {
		if err != nil {
			return r, err
		}
		r.add(w)
		if w.violation == nil {
			continue
		}
		if !o.All {
			return r, retold(ctx, o, w)
		}
		r.Violations = append(r.Violations, w.violation)
	}
	return r, nil
}

// retold returns the violation of a schedule with its story.
func retold(ctx context.Context, o Options, w *world) error {
	v, err := Replay(ctx, o, w.seed)
	if err != nil {
		return err
	}
	if v == nil || v.Step != w.violation.Step || v.Invariant != w.violation.Invariant {
		return fmt.Errorf("simulate: the schedule of a seed differs from run to run: %w", w.violation)
	}
	return v
}

// schedules runs schedules on all processors and yields them in the order of
// their seeds.
func schedules(ctx context.Context, o Options) iter.Seq2[*world, error] {
	type done struct {
		w   *world
		err error
	}
	return func(yield func(*world, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		slots := make(chan chan done, runtime.GOMAXPROCS(0))
		go func() {
			defer close(slots)
			for i := range max(1, o.Schedules) {
				one := make(chan done, 1)
				select {
				case slots <- one:
				case <-ctx.Done():
					return
				}
				go func() {
					w, err := schedule(ctx, o, o.Seed+uint64(i))
					one <- done{w, err}
				}()
			}
		}()
		for one := range slots {
			d := <-one
			if !yield(d.w, d.err) || d.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Replay runs the schedule of one seed again, with its story. It returns nil if
// it keeps all invariants.
func Replay(ctx context.Context, o Options, seed uint64) (*Violation, error) {
	o.story = true
	w, err := schedule(ctx, o, seed)
	if err != nil {
		return nil, err
	}
	return w.violation, nil
}

// Story returns the story of the schedule of one seed, whether it fails or not.
func Story(ctx context.Context, o Options, seed uint64) ([]string, error) {
	o.story = true
	w, err := schedule(ctx, o, seed)
	if err != nil {
		return nil, err
	}
	return w.story, nil
}
