package simulate

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// tick is how long a step takes.
const tick = time.Millisecond

// secret is of guests' tokens.
var secret = bytes.Repeat([]byte("s"), 32)

// world is one schedule.
type world struct {
	Options
	seed   uint64
	rng    *rand.Rand
	now    time.Time
	noTime time.Time // zero
	calm   bool      // nothing goes wrong and nobody is stopped
	still  bool      // and all is over
	joined bool      // orders and payments are written in one unit of work
	sticky float64   // how likely an actor goes on at a step
	storm  float64   // how bad the weather is
	rates  map[Fault]float64

	actors []*actor
	cur    *actor
	ready  []*actor
	busy   int // people who are not done
	ids    int64

	dbs   []*database
	home  *database // of carts, orders and the journal
	idle  []*process
	bank  Bank
	bus   *membus.Bus
	due   map[string]time.Time // when an event may come again, by group and key
	late  []func()             // calls that are under way
	wires []*process
	post  []notice

	goods  []goods
	carts  []*basket
	cards  []giftCard
	promos []promoted

	steps, limit int
	progress     atomic.Int64 // steps, for the eye of the clock
	telling      bool
	story        []string
	print        uint64 // of all steps so far
	violation    *Violation
	books
	tally
	shadow
}

// schedule runs the schedule of a seed.
func schedule(ctx context.Context, o Options, seed uint64) (*world, error) {
	w := newWorld(o, seed)
	defer w.close()
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("simulate: seed %d: %w", seed, err)
	}
	w.cur = &actor{name: root, wake: make(chan struct{})}
	w.actors = []*actor{w.cur}
	w.calm = true
	if err := w.setUp(); err != nil {
		return nil, fmt.Errorf("simulate: seed %d: set up: %w", seed, err)
	}
	w.calm = false
	w.begin()
	w.wait(func() bool { return len(w.actors) == 1 }, w.noTime)
	w.calm = true
	if w.violation == nil {
		w.rest()
	}
	w.night()
	w.judge()
	if w.plot != nil && w.violation == nil {
		w.plot.end(w)
	}
	return w, nil
}

func newWorld(o Options, seed uint64) *world {
	if o.Topology == "" {
		o.Topology = One
	}
	if o.Rates == nil {
		o.Rates = Usual()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Open == nil {
		o.Open = func(n int) (all []Database, err error) {
			for range n {
				all = append(all, Memory())
			}
			return all, nil
		}
	}
	if o.Bank == nil {
		o.Bank = func(now func() time.Time, decide func(call string) fakepay.Outcome) Bank {
			return fakepay.New(&fakepay.Options{Now: now, Decide: func(payment.Payment) fakepay.Outcome { return decide(fakepay.CallStart) },
				DecideOn: func(call string, _ payment.Payment) fakepay.Outcome { return decide(call) }})
		}
	}
	h := fnv.New64a()
	fmt.Fprint(h, o.Topology)
	w := &world{Options: o, seed: seed, rng: rand.New(rand.NewPCG(seed, h.Sum64())), now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		rates: o.Rates, limit: 60_000, telling: o.story, due: map[string]time.Time{}, bus: membus.NewHeld(o.Log)}
	if o.story {
		w.Log = slog.New(teller{o.Log.Handler(), w})
	}
	w.sticky = []float64{0, 0.3, 0.7, 0.9}[w.rng.IntN(4)]
	w.storm = []float64{0, 0.3, 1, 1, 3}[w.rng.IntN(5)]
	if w.plot != nil {
		w.storm = 1
	}
	w.tally, w.shadow, w.books = newTally(), newShadow(), newBooks()
	w.bank = o.Bank(w.time, w.outcome)
	return w
}

func (w *world) time() time.Time { return w.now }

// newID makes ids that sort by the time of their making.
func (w *world) newID(prefix string) string {
	w.ids++
	n := strconv.FormatInt(w.ids, 10)
	return prefix + "_" + "00000000000000000000000000"[len(n):] + n
}

func (w *world) open() error {
	all, err := w.Open(w.Topology.databases())
	if err != nil {
		return err
	}
	names := []string{"db"}
	switch w.Topology {
	case Two:
		names = []string{"db1", "db2"}
	case Saga:
		names = []string{"orders", "carts", "catalog", "stock", "prices", "payments"}
	case One:
	}
	for i, raw := range all {
		w.dbs = append(w.dbs, newDatabase(w, names[i], raw))
	}
	w.home = w.dbs[0]
	return nil
}

func (w *world) close() {
	for _, d := range w.dbs {
		if d.Close != nil {
			if err := d.Close(); err != nil {
				w.Log.Warn("simulate: close", "err", err)
			}
		}
	}
	_ = w.bus.Close(w.canceled()) // what is still on its way goes with the world
}

// canceled returns a context that is over.
func (w *world) canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// violate notes that an invariant does not hold, and ends the schedule.
func (w *world) violate(invariant, format string, args ...any) {
	w.stop(invariant, fmt.Sprintf(format, args...))
	if !w.calm && w.cur != w.actors[0] && !w.cur.ended {
		runtime.Goexit()
	}
}

// stop notes a violation; everybody else is as good as dead.
func (w *world) stop(invariant, text string) {
	if w.violation == nil {
		w.say("%s: %s", invariant, text)
		w.violation = &Violation{Seed: w.seed, Topology: w.Topology, Invariant: invariant, Text: text, Step: w.steps, Story: w.story}
	}
	for _, a := range w.actors[1:] {
		a.dead = true
	}
}

// visit counts a step.
func (w *world) visit(point string) {
	w.steps++
	w.points[point]++
	h := w.print
	for i := range len(point) {
		h = (h ^ uint64(point[i])) * 1099511628211
	}
	w.print = (h ^ uint64(w.now.UnixMilli())) * 1099511628211
	if w.story != nil || w.telling {
		w.trace(point)
	}
}

// trace adds a step to the story.
func (w *world) trace(point string) {
	if !w.calm {
		w.tell(w.cur, point, "")
	}
}
