package contracttest

import (
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
)

// topology is a World as cases see it.
func topology(t *testing.T, w *topologytest.World) *Topology {
	return &Topology{Caller: w.Caller, Bare: w.Bare, Heard: w.Heard, PutAside: w.PutAside, Tear: w.Tear, Pass: func(d time.Duration) {
		w.Clock.Advance(d)
		if err := w.Work(t.Context()); err != nil {
			t.Error(err)
		}
	}}
}

// The same is tried wherever the parts of a shop are, and the same comes back.
func TestContract(t *testing.T) {
	ran := map[string][]string{}
	for _, top := range topologytest.Topologies {
		t.Run(top.Name, func(t *testing.T) {
			ran[top.Name] = Run(t, func(t *testing.T) *Topology { return topology(t, top.Open(t)) })
		})
	}
	t.Run("the same", func(t *testing.T) { Same(t, ran) })
}
