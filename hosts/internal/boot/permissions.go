package boot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// gatewayUser is the user of the gateway on NATS; each service is the user of
// its name.
const gatewayUser = "gateway"

// gatewayCalls are the operations without a route that the gateway calls: to
// know who asks, and whether what it has cached is still so.
var gatewayCalls = []string{"account.authenticate", "account.jwks", "catalog.generation", "pricing.generation"}

// streamKeeper is the service that may change the stream of events.
const streamKeeper = "order"

const permissionsNote = `# Written by make generate. Do not edit.
#
# The users of NATS: the gateway and the services of the platform. Each one may
# serve its own operations, call those that it needs, publish the events of its
# own engines, and take events as the consumers that are its own. Passwords are
# in the environment and read as if they stood here: letters and digits, and a
# letter among them.
`

// NATSPermissions returns the configuration of the users on NATS, as NATSUsers
// has them.
func NATSPermissions(together ...[]string) []byte {
	return append([]byte(permissionsNote), natsrpc.Permissions(NATSUsers(together...))...)
}

// PrintPermissions writes the configuration of the users on NATS to standard
// output. Each argument names services that are one process: cart,order.
func PrintPermissions(_ context.Context, c Config, _ *slog.Logger) error {
	var together [][]string
	taken := map[string]bool{}
	for _, arg := range c.Args {
		group := list(arg)
		for _, name := range group {
			if !slices.Contains(ServiceNames(), name) || taken[name] {
				return fmt.Errorf("want services that are one process, as cart,order, each one once: %s; one is %q", strings.Join(ServiceNames(), ", "), name)
			}
			taken[name] = true
		}
		together = append(together, group)
	}
	_, err := os.Stdout.Write(NATSPermissions(together...))
	return err
}

// NATSUsers returns what the gateway and each service may do on NATS. Services
// that are together are one process, whose engines know each other without NATS:
// they are one user, by the name of all of them, as "cart-order".
func NATSUsers(together ...[]string) []natsrpc.User {
	users := eachAlone()
	for _, services := range together {
		users = joined(users, services)
	}
	return users
}

// joined returns users with those of services as one, the last.
func joined(users []natsrpc.User, services []string) []natsrpc.User {
	one := natsrpc.User{Name: strings.Join(services, "-"), Stream: natsbus.Stream}
	users = slices.DeleteFunc(users, func(u natsrpc.User) bool {
		if !slices.Contains(services, u.Name) {
			return false
		}
		one.Serves, one.Publishes = append(one.Serves, u.Serves...), append(one.Publishes, u.Publishes...)
		one.Consumes, one.Repairs = append(one.Consumes, u.Consumes...), one.Repairs || u.Repairs
		for _, name := range u.Calls {
			if !slices.Contains(services, ServiceOf(name)) {
				one.Calls = append(one.Calls, name)
			}
		}
		return true
	})
	return append(users, one)
}

// eachAlone returns the users of a platform where each service is a process.
func eachAlone() []natsrpc.User {
	var operations []string
	list := op.RegistrarFunc(func(h op.Handler) { operations = append(operations, h.Name) })
	commerce.Register(list, commerce.Remote(nil))
	users := []natsrpc.User{{Name: gatewayUser, Calls: callsOfGateway(), Watches: true}}
	for _, p := range platform {
		u := natsrpc.User{Name: p.service, Serves: servedBy(p.service, operations), Calls: p.calls, Stream: natsbus.Stream, Consumes: p.groups, Repairs: p.service == streamKeeper}
		for _, engine := range p.engines {
			u.Publishes = append(u.Publishes, "mercer.events."+engine+".>")
		}
		users = append(users, u)
	}
	return users
}

// callsOfGateway returns the operations with a route and those without that the
// gateway calls, and those of each service's outbox: of them all it makes one.
func callsOfGateway() []string {
	calls := slices.Clone(gatewayCalls)
	for _, r := range httpapi.Routes {
		if ServiceOf(r.Op) != "" {
			calls = append(calls, r.Op)
		}
	}
	for _, service := range ServiceNames() {
		list := op.RegistrarFunc(func(h op.Handler) { calls = append(calls, h.Name) })
		outbox.Register(outbox.Under(outboxEngine(service), list), outbox.Client{})
	}
	return calls
}
