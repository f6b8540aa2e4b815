package simulate

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// actor is somebody who does something: a goroutine. Of all actors exactly one
// runs at a time, cur; it goes on until it comes to a step, and there the
// schedule says who is next. So a seed and the code decide everything.
type actor struct {
	name  string
	wake  chan struct{}
	proc  *process    // whose program it runs, nil for people
	dead  bool        // it was killed: it unwinds, and does nothing any more
	ended bool        //
	until func() bool // what it waits for, nil for nothing
	at    time.Time   // when it wakes up, whatever it waits for; zero is never
	units int         // of work that it has open
}

// root is the name of the actor that makes the others.
const root = "world"

// spawn starts an actor, which runs fn when its turn comes.
func (w *world) spawn(name string, proc *process, fn func()) *actor {
	a := &actor{name: name, proc: proc, wake: make(chan struct{})}
	w.actors = append(w.actors, a)
	go func() {
		<-a.wake
		defer w.leave(a)
		if !a.dead {
			fn()
		}
	}()
	return a
}

// leave ends an actor, killed or not, and gives its turn away.
func (w *world) leave(a *actor) {
	if p := recover(); p != nil {
		w.stop("panic", fmt.Sprintf("%s: %v\n%s", a.name, p, debug.Stack()))
	}
	a.ended = true
	w.actors = slices.DeleteFunc(w.actors, func(o *actor) bool { return o == a })
	next := w.pick()
	w.cur = next
	next.wake <- struct{}{}
}

// step is a place where an actor can be stopped, for others to go on, or killed.
func (w *world) step(point string) {
	a := w.cur
	if a.dead {
		runtime.Goexit()
	}
	w.visit(point)
	w.progress.Add(1)
	w.now = w.now.Add(tick)
	if w.calm {
		return
	}
	if w.steps > w.limit {
		w.violate("end", "the schedule does not end: %d steps", w.steps)
	}
	w.fate(a, point)
	w.turn(a)
}

// turn gives the turn to whom the schedule picks, and returns when it is back.
func (w *world) turn(a *actor) {
	next := w.pick()
	if next != a {
		w.cur = next
		next.wake <- struct{}{}
		w.await(a)
	}
	if a.dead {
		runtime.Goexit()
	}
}

// patience is how long an actor may keep the turn, in the time of this world.
const patience = time.Minute

// await waits for the turn. Only the world itself, which gets it at the end, can
// find out that somebody keeps it.
func (w *world) await(a *actor) {
	if a.name != root {
		<-a.wake
		return
	}
	for t := time.NewTicker(patience); ; {
		before := w.progress.Load()
		select {
		case <-a.wake:
			t.Stop()
			return
		case <-t.C:
		}
		if w.progress.Load() == before {
			all := make([]byte, 1<<20)
			panic(fmt.Sprintf("simulate: seed %d: somebody keeps the turn: it waits for what is no step of the schedule\n%s", w.seed, all[:runtime.Stack(all, true)]))
		}
	}
}

// wait returns when until holds, or at a time if that is not zero.
func (w *world) wait(until func() bool, at time.Time) {
	a := w.cur
	if a.dead {
		runtime.Goexit()
	}
	for !until() && (at.IsZero() || w.now.Before(at)) {
		a.until, a.at = until, at
		w.turn(a)
	}
	a.until, a.at = nil, time.Time{}
}

func never() bool { return false }

// sleep waits for d.
func (w *world) sleep(d time.Duration) {
	if w.cur.units > 0 {
		w.violate("N17", "%s sleeps in a unit of work", w.cur.name)
	}
	if w.calm {
		w.now = w.now.Add(d)
		return
	}
	w.wait(never, w.now.Add(d))
}

// pick returns who is next. Those that were killed are, until they are gone.
// When nobody can do anything the clock goes on to where somebody can.
func (w *world) pick() *actor {
	w.ready = w.ready[:0]
	here := false
	for _, a := range w.actors {
		switch {
		case a.dead:
			return a
		case a.until == nil, !a.at.IsZero() && !w.now.Before(a.at), a.until():
			w.ready = append(w.ready, a)
			here = here || a == w.cur
		}
	}
	if here && w.rng.Float64() < w.sticky {
		return w.cur
	}
	if len(w.ready) > 0 {
		return w.ready[w.rng.IntN(len(w.ready))]
	}
	return w.skip()
}

// skip moves the clock to where the first actor wakes up.
func (w *world) skip() *actor {
	var first *actor
	for _, a := range w.actors {
		if !a.at.IsZero() && (first == nil || a.at.Before(first.at)) {
			first = a
		}
	}
	for _, d := range w.dbs {
		if d.unit != nil {
			w.stop("N17", fmt.Sprintf("%s stands still in a unit of work of %s", d.unit.actor.name, d.name))
			return w.pick()
		}
	}
	if first == nil {
		var all []string
		for _, a := range w.actors {
			all = append(all, a.name)
		}
		w.stop("end", fmt.Sprintf("%q wait for one another", all))
		return w.pick()
	}
	w.now = first.at
	return first
}

// fate decides whether an actor dies here, or everybody with it.
func (w *world) fate(a *actor, point string) {
	if a.proc == nil {
		return
	}
	times := 1.0
	if w.failPoints[point] {
		times = atFailPoint
	}
	switch {
	case w.dice(KillAll, times):
		w.tell(a, point, "everybody is killed")
		for _, o := range w.actors {
			o.dead = o.dead || o.proc != nil
		}
	case w.dice(KillOne, times):
		w.tell(a, point, "is killed")
		a.dead = true
	default:
		return
	}
	if w.failPoints[point] {
		w.killedAt[point]++
	}
	runtime.Goexit()
}

// serve runs fn as a request to a process, and returns its error: errCut when
// the process died.
func (w *world) serve(name string, fn func(p *process) error) error {
	p := w.process()
	if w.calm {
		before := w.cur.proc
		w.cur.proc = p
		defer func() { w.cur.proc = before; w.free(p) }()
		return fn(p)
	}
	var err error
	done := false
	a := w.spawn(name, p, func() {
		err = fn(p)
		done = true
	})
	w.wait(func() bool { return a.ended }, time.Time{})
	if !done {
		return errCut
	}
	w.free(p)
	return err
}
