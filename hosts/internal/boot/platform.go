package boot

import (
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce"
)

// platform are the services behind the gateway: the engines in each, the
// operations elsewhere that these and the flows beside them call, and who takes
// their events.
var platform = []struct {
	service string
	engines []string
	calls   []string
	groups  []string
}{
	{service: "user", engines: []string{"account"}},
	{service: "product", engines: []string{"catalog", "inventory", "pricing"}, groups: []string{"listing"}},
	{service: "cart", engines: []string{"cart"},
		calls: []string{"catalog.variants", "inventory.availability", "payment.gift_card_by_code", "payment.gift_cards_of", "payment.methods", "pricing.markets", "pricing.quote", "pricing.try_code"}},
	{service: "order", engines: []string{"order"}, groups: []string{"attach", "checkout"},
		calls: []string{
			"account.customer",
			"cart.cart", "cart.close", "cart.reopen", "catalog.variants",
			"inventory.allocate", "inventory.availability", "inventory.release", "inventory.reservations", "inventory.reserve", "inventory.ship", "inventory.unship",
			"payment.authorize", "payment.capture", "payment.gift_cards_of", "payment.methods", "payment.open", "payment.open_refund", "payment.payment", "payment.payments",
			"payment.refunds", "payment.send_refund", "payment.settle_gift_cards", "payment.unsettled", "payment.void", "payment.void_refund",
			"pricing.quote", "pricing.redeem", "pricing.restore",
		}},
	{service: "payment", engines: []string{"payment"}},
	{service: "notification", engines: []string{"notification"}, calls: []string{"account.challenge", "order.access_mail"}, groups: []string{"notification"}},
}

// ServiceNames returns the services of the platform.
func ServiceNames() (names []string) {
	for _, p := range platform {
		names = append(names, p.service)
	}
	return names
}

// EnginesOf returns the engines of a service.
func EnginesOf(service string) []string {
	for _, p := range platform {
		if p.service == service {
			return slices.Clone(p.engines)
		}
	}
	return nil
}

// ServiceOf returns the service that serves an operation, "" for none.
func ServiceOf(operation string) string {
	for _, p := range platform {
		if slices.Contains(p.engines, commerce.Home(operation)) {
			return p.service
		}
	}
	return ""
}

// outboxEngine returns the engine under whose name the outbox of a service is
// served, as outbox.Under does it.
func outboxEngine(service string) string { return EnginesOf(service)[0] }

// servedBy returns what a service serves, as natsrpc.User.Serves has it: its
// engines, and of the named operations those of flows; a flow that is beside it
// as a whole by its name.
func servedBy(service string, operations []string) []string {
	elsewhere := map[string]bool{} // flows of which another service has a part
	for _, name := range operations {
		if ServiceOf(name) != service {
			elsewhere[engineOf(name)] = true
		}
	}
	serves := EnginesOf(service)
	for _, name := range operations {
		if ServiceOf(name) != service {
			continue
		}
		if flow := engineOf(name); !elsewhere[flow] {
			name = flow
		}
		serves = append(serves, name)
	}
	return slices.Compact(slices.Sorted(slices.Values(serves)))
}

// engineOf returns what the name of an operation or an event begins with.
func engineOf(name string) string {
	engine, _, _ := strings.Cut(name, ".")
	return engine
}
