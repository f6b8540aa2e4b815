package order_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// The engine alone: an order that needs no payment before it ships.
func Example() {
	ctx := context.Background()
	orders := order.New(memstore.Orders{DB: memstore.New()}, nil)

	price, none := money.New(2499, "USD"), money.Zero("USD")
	totals := bill.Zero("USD")
	totals.Subtotal, totals.Total, totals.AmountDue = price, price, price
	o, err := orders.Place(ctx, order.PlaceInput{CheckoutID: "cart_1.1", Confirmed: true, Order: order.Order{
		Currency: "USD", Email: "ada@example.com", Totals: totals,
		Items: []order.Item{{ID: "oi_1", Title: "Mug", RequiresShipping: true, Quantity: 1,
			UnitPrice: price, Subtotal: price, Discount: none, Tax: none, Total: price}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.Number, o.Status, o.PaymentStatus, o.Balance.Due)

	if o, err = orders.CreateFulfillment(ctx, order.CreateFulfillmentInput{ID: o.ID}); err != nil {
		fmt.Println(err)
		return
	}
	parcel := o.Fulfillments[0].ID
	if o, err = orders.ShipFulfillment(ctx, order.ShipFulfillmentInput{FulfillmentID: parcel}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.Status, o.FulfillmentStatus)

	_, err = orders.BeginCancel(ctx, order.CancelInput{ID: o.ID, Reason: order.ReasonCustomer})
	fmt.Println(err)
	// Output:
	// 1001 confirmed none USD 24.99
	// confirmed fulfilled
	// a parcel of this order is planned or has left
}
