package checkout_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
)

// shop is one shop in some topology.
type shop struct{ *topologytest.World }

// each runs one test body over every topology.
func each(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	for _, top := range topologytest.Topologies {
		t.Run(top.Name, func(t *testing.T) { test(t, &shop{top.Open(t)}) })
	}
}

func TestPlan(t *testing.T) {
	for _, top := range topologytest.Topologies {
		t.Run(top.Name, func(t *testing.T) {
			s := top.Open(t)
			if got := s.Flows.Checkout.Plan(); got != top.Plan {
				t.Errorf("plan\n got %s\nwant %s", got, top.Plan)
			}
			if got := s.Flows.Fulfil.Plan(); got != top.Ship {
				t.Errorf("plan of ship\n got %s\nwant %s", got, top.Ship)
			}
		})
	}
}
