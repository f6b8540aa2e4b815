package checkout

import (
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/event/releasedtest"
)

// TestReleasedStates holds what runs remember against the frozen states: runs
// outlive releases, and are taken over by processes of another one (G01).
func TestReleasedStates(t *testing.T) {
	releasedtest.Check(t, "checkout", reflect.TypeFor[State]())
	releasedtest.Check(t, "cancel", reflect.TypeFor[cancelState]())
	releasedtest.Check(t, "refund", reflect.TypeFor[refundState]())
}
