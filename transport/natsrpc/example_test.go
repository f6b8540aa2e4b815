package natsrpc_test

import (
	"os"

	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

func ExamplePermissions() {
	_, _ = os.Stdout.Write(natsrpc.Permissions([]natsrpc.User{
		{Name: "gateway", Calls: []string{"cart.cart"}, Watches: true},
		{Name: "cart", Serves: []string{"cart", "storefront.cart"}, Stream: "EVENTS", Publishes: []string{"events.cart.>"}, Consumes: []string{"carts"}},
	}))
	// Output:
	// authorization {
	//   users: [
	//     {
	//       user: "gateway", password: $NATS_GATEWAY_PASSWORD
	//       permissions: {
	//         publish: {allow: [
	//           "$SRV.>"
	//           "mercer.v1.cart.cart"
	//         ]}
	//         subscribe: {allow: [
	//           "_INBOX_gateway.>"
	//           "_WATCH_gateway.>"
	//         ]}
	//       }
	//     }
	//     {
	//       user: "cart", password: $NATS_CART_PASSWORD
	//       permissions: {
	//         publish: {allow: [
	//           "$JS.ACK.EVENTS.carts.>"
	//           "$JS.API.CONSUMER.CREATE.EVENTS.carts"
	//           "$JS.API.CONSUMER.CREATE.EVENTS.carts.>"
	//           "$JS.API.CONSUMER.INFO.EVENTS.carts"
	//           "$JS.API.CONSUMER.MSG.NEXT.EVENTS.carts"
	//           "$JS.API.STREAM.CREATE.EVENTS"
	//           "$JS.API.STREAM.INFO.EVENTS"
	//           "_WATCH_gateway.>"
	//           "events.cart.>"
	//         ]}
	//         subscribe: {allow: [
	//           "$SRV.*.mercer-cart"
	//           "$SRV.*.mercer-cart.*"
	//           "$SRV.*.mercer-storefront"
	//           "$SRV.*.mercer-storefront.*"
	//           "$SRV.INFO"
	//           "$SRV.PING"
	//           "$SRV.STATS"
	//           "_INBOX_cart.>"
	//           "mercer.v1.cart.*"
	//           "mercer.v1.storefront.cart"
	//         ]}
	//         allow_responses: {max: 1, expires: "600s"}
	//       }
	//     }
	//   ]
	// }
}
