package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
)

var errNoParcel = fault.New(fault.Refused, "order.no_parcel", "no parcel of the order is on its way")

func orderShip(w *world) *cobra.Command {
	var in order.CreateFulfillmentInput
	var items, tracking []string
	var notify bool
	cmd := &cobra.Command{
		Use: "ship ORDER", Short: "Say that a parcel has left", Args: cobra.ExactArgs(1),
		Long: `Say that a parcel has left: its units leave the shelf. Parcels that are planned already are the ones that leave;
without any, and with --item, a new one is made, of all that remains unless --item says what.`,
		Example: "  mercer order ship 1001 --tracking DHL:00340434\n  mercer order ship 1001 --item oi_01JD4B=2",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		if in.Items, err = units(o, items); err != nil {
			return err
		}
		parcel := fulfil.ShipInput{Notify: notify}
		if parcel.Tracking, err = trackings(tracking); err != nil {
			return err
		}
		if o, err = s.ship(cmd.Context(), o, in, parcel); err != nil {
			return err
		}
		return w.printOrder(o)
	})
	f := cmd.Flags()
	f.StringSliceVar(&items, "item", nil, "what is in the parcel: ITEM=QUANTITY, by the item's id or SKU")
	f.StringSliceVar(&tracking, "tracking", nil, "how to find it: CARRIER:NUMBER")
	f.StringVar(&in.LocationID, "location", "", "where it leaves from (main when absent)")
	f.BoolVar(&notify, "notify", false, "tell the shopper")
	return w.keyed(cmd)
}

// ship sends the planned parcels of o on their way, or a new one when there is
// none or in names items. The key of ctx makes the same parcel each time.
func (s *shop) ship(ctx context.Context, o order.Order, in order.CreateFulfillmentInput, parcel fulfil.ShipInput) (order.Order, error) {
	leaving := inState(o, order.FulPending)
	if len(in.Items) > 0 || len(leaving) == 0 {
		in.ID, in.FulfillmentID = o.ID, ident.DeriveID("ful", o.ID+" "+ident.Key(ctx))
		if _, err := s.Fulfil.Create(ctx, in); err != nil {
			return o, err
		}
		leaving = []string{in.FulfillmentID}
	}
	for _, id := range leaving {
		parcel.ID = id
		var err error
		if o, err = s.Fulfil.Ship(partOf(ctx, id), parcel); err != nil {
			return o, err
		}
	}
	return o, nil
}

// units reads what goes into a parcel: ITEM=QUANTITY, by the item's id or SKU.
func units(o order.Order, items []string) (out []order.Units, err error) {
	for _, one := range items {
		ref, count, ok := strings.Cut(one, "=")
		if !ok {
			return nil, usagef("--item wants ITEM=QUANTITY; it is %q", one)
		}
		n, err := quantity(count)
		if err != nil {
			return nil, err
		}
		id := ref
		for _, it := range o.Items {
			if text(it.SKU) == ref {
				id = it.ID
			}
		}
		out = append(out, order.Units{ItemID: id, Quantity: n})
	}
	return out, nil
}

func trackings(list []string) (out []order.Tracking, err error) {
	for _, one := range list {
		carrier, number, ok := strings.Cut(one, ":")
		if !ok || carrier == "" || number == "" {
			return nil, usagef("--tracking wants CARRIER:NUMBER; it is %q", one)
		}
		out = append(out, order.Tracking{Carrier: carrier, Number: number})
	}
	return out, nil
}

// partOf returns a context with a key for one of several calls: a key is for
// one request.
func partOf(ctx context.Context, part string) context.Context {
	return ident.WithKey(ctx, fmt.Sprintf("%.180s.%s", ident.Key(ctx), part))
}

// inState returns the ids of the fulfillments of o that are in a state.
func inState(o order.Order, state order.FulfillmentState) (ids []string) {
	for _, f := range o.Fulfillments {
		if f.Status == state {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func orderDeliver(w *world) *cobra.Command {
	var at, parcel string
	cmd := &cobra.Command{Use: "deliver ORDER", Short: "Say that what is on its way has arrived", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		in := order.DeliverFulfillmentInput{}
		var err error
		if in.At, err = moment(at); err != nil {
			return err
		}
		o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		arrived := inState(o, order.FulShipped)
		if parcel != "" {
			arrived = []string{parcel}
		}
		if len(arrived) == 0 && len(inState(o, order.FulDelivered)) == 0 {
			return errNoParcel
		}
		for _, id := range arrived {
			in.FulfillmentID = id
			if o, err = s.Fulfil.Deliver(partOf(cmd.Context(), id), in); err != nil {
				return err
			}
		}
		return w.printOrder(o)
	})
	cmd.Flags().StringVar(&at, "at", "", "when, as 2027-01-31T12:00:00Z (now when absent)")
	cmd.Flags().StringVar(&parcel, "fulfillment", "", "only this one")
	return w.keyed(cmd)
}
