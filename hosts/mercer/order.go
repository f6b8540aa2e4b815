package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func orderCommand(w *world) *cobra.Command {
	return group("order", "Orders, by number or id", orderList(w), orderShow(w), orderExplain(w), orderShip(w), orderDeliver(w), orderCancel(w), orderCapture(w), orderRefund(w))
}

func orderList(w *world) *cobra.Command {
	var in order.OrdersInput
	var from, to, status, paid, fulfilled string
	cmd := &cobra.Command{
		Use: "list", Short: "List the orders, newest first", Args: cobra.NoArgs,
		Example: "  mercer order list --status confirmed --fulfillment unfulfilled",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		since, err := moment(from)
		if err != nil {
			return err
		}
		until, err := moment(to)
		if err != nil {
			return err
		}
		if since != nil {
			in.From = *since
		}
		if until != nil {
			in.To = *until
		}
		in.Status, in.PaymentStatus, in.FulfillmentStatus = order.Status(status), order.PaymentStatus(paid), order.FulfillmentStatus(fulfilled)
		p, err := s.Orders.Orders(cmd.Context(), in)
		if err != nil {
			return err
		}
		w.more(p.NextCursor)
		return w.print(p, orders(p.Items...), nil)
	})
	pages(cmd, &in.Query)
	f := cmd.Flags()
	f.StringVar(&status, "status", "", "pending, confirmed, completed, canceling or canceled")
	f.StringVar(&paid, "payment", "", "payment status: none, authorized, paid …")
	f.StringVar(&fulfilled, "fulfillment", "", "fulfillment status: unfulfilled, partial, fulfilled, delivered …")
	f.StringVar(&in.Email, "email", "", "only of this shopper")
	f.StringVar(&from, "from", "", "placed at or after, as 2027-01-31")
	f.StringVar(&to, "to", "", "placed before, as 2027-01-31")
	return cmd
}

// orders is a table of orders.
func orders(list ...order.Order) table {
	t := table{head: []string{"NUMBER", "PLACED", "STATUS", "PAYMENT", "FULFILLMENT", "TOTAL", "EMAIL", "ID"}}
	for _, o := range list {
		t.add(o.Number, when(o.PlacedAt), string(o.Status), string(o.PaymentStatus), string(o.FulfillmentStatus), o.Totals.Total.String(), o.Email, o.ID)
	}
	return t
}

// printOrder writes one order.
func (w *world) printOrder(o order.Order) error {
	return w.print(o, orders(o), func(out io.Writer) { showOrder(out, o) })
}

func orderShow(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "show ORDER", Short: "Show an order", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		return w.printOrder(o)
	})
	return cmd
}

func showOrder(out io.Writer, o order.Order) {
	field(out, "Order", o.Number)
	field(out, "Id", o.ID)
	field(out, "Placed", when(o.PlacedAt))
	field(out, "Status", string(o.Status))
	if o.CancelReason != nil {
		field(out, "Canceled", *o.CancelReason)
	}
	field(out, "Pay until", whenever(o.ExpiresAt))
	field(out, "Payment", string(o.PaymentStatus))
	field(out, "Fulfillment", string(o.FulfillmentStatus))
	field(out, "E-mail", o.Email)
	if a := o.Addresses.Shipping; a != nil {
		field(out, "Ship to", strings.Join([]string{a.Name, a.Line1, a.PostalCode + " " + a.City, a.Country}, ", "))
	}
	showItems(out, o)
	showMoney(out, o)
	showParcels(out, o)
}

func showItems(out io.Writer, o order.Order) {
	t := table{head: []string{"ITEM", "SKU", "TITLE", "QUANTITY", "SHIPPED", "CANCELED", "PRICE", "TOTAL"}}
	for _, it := range o.Items {
		t.add(it.ID, text(it.SKU), strings.TrimSpace(it.Title+" "+text(it.VariantTitle)), number(it.Quantity), number(it.Quantities.Fulfilled),
			number(it.Quantities.Canceled), it.UnitPrice.String(), it.Total.String())
	}
	section(out, t)
}

func showMoney(out io.Writer, o order.Order) {
	_, _ = io.WriteString(out, "\n")
	field(out, "Subtotal", o.Totals.Subtotal.String())
	field(out, "Shipping", o.Totals.Shipping.String())
	field(out, "Tax", o.Totals.Tax.String())
	field(out, "Total", o.Totals.Total.String())
	field(out, "Due", o.Balance.Due.String())
	t := table{head: []string{"PAYMENT", "METHOD", "STATUS", "AMOUNT", "CAPTURED", "REFUNDED"}}
	for _, p := range o.Payments {
		t.add(p.ID, p.Method, p.Status, p.Amount.String(), p.Captured.String(), p.Refunded.String())
	}
	section(out, t)
	back := table{head: []string{"REFUND", "STATUS", "AMOUNT", "REASON", "MADE"}}
	for _, r := range o.Refunds {
		back.add(r.ID, string(r.Status), r.Amount.String(), r.Reason, when(r.CreatedAt))
	}
	section(out, back)
}

func showParcels(out io.Writer, o order.Order) {
	t := table{head: []string{"FULFILLMENT", "STATUS", "UNITS", "TRACKING", "SHIPPED", "DELIVERED"}}
	for _, f := range o.Fulfillments {
		var units int64
		for _, u := range f.Items {
			units += u.Quantity
		}
		var tracking []string
		for _, tr := range f.Tracking {
			tracking = append(tracking, tr.Carrier+" "+tr.Number)
		}
		t.add(f.ID, string(f.Status), number(units), strings.Join(tracking, ", "), whenever(f.ShippedAt), whenever(f.DeliveredAt))
	}
	section(out, t)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orderCapture(w *world) *cobra.Command {
	var in payment.CaptureInput
	var received string
	cmd := &cobra.Command{
		Use: "capture ORDER [AMOUNT]", Short: "Take authorized money, or record money that has come", Args: cobra.RangeArgs(1, 2),
		Long:    "Take authorized money, or record money that has come by transfer. Without AMOUNT it is all that is due.",
		Example: "  mercer order capture 1001 --reference 'statement 14'\n  mercer order capture 1001 12.50",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		if o.Payment == nil {
			return errNoPayment.Saying("order " + o.Number + " has no payment")
		}
		if len(args) == 2 {
			a, err := money.ParseDecimal(args[1], o.Currency)
			if err != nil {
				return usagef("AMOUNT is a decimal in %s, as %s: %v", o.Currency, o.Totals.Total.Decimal(), err)
			}
			in.Amount = &a
		}
		if in.ReceivedAt, err = moment(received); err != nil {
			return err
		}
		in.ID = o.Payment.ID
		if o, err = s.Checkout.Capture(cmd.Context(), in); err != nil {
			return err
		}
		return w.printOrder(o)
	})
	cmd.Flags().StringVar(&in.Reference, "reference", "", "what the bank statement says")
	cmd.Flags().StringVar(&received, "received", "", "when the money came, as 2027-01-31")
	return w.keyed(cmd)
}

var errNoPayment = fault.New(fault.Refused, "order.no_payment", "the order has no payment")
