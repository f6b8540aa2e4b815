// Command onefile is a whole shop in one file: a database, prices, stock, carts,
// orders, payment on delivery and parcels, in one call of embed.Open.
//
//	go run ./examples/onefile           sells two mugs and prints the order
//	go run ./examples/onefile -serve    then serves the shop over HTTP
//
// Everything below is the library: there is no server to start and nothing to
// configure. The shop lies in a directory, here one that is removed at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func main() {
	serve := flag.Bool("serve", false, "serve the shop over HTTP until ctrl-c")
	addr := flag.String("addr", "127.0.0.1:3001", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if !*serve {
		*addr = ""
	}
	if err := run(ctx, os.Stdout, *addr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run sells something and, when addr is not empty, serves the shop there.
func run(ctx context.Context, out io.Writer, addr string) (err error) {
	dir, err := os.MkdirTemp("", "onefile")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	// A whole shop. Give a directory that stays, and the shop stays.
	shop, err := embed.Open(ctx, dir, &embed.Options{Name: "Mugs of Berlin", Currency: "EUR", Country: "DE"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()

	mug, err := stockUp(ctx, shop)
	if err != nil {
		return err
	}
	sold, err := buy(ctx, shop, mug)
	if err != nil {
		return err
	}
	sent, err := send(ctx, shop, sold.ID)
	if err != nil {
		return err
	}
	show(out, sent)
	if addr == "" {
		return nil
	}
	return serveHTTP(ctx, out, shop, addr)
}

// stockUp makes a product that shoppers can see, with a price and with stock,
// and returns the id of its only variant. A context in which nobody is named is
// the program itself, which may do everything.
func stockUp(ctx context.Context, shop *embed.Shop) (string, error) {
	p, err := shop.Catalog.CreateProduct(ctx, catalog.CreateProductInput{ProductFields: catalog.ProductFields{
		Slug: "mug", Title: "Mug", Status: catalog.StatusActive, Published: new(true),
		Variants: []catalog.VariantFields{{SKU: "MUG-1", RequiresShipping: true, Taxable: true, WeightG: 350}},
	}})
	if err != nil {
		return "", err
	}
	id := p.Variants[0].ID

	// Amounts are whole numbers of the smallest unit: 1499 is EUR 14.99. Every
	// entry of a list gets an answer of its own.
	prices, err := shop.Pricing.PutPrices(ctx, pricing.PutPricesInput{Sets: []pricing.PriceSet{
		{VariantID: id, Currency: "EUR", Prices: []pricing.PriceFields{{Amount: 1499}}},
	}})
	if err != nil {
		return "", err
	}
	if refused := prices.Results[0].Error; refused != nil {
		return "", refused
	}
	_, err = shop.Inventory.SetLevel(ctx, inventory.SetLevelInput{VariantID: id, OnHand: 10})
	return id, err
}

// buy does what a guest does in a browser: a cart, an address, a way to deliver,
// an order.
func buy(ctx context.Context, shop *embed.Shop, mug string) (order.Order, error) {
	// From here on a guest asks, not the program: they see and change only what
	// they hold a token for.
	guest := ident.With(ctx, ident.Actor{Kind: ident.Guest})
	c, err := shop.Storefront.CreateCart(guest, storefront.CreateCartInput{
		Email: "ada@example.com", Items: []storefront.AddItem{{VariantID: mug, Quantity: 2}},
	})
	if err != nil {
		return order.Order{}, err
	}
	guest = ident.With(ctx, ident.Actor{Kind: ident.Guest, CartToken: c.Token})

	home := address.Address{Name: "Ada Buyer", Line1: "Hauptstr. 1", City: "Berlin", PostalCode: "10115", Country: "DE"}
	for _, kind := range []string{"shipping", "billing"} {
		if _, err := shop.Storefront.SetAddress(guest, storefront.SetAddressInput{ID: c.ID, Kind: kind, Address: home}); err != nil {
			return order.Order{}, err
		}
	}
	ways, err := shop.Storefront.ShippingOptions(guest, cart.IDInput{ID: c.ID})
	if err != nil {
		return order.Order{}, err
	}
	c, err = shop.Storefront.SetShippingOption(guest, storefront.SetShippingOptionInput{ID: c.ID, OptionID: ways.Items[0].ID})
	if err != nil {
		return order.Order{}, err
	}

	// The shopper says what they expect to pay. If the price has changed since
	// they looked, nothing is ordered.
	placed, err := shop.Checkout.Complete(guest, checkout.CompleteInput{
		ID: c.ID, ExpectedTotal: c.Totals.Total, Payment: checkout.Means{Method: offlinepay.CashOnDelivery},
	})
	return placed.Order, err
}

// send plans a parcel of everything in the order and says that it has left.
func send(ctx context.Context, shop *embed.Shop, orderID string) (order.Order, error) {
	o, err := shop.Fulfil.Create(ctx, order.CreateFulfillmentInput{ID: orderID})
	if err != nil {
		return order.Order{}, err
	}
	return shop.Fulfil.Ship(ctx, fulfil.ShipInput{
		ID: o.Fulfillments[0].ID, Tracking: []order.Tracking{{Carrier: "DHL", Number: "00340434"}},
	})
}

func show(out io.Writer, o order.Order) {
	fmt.Fprintf(out, "Order %s: %s, %s\n", o.Number, o.Status, o.FulfillmentStatus)
	for _, it := range o.Items {
		fmt.Fprintf(out, "  %d × %-10s %v\n", it.Quantity, it.Title, it.Total)
	}
	fmt.Fprintf(out, "  %-14s %v\n", o.Shipping.Name, o.Shipping.Total)
	fmt.Fprintf(out, "  %-14s %v, to be paid on delivery\n", "Total", o.Totals.Total)
	fmt.Fprintf(out, "  sent with %s %s\n", o.Fulfillments[0].Tracking[0].Carrier, o.Fulfillments[0].Tracking[0].Number)
}

// serveHTTP serves the shop as a JSON API until ctx ends. The Mux is an
// http.Handler like any other: hang it into a server of your own.
func serveHTTP(ctx context.Context, out io.Writer, shop *embed.Shop, addr string) error {
	m := httpapi.New(nil)
	shop.Register(m)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	// Lists are made from events, in the background: wait for those of above.
	if err := shop.Drain(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Serving: curl http://%s/v1/products\n", l.Addr())
	return httpapi.Serve(ctx, l, m, nil)
}
