package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// refundFlags say what goes back.
type refundFlags struct {
	items              []string
	shipping, goodwill string
	reason             string
	all, force         bool
}

func orderRefund(w *world) *cobra.Command {
	var what refundFlags
	var dry bool
	cmd := &cobra.Command{
		Use: "refund ORDER", Short: "Give money back", Args: cobra.ExactArgs(1),
		Long: `Give money back to how it was paid: for units (--item), for shipping, or as a favor (--goodwill), or all that remains (--all).
The money goes to the latest payment first, to gift cards last, and never more than one has paid. Stock is not touched.`,
		Example: "  mercer order refund 1001 --item MUG=1 --reason damaged --dry-run\n  mercer order refund 1001 --goodwill 5.00 --reason late --yes\n" +
			"  mercer order refund 1001 --all --reason withdrawn --yes",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, in, err := what.of(cmd, s, args[0])
		if err != nil {
			return err
		}
		r, err := s.Checkout.Refund(cmd.Context(), in)
		if err != nil {
			return err
		}
		return w.printRefund(o, r)
	})
	f := cmd.Flags()
	f.StringSliceVar(&what.items, "item", nil, "units that go back: ITEM=QUANTITY, by the item's id or SKU")
	f.StringVar(&what.shipping, "shipping", "", "of what shipping cost, as 4.90")
	f.StringVar(&what.goodwill, "goodwill", "", "a favor that is for no goods, as 5.00")
	f.StringVar(&what.reason, "reason", "", "why, in a few words")
	f.BoolVar(&what.all, "all", false, "all that remains")
	f.BoolVar(&what.force, "force", false, "also while a dispute about the payment is open")
	f.BoolVar(&dry, "dry-run", false, "say what would go back, and change nothing")
	cmd = w.confirmed(w.keyed(cmd), func(args []string) string { return "refund order " + args[0] })
	really, plan := cmd.RunE, w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		o, in, err := what.of(cmd, s, args[0])
		if err != nil {
			return err
		}
		r, err := s.Checkout.PreviewRefund(cmd.Context(), in.RefundInput)
		if err != nil {
			return err
		}
		w.note("dry run: nothing was changed")
		return w.printRefund(o, r)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if dry {
			return plan(cmd, args)
		}
		return really(cmd, args)
	}
	return cmd
}

// of returns the order that ref names, and what the flags ask for.
func (f refundFlags) of(cmd *cobra.Command, s *shop, ref string) (o order.Order, in checkout.RefundInput, err error) {
	if some := len(f.items) > 0 || f.shipping != "" || f.goodwill != ""; some == f.all {
		return o, in, usage("say what goes back: --item, --shipping or --goodwill, or else --all")
	}
	if f.reason == "" {
		return o, in, usage("say why: --reason")
	}
	if o, err = s.Orders.Order(cmd.Context(), order.IDInput{ID: ref}); err != nil {
		return o, in, err
	}
	in.ID, in.Reason, in.Force = o.ID, f.reason, f.force
	if in.Items, err = units(o, f.items); err != nil {
		return o, in, err
	}
	for _, a := range []struct {
		flag, text string
		to         **money.Amount
	}{{"--shipping", f.shipping, &in.Shipping}, {"--goodwill", f.goodwill, &in.Goodwill}} {
		if a.text == "" {
			continue
		}
		amount, err := money.ParseDecimal(a.text, o.Currency)
		if err != nil {
			return o, in, usagef("%s is a decimal in %s, as %s: %v", a.flag, o.Currency, o.Totals.Total.Decimal(), err)
		}
		*a.to = &amount
	}
	return o, in, nil
}

// printRefund writes one refund of o.
func (w *world) printRefund(o order.Order, r order.Refund) error {
	t := table{head: []string{"ORDER", "STATUS", "AMOUNT", "TAX", "SHIPPING", "GOODWILL", "REASON", "ID"}}
	t.add(o.Number, string(r.Status), r.Amount.String(), r.Tax.String(), r.Shipping.String(), r.Goodwill.String(), r.Reason, r.ID)
	return w.print(r, t, func(out io.Writer) { showRefund(out, o, r) })
}

func showRefund(out io.Writer, o order.Order, r order.Refund) {
	field(out, "Order", o.Number)
	field(out, "Refund", r.ID)
	field(out, "Status", string(r.Status))
	field(out, "Amount", r.Amount.String())
	field(out, "Tax inside", r.Tax.String())
	field(out, "Reason", r.Reason)
	titles := map[string]string{}
	for _, it := range o.Items {
		titles[it.ID] = it.Title
	}
	parts := table{head: []string{"FOR", "QUANTITY", "AMOUNT", "TAX"}}
	for _, it := range r.Items {
		parts.add(titles[it.ItemID], number(it.Quantity), it.Amount.String(), it.Tax.String())
	}
	if !r.Shipping.IsZero() {
		parts.add("Shipping", "", r.Shipping.String(), "")
	}
	if !r.Goodwill.IsZero() {
		parts.add("Goodwill", "", r.Goodwill.String(), "")
	}
	section(out, parts)
	to := table{head: []string{"TO PAYMENT", "AMOUNT", "STATUS", "REFUND"}}
	for _, p := range r.Payments {
		to.add(p.PaymentID, p.Amount.String(), string(p.Status), p.ID)
	}
	section(out, to)
}
