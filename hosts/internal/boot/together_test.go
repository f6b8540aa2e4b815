package boot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// Services that are one process are one user, who may do what each of them may,
// but does not call over NATS what is beside it.
func TestTogether(t *testing.T) {
	alone := map[string]natsrpc.User{}
	for _, u := range boot.NATSUsers() {
		alone[u.Name] = u
	}
	users := boot.NATSUsers([]string{"cart", "order"})
	one := users[len(users)-1]
	if len(users) != len(alone)-1 || one.Name != "cart-order" || natsrpc.PasswordVariable(one.Name) != "NATS_CART_ORDER_PASSWORD" || !one.Repairs {
		t.Fatalf("%d users, the last is %+v", len(users), one)
	}
	cart, order := alone["cart"], alone["order"]
	for what, c := range map[string]struct{ got, want []string }{
		"serves":    {one.Serves, slices.Concat(cart.Serves, order.Serves)},
		"publishes": {one.Publishes, slices.Concat(cart.Publishes, order.Publishes)},
		"consumes":  {one.Consumes, slices.Concat(cart.Consumes, order.Consumes)},
		"calls": {one.Calls, slices.DeleteFunc(slices.Concat(cart.Calls, order.Calls), func(name string) bool {
			return strings.HasPrefix(name, "cart.") || strings.HasPrefix(name, "order.")
		})},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s %v, want %v", what, c.got, c.want)
		}
	}
	if got := boot.NATSUsers([]string{"payment"}); len(got) != len(alone) {
		t.Errorf("one service together: %d users, want %d", len(got), len(alone))
	}
}

func TestPermissionsRefuse(t *testing.T) {
	for _, args := range [][]string{{"cart,orders"}, {"cart,order", "cart"}, {"cart,cart"}, {"gateway"}} {
		if err := boot.PrintPermissions(t.Context(), boot.Config{Args: args}, quiet); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
