package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// tally counts what happens in one schedule.
type tally struct {
	points     map[string]int // steps by name
	faults     map[Fault]int
	edges      map[string]int // moves, "order: pending to confirmed"
	events     map[string]int // announced, by name
	answers    map[string]int // errors that people got
	killedAt   map[string]int // fail-points
	failPoints map[string]bool
	seqs       map[string]int64 // of events, by aggregate
	told       map[string]int   // events by aggregate and name
	breaksSeen map[string]int   // of the books, by kind and state
	rebuilt    int              // read models that were made anew
}

// FailPoints are the places in the flows where processes die more often.
var FailPoints = []string{"before place", "after place", "before authorize", "after authorize", "canceling", "before refund", "refund opened"}

func newTally() tally {
	t := tally{points: map[string]int{}, faults: map[Fault]int{}, edges: map[string]int{}, events: map[string]int{}, answers: map[string]int{},
		killedAt: map[string]int{}, failPoints: map[string]bool{}, seqs: map[string]int64{}, told: map[string]int{}, breaksSeen: map[string]int{}}
	for _, name := range FailPoints {
		t.failPoints["at "+name] = true
	}
	return t
}

func (t *tally) edge(of, from, to string) { t.edges[of+": "+from+" to "+to]++ }

// Outcome is something that a schedule can end with.
type Outcome string

// The outcomes. A schedule may have several.
const (
	Paid              Outcome = "paid"                // a confirmed order has its money
	Expired           Outcome = "expired"             // an order was canceled because nobody paid
	CanceledAfterPaid Outcome = "canceled after paid" // a confirmed order was canceled
	PartlyRefunded    Outcome = "partly refunded"
	PaidLate          Outcome = "paid late" // money came when the order was being canceled, or was
)

// Outcomes are all of them.
var Outcomes = []Outcome{Paid, Expired, CanceledAfterPaid, PartlyRefunded, PaidLate}

// Report is what was seen in the schedules of a Run.
type Report struct {
	Topology   Topology
	Schedules  int
	Orders     int
	Steps      int             // places where the schedule could turn
	Points     map[string]int  // the same by name
	Faults     map[Fault]int   // that were made to happen
	FailPoints map[string]int  // deaths at each of FailPoints
	Edges      map[string]int  // moves of states: "order: pending to confirmed"
	Events     map[string]int  // that were announced, by name
	Answers    map[string]int  // errors that people got, by what they asked for
	Outcomes   map[Outcome]int // schedules that ended so
	Breaks     map[string]int  // of the books that were seen, "missing_here resolved"
	Rebuilt    int             // schedules in which the read models were made anew and compared
	Violations []*Violation    // of Options.All
	Print      uint64          // the same for the same steps
}

func newReport(o Options) *Report {
	t := o.Topology
	if t == "" {
		t = One
	}
	return &Report{Topology: t, Points: map[string]int{}, Faults: map[Fault]int{}, FailPoints: map[string]int{}, Edges: map[string]int{},
		Events: map[string]int{}, Answers: map[string]int{}, Outcomes: map[Outcome]int{}, Breaks: map[string]int{}}
}

func sum[K comparable](to, from map[K]int) {
	for k, n := range from {
		to[k] += n
	}
}

func (r *Report) add(w *world) {
	r.Schedules++
	r.Orders += len(w.orders)
	r.Steps += w.steps
	r.Print = r.Print*1099511628211 ^ w.print
	sum(r.Points, w.points)
	sum(r.Faults, w.faults)
	sum(r.Edges, w.edges)
	sum(r.Events, w.events)
	sum(r.Answers, w.answers)
	sum(r.Breaks, w.breaksSeen)
	r.Rebuilt += w.rebuilt
	for _, name := range FailPoints {
		r.FailPoints[name] += w.killedAt["at "+name]
	}
	for o := range w.ended() {
		r.Outcomes[o]++
	}
}

// merge adds what others have seen.
func (r *Report) merge(o *Report) {
	r.Schedules, r.Orders, r.Steps = r.Schedules+o.Schedules, r.Orders+o.Orders, r.Steps+o.Steps
	sum(r.Points, o.Points)
	sum(r.Faults, o.Faults)
	sum(r.FailPoints, o.FailPoints)
	sum(r.Edges, o.Edges)
	sum(r.Events, o.Events)
	sum(r.Answers, o.Answers)
	sum(r.Outcomes, o.Outcomes)
	sum(r.Breaks, o.Breaks)
	r.Rebuilt += o.Rebuilt
}

// balance returns the money of an order, as its document has it.
func (w *world) balance(row order.Row) order.Balance {
	var o order.Order
	if err := json.Unmarshal(row.Doc, &o); err != nil {
		return order.Balance{}
	}
	return o.Balance
}

// ended returns what a schedule has ended with.
func (w *world) ended() map[Outcome]bool {
	out := map[Outcome]bool{}
	for id, row := range w.orders {
		b := w.balance(row)
		confirmed, canceling := false, false
		for _, e := range w.history[id] {
			if e.Kind != "status" {
				continue
			}
			switch order.Status(e.To) {
			case order.StatusConfirmed:
				if canceling && !confirmed {
					out[PaidLate] = true
				}
				confirmed = true
			case order.StatusCanceling:
				canceling = true
			case order.StatusCanceled:
				if confirmed {
					out[CanceledAfterPaid] = true
				}
				if b.Captured.Minor > 0 && !confirmed {
					out[PaidLate] = true
				}
				if e.Text == order.ReasonExpired {
					out[Expired] = true
				}
			default:
			}
		}
		if confirmed && row.Status != order.StatusCanceled && b.Captured.Minor >= row.Total.Minor {
			out[Paid] = true
		}
		if b.Refunded.Minor > 0 && b.Refunded.Minor < b.Captured.Minor {
			out[PartlyRefunded] = true
		}
	}
	return out
}

// Edges returns every move of the state tables of orders, parcels, payments and
// carts, as Report.Edges names them.
func Edges() []string {
	return slices.Concat(edges("order", order.Transitions), edges("fulfillment", order.FulfillmentTransitions),
		edges("payment", payment.Transitions), edges("refund", payment.RefundTransitions), edges("cart", cart.Transitions), disputes, moves, uses)
}

// disputes are the moves of disputes, moves those of gift cards, from nothing, and
// uses those of uses of promotions.
var (
	disputes = []string{"dispute: open to won", "dispute: open to lost"}
	moves    = []string{"gift card:  to held", "gift card:  to issued", "gift card:  to refunded", "gift card:  to released"}
	uses     = []string{"promotion:  to used", "promotion: used to given back"}
)

func edges[S ~string](of string, t state.Table[S]) (all []string) {
	for _, from := range t.States() {
		for _, to := range slices.Sorted(slices.Values(t[from])) {
			all = append(all, of+": "+string(from)+" to "+string(to))
		}
	}
	return all
}

// String is the report as a table.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d schedules, %d orders, %d steps, %.0f for each order, at %d points\n", r.Topology, r.Schedules, r.Orders, r.Steps,
		float64(r.Steps)/float64(max(1, r.Orders)), len(r.Points))
	for _, o := range Outcomes {
		fmt.Fprintf(&b, "  %5.1f %% %s\n", 100*float64(r.Outcomes[o])/float64(max(1, r.Schedules)), o)
	}
	fmt.Fprintf(&b, "  %d listings made anew\n", r.Rebuilt)
	for _, s := range []struct {
		name   string
		counts map[string]int
	}{{"faults", plain(r.Faults)}, {"deaths", r.FailPoints}, {"moves", r.Edges}, {"events", r.Events}, {"refusals", r.Answers}, {"breaks of the books", r.Breaks}} {
		fmt.Fprintf(&b, "%s\n", s.name)
		for _, k := range slices.Sorted(maps.Keys(s.counts)) {
			fmt.Fprintf(&b, "  %8d %s\n", s.counts[k], k)
		}
	}
	return b.String()
}

func plain[K ~string](m map[K]int) map[string]int {
	out := map[string]int{}
	for k, n := range m {
		out[string(k)] = n
	}
	return out
}
