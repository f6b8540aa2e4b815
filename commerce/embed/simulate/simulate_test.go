package simulate

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// What the environment says: MERCER_SIM_SEED is the first seed, and the only one
// unless MERCER_SIM_SCHEDULES says how many; with MERCER_SIM_STORY the story of
// that seed is printed.
func number(t *testing.T, env string, or int) int {
	t.Helper()
	text := os.Getenv(env)
	if text == "" {
		return or
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", env, err)
	}
	return n
}

// count is how many schedules a test runs: fewer under the race detector, which
// makes them ten times slower.
func count(n int) int {
	if race {
		return n / 20
	}
	return n
}

func run(t *testing.T, o Options) *Report {
	t.Helper()
	one := o.Schedules
	if os.Getenv("MERCER_SIM_SEED") != "" {
		one = 1
	}
	o.Seed, o.Schedules = uint64(number(t, "MERCER_SIM_SEED", 1)), number(t, "MERCER_SIM_SCHEDULES", one)
	if os.Getenv("MERCER_SIM_STORY") != "" {
		lines, err := Story(t.Context(), o, o.Seed)
		if err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + strings.Join(lines, "\n"))
	}
	r, err := Run(t.Context(), o)
	t.Log(r)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unreachable are moves that are in a table, and that no operation makes.
var unreachable = []string{"order: draft to pending", "fulfillment: shipped to lost"}

// TestTopologies holds the invariants in each topology, and that the schedules
// see all there is to see.
func TestTopologies(t *testing.T) {
	all, apart := newReport(Options{}), 0
	for _, c := range []struct {
		topology  Topology
		schedules int
	}{{One, 2000}, {Two, 400}, {Saga, 260}} {
		t.Run(string(c.topology), func(t *testing.T) {
			r := run(t, Options{Topology: c.topology, Schedules: count(c.schedules)})
			if r.Steps < 10*r.Orders {
				t.Errorf("%d steps for %d orders, want 10 for each", r.Steps, r.Orders)
			}
			all.merge(r)
			if c.topology != One {
				apart += r.Schedules
			}
		})
	}
	if all.Schedules >= 2600 && !t.Failed() {
		covers(t, all, apart)
	}
}

// undone are moves that only the undoing of what has committed makes, for which
// the engines must be apart.
var undone = []string{"order: pending to canceled", "fulfillment: shipped to pending", "payment: captured to canceled"}

// covers holds that everything was there often enough: 20 times in 2,000
// schedules, and 10 times in 2,000 of apart, those of engines that are apart, what
// only these can do.
func covers(t *testing.T, r *Report, apart int) {
	t.Helper()
	least := 20 * r.Schedules / 2600
	for _, f := range FaultsOf(Saga) {
		if r.Faults[f] < least {
			t.Errorf("the fault %q happened %d times, want %d", f, r.Faults[f], least)
		}
	}
	for _, name := range FailPoints {
		if r.FailPoints[name] < least {
			t.Errorf("%d processes died at %q, want %d", r.FailPoints[name], name, least)
		}
	}
	for _, e := range Edges() {
		want := least
		if slices.Contains(undone, e) {
			want = 10 * apart / 2000
		}
		if r.Edges[e] < want && !slices.Contains(unreachable, e) {
			t.Errorf("%s: %d times, want %d", e, r.Edges[e], want)
		}
	}
	if least := r.Schedules / rebuilds / 2; r.Rebuilt < least {
		t.Errorf("%d listings were made anew, want %d", r.Rebuilt, least)
	}
	for o, percent := range map[Outcome]int{Paid: 40, Expired: 3, CanceledAfterPaid: 3, PartlyRefunded: 3, PaidLate: 3} {
		if 100*r.Outcomes[o] < percent*r.Schedules {
			t.Errorf("%d of %d schedules ended %s, want %d %%", r.Outcomes[o], r.Schedules, o, percent)
		}
	}
}

// TestSQLite runs the schedules on SQLite, a file for each database.
func TestSQLite(t *testing.T) {
	dir := t.TempDir()
	n := 0
	names := make(chan string)
	go func() {
		for ; ; n++ {
			select {
			case names <- filepath.Join(dir, strconv.Itoa(n)+".db"):
			case <-t.Context().Done():
				return
			}
		}
	}()
	run(t, Options{Schedules: count(100), Open: func(n int) (all []Database, err error) {
		for range n {
			db, err := bunstore.Open(context.Background(), <-names, nil)
			if err != nil {
				return nil, err
			}
			if _, err := db.Migrate(context.Background()); err != nil {
				return nil, err
			}
			all = append(all, SQL(db))
		}
		return all, nil
	}})
}

// TestSame holds that a seed is a schedule: the same steps at the same times,
// whatever else this process does.
func TestSame(t *testing.T) {
	for _, topology := range []Topology{One, Two, Saga} {
		o := Options{Topology: topology, Seed: 1, Schedules: 20, All: true}
		first, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if first.Print != second.Print || first.Steps != second.Steps {
			t.Errorf("%s: %d steps, %x; again %d, %x", topology, first.Steps, first.Print, second.Steps, second.Print)
		}
	}
}

// TestWhole holds that every call of a store is a step: one that is new in its
// interface and not here would go past the schedule.
func TestWhole(t *testing.T) {
	for _, s := range []any{catalogStore{}, inventoryStore{}, pricingStore{}, cartStore{}, orderStore{}, paymentStore{}, mailStore{},
		journal{}, outboxStore{}, inboxStore{}, idemStore{}, jobStore{}} {
		of := reflect.TypeOf(s)
		asked := of.Field(0).Type
		for method := range asked.Methods() {
			m, _ := of.MethodByName(method.Name)
			if file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer()); !strings.HasSuffix(file, ".go") {
				t.Errorf("%s has no %s of its own", of, m.Name)
			}
		}
	}
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the inbox has no logger of its own
	debug.SetGCPercent(400)                        // schedules are many and small
	m.Run()
}
