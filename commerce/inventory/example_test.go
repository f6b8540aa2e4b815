package inventory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
)

// The inventory alone: receive, reserve for an order, ship.
func Example() {
	ctx := context.Background()
	stock := inventory.New(memstore.Inventory{DB: memstore.New()}, nil)

	_, err := stock.Adjust(ctx, inventory.AdjustInput{VariantID: "mug", Delta: 3, Reason: "received", CauseID: "delivery 7"})
	fmt.Println("received:", err)

	two := []inventory.Quantity{{VariantID: "mug", Quantity: 2}}
	_, err = stock.Reserve(ctx, inventory.ReserveInput{OrderID: "ord_1", Items: two})
	fmt.Println("first order:", err)
	_, err = stock.Reserve(ctx, inventory.ReserveInput{OrderID: "ord_2", Items: two})
	fmt.Println("second order:", errors.Is(err, inventory.ErrInsufficient), string(fault.Public(err).Meta))

	_, err = stock.Allocate(ctx, inventory.OrderInput{OrderID: "ord_1"})
	fmt.Println("confirmed:", err)
	_, err = stock.Ship(ctx, inventory.ShipInput{OrderID: "ord_1", CauseID: "ful_1", Items: two})
	fmt.Println("shipped:", err)

	out, _ := stock.Availability(ctx, inventory.AvailabilityInput{VariantIDs: []string{"mug"}})
	fmt.Println("left:", out.Items[0].Quantity, out.Items[0].Status)
	// Output:
	// received: <nil>
	// first order: <nil>
	// second order: true {"variant_id":"mug","requested":2,"available":1}
	// confirmed: <nil>
	// shipped: <nil>
	// left: 1 low
}
