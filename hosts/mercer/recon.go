package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func reconCommand(w *world) *cobra.Command {
	return group("recon", "Compare the books with those of payment providers", reconRun(w), reconShow(w), reconResolve(w))
}

func reconRun(w *world) *cobra.Command {
	var in payment.ReconcileInput
	cmd := &cobra.Command{
		Use: "run", Short: "Ask providers for what has not arrived, and compare the books", Args: cobra.NoArgs,
		Long: "Ask payment providers for what has not arrived, apply it, and compare the ledger with their books.\n" +
			"A server does the first every 15 minutes and the last every day.",
		Example: "  mercer recon run\n  mercer recon run --only catch_up",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		out, err := s.Payments.Reconcile(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: []string{"PROVIDER", "NOTICES", "MOVEMENTS", "LINES", "FEES", "ERROR"}}
		for _, p := range out.Providers {
			t.add(p.Provider, number(p.Notices), number(p.Movements), number(p.Lines), number(p.Fees), p.Error)
		}
		return w.print(out, t, func(to io.Writer) {
			field(to, "Payments", number(out.Payments))
			field(to, "New breaks", number(out.Found))
			field(to, "Gone", number(out.Resolved))
			field(to, "Open breaks", number(out.Open))
			section(to, t)
		})
	})
	cmd.Flags().StringVar(&in.Only, "only", "", "only this part: catch_up or compare")
	return w.keyed(cmd)
}

// breaks is a table of breaks.
func breaks(list ...payment.Break) table {
	t := table{head: []string{"ID", "KIND", "OBJECT", "OURS", "THEIRS", "STATE", "SEEN", "PAYMENT", "ORDER"}}
	for _, b := range list {
		t.add(b.ID, b.Kind, b.Object, b.Ours, b.Theirs, string(b.State), when(b.LastSeen), b.PaymentID, b.OrderID)
	}
	return t
}

func (w *world) printBreak(b payment.Break) error {
	return w.print(b, breaks(b), func(out io.Writer) {
		field(out, "Break", b.ID)
		field(out, "Kind", b.Kind)
		field(out, "Object", b.Object)
		field(out, "Provider", b.Provider)
		field(out, "Payment", b.PaymentID)
		field(out, "Order", b.OrderID)
		field(out, "Ours", b.Ours)
		field(out, "Theirs", b.Theirs)
		field(out, "State", string(b.State))
		field(out, "First seen", when(b.FirstSeen))
		field(out, "Last seen", when(b.LastSeen))
		field(out, "Note", b.Note)
		field(out, "By", b.Actor)
	})
}

func reconShow(w *world) *cobra.Command {
	var q page.Query
	var state, of string
	cmd := &cobra.Command{
		Use: "show [BREAK]", Short: "Show what the books do not agree on", Args: cobra.MaximumNArgs(1),
		Example: "  mercer recon show\n  mercer recon show --order 1001 --state all\n  mercer recon show brk_01J9",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if len(args) == 1 {
			b, err := s.Payments.Break(cmd.Context(), payment.IDInput{ID: args[0]})
			if err != nil {
				return err
			}
			return w.printBreak(b)
		}
		in := payment.BreaksInput{Query: q, State: payment.BreakState(state)}
		if state == "all" {
			in.State = ""
		}
		var err error
		if in.OrderID, err = s.orderID(cmd, of); err != nil {
			return err
		}
		p, err := s.Payments.Breaks(cmd.Context(), in)
		if err != nil {
			return err
		}
		w.more(p.NextCursor)
		return w.print(p, breaks(p.Items...), nil)
	})
	pages(cmd, &q)
	cmd.Flags().StringVar(&state, "state", "open", "open, resolved or all")
	cmd.Flags().StringVar(&of, "order", "", "only about this order")
	return cmd
}

// orderID returns the id of an order by its number or id, "" for "".
func (s *shop) orderID(cmd *cobra.Command, ref string) (string, error) {
	if ref == "" {
		return "", nil
	}
	o, err := s.Orders.Order(cmd.Context(), order.IDInput{ID: ref})
	return o.ID, err
}

func reconResolve(w *world) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: "resolve BREAK --note TEXT", Short: "Say that somebody has looked at a break", Args: cobra.ExactArgs(1),
		Long:    "Say that somebody has looked at a break, and what came of it. It opens again when something else is found.",
		Example: "  mercer recon resolve brk_01J9 --note 'a test payment in the dashboard'",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if note == "" {
			return usage("--note is missing: say what came of looking at it")
		}
		b, err := s.Payments.ResolveBreak(cmd.Context(), payment.ResolveBreakInput{ID: args[0], Note: note})
		if err != nil {
			return err
		}
		return w.printBreak(b)
	})
	cmd.Flags().StringVar(&note, "note", "", "what came of it")
	return w.keyed(cmd)
}
