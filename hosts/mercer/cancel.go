package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/order"
)

func orderCancel(w *world) *cobra.Command {
	var reason string
	var dry, refund bool
	cmd := &cobra.Command{Use: "cancel ORDER", Short: "Cancel an order of which no parcel is planned yet", Args: cobra.ExactArgs(1),
		Example: "  mercer order cancel 1001 --dry-run\n  mercer order cancel 1001 --yes"}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		o, err = s.Checkout.Cancel(cmd.Context(), checkout.CancelInput{ID: o.ID, Reason: reason, Refund: refund})
		if err != nil {
			return err
		}
		return w.printOrder(o)
	})
	cmd.Flags().StringVar(&reason, "reason", order.ReasonStaff, "customer, staff, payment_failed or fraud")
	cmd.Flags().BoolVar(&refund, "refund", false, "give back what is paid; without it a paid order is not canceled")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would happen, and change nothing")
	cmd = w.confirmed(w.keyed(cmd), func(args []string) string { return "cancel order " + args[0] })
	really, plan := cmd.RunE, w.with(w.planCancel)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if dry {
			return plan(cmd, args)
		}
		return really(cmd, args)
	}
	return cmd
}

// planCancel tells what canceling an order would do.
func (w *world) planCancel(cmd *cobra.Command, s *shop, args []string) error {
	o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: args[0]})
	if err != nil {
		return err
	}
	plan, err := s.Checkout.PlanCancel(cmd.Context(), order.IDInput{ID: o.ID})
	if err != nil {
		return err
	}
	w.note("dry run: nothing was changed")
	skus := map[string]string{}
	for _, it := range o.Items {
		skus[it.VariantID] = text(it.SKU)
	}
	t := table{head: []string{"NUMBER", "FROM", "TO", "RELEASED", "VOIDED", "REFUNDED", "ID"}}
	var units int64
	for _, r := range plan.Released {
		units += r.Quantity
	}
	back := ""
	if plan.Refund != nil {
		back = plan.Refund.Amount.String()
	}
	t.add(plan.Number, string(plan.From), string(plan.To), number(units), number(int64(len(plan.Voided))), back, plan.OrderID)
	return w.print(plan, t, func(out io.Writer) { showCancellation(out, plan, skus) })
}

func showCancellation(out io.Writer, c checkout.Cancellation, skus map[string]string) {
	field(out, "Order", c.Number)
	field(out, "Id", c.OrderID)
	field(out, "Status", string(c.From)+" → "+string(c.To))
	stock := table{head: []string{"RELEASED", "SKU", "LOCATION", "QUANTITY"}}
	for _, r := range c.Released {
		stock.add(r.VariantID, skus[r.VariantID], r.LocationID, number(r.Quantity))
	}
	section(out, stock)
	money := table{head: []string{"VOIDED", "METHOD", "STATUS", "AMOUNT"}}
	for _, v := range c.Voided {
		money.add(v.PaymentID, v.Method, v.Status, v.Amount.String())
	}
	section(out, money)
	if c.Refund != nil {
		field(out, "Refunded", c.Refund.Amount.String())
	}
}
