package docgen

import (
	"fmt"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/event/releasedtest"
)

// TestReleasedEvents holds the payload of every event against the frozen one:
// outboxes and streams have some of older releases, and services of two releases
// run side by side (G01).
func TestReleasedEvents(t *testing.T) {
	for _, e := range events {
		releasedtest.Check(t, fmt.Sprintf("%s.v%d", e.Name, e.Version), e.Payload)
	}
}
