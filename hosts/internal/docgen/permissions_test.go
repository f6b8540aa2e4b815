package docgen

import (
	"testing"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func TestPermissions(t *testing.T) {
	current(t, "../hosts/service/compose/nats-permissions.conf", boot.NATSPermissions())
}
