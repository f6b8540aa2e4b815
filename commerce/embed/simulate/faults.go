package simulate

import (
	"fmt"
	"maps"
	"slices"
)

// Fault is something that goes wrong.
type Fault string

// The faults.
const (
	KillOne           Fault = "kill one"
	KillAll           Fault = "kill all"
	CommitUnknown     Fault = "commit unanswered"
	CommitLost        Fault = "commit refused"
	UnitAgain         Fault = "unit run again"
	StatementFails    Fault = "statement fails"
	CallLost          Fault = "call lost"
	CallUnanswered    Fault = "call unanswered"
	CallLate          Fault = "call late"
	PublishLost       Fault = "publish lost"
	PublishUnanswered Fault = "publish unanswered"
	EventAgain        Fault = "event again"
	NoticeLost        Fault = "notice lost"
	NoticeAgain       Fault = "notice again"
	WireLost          Fault = "wire: request lost" // between services, in Saga
	WireUnanswered    Fault = "wire: answer lost"
	WireLate          Fault = "wire: late"
)

// Usual are rates at which most orders come to be and few come to be easily.
func Usual() map[Fault]float64 {
	return map[Fault]float64{
		KillOne: 0.0012, KillAll: 0.0001, CommitUnknown: 0.004, CommitLost: 0.004, UnitAgain: 0.01, StatementFails: 0.0007,
		CallLost: 0.09, CallUnanswered: 0.1, CallLate: 0.09, PublishLost: 0.03, PublishUnanswered: 0.03, EventAgain: 0.08,
		NoticeLost: 0.12, NoticeAgain: 0.3, WireLost: 0.012, WireUnanswered: 0.022, WireLate: 0.012,
	}
}

// wired are the faults of a wire between services.
var wired = []Fault{WireLost, WireUnanswered, WireLate}

// FaultsOf returns the faults that a topology can have, in order.
func FaultsOf(t Topology) []Fault {
	all := slices.Sorted(maps.Keys(Usual()))
	if t != Saga {
		all = slices.DeleteFunc(all, func(f Fault) bool { return slices.Contains(wired, f) })
	}
	return all
}

// atFailPoint is how many times more often processes die at a fail-point.
const atFailPoint = 12

// dice reports whether a fault happens here.
func (w *world) dice(f Fault, times float64) bool {
	if w.calm || w.cur.dead {
		return false
	}
	rate := w.rates[f]
	if rate == 0 || w.rng.Float64() >= rate*times*w.storm {
		return false
	}
	w.faults[f]++
	return true
}

// tell adds a line to the story.
func (w *world) tell(a *actor, point, what string) {
	if !w.telling {
		return
	}
	w.story = append(w.story, fmt.Sprintf("%6d %s %-24s %-28s %s", w.steps, w.now.Format("15:04:05.000"), a.name, point, what))
}

// say is tell for something that the world does.
func (w *world) say(format string, args ...any) {
	if w.telling {
		w.tell(w.cur, "", fmt.Sprintf(format, args...))
	}
}
