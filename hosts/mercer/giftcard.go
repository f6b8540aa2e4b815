package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func giftcardCommand(w *world) *cobra.Command {
	return group("giftcard", "Gift cards, which pay for orders", giftcardCreate(w), giftcardList(w), giftcardShow(w), giftcardDisable(w), giftcardEnable(w))
}

var giftcardHead = []string{"ID", "LAST4", "CURRENCY", "INITIAL", "BALANCE", "STATUS", "CREATED", "EXPIRES", "NOTE"}

func giftcardRow(c payment.GiftCard) []string {
	status := "usable"
	if c.Disabled {
		status = "disabled"
	}
	return []string{c.ID, c.Last4, string(c.Initial.Currency), c.Initial.Decimal(), c.Balance.Decimal(), status, when(c.CreatedAt), whenever(c.ExpiresAt), c.Note}
}

func giftcardFields(out io.Writer, c payment.GiftCard) {
	for i, cell := range giftcardRow(c) {
		field(out, []string{"Gift card", "Ends in", "Currency", "Initial", "Balance", "Status", "Created", "Expires", "Note"}[i], cell)
	}
}

func giftcardCreate(w *world) *cobra.Command {
	var in payment.CreateGiftCardInput
	var currency, expires string
	cmd := &cobra.Command{
		Use: "create AMOUNT", Short: "Make a gift card; its code is shown once", Args: cobra.ExactArgs(1),
		Long:    "Make a gift card. Its code is shown once and kept nowhere.",
		Example: "  mercer giftcard create 50.00 --currency EUR\n  mercer giftcard create 25 --currency USD --expires 2027-12-31 --note 'for the fair' -o json",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		in := in
		cur, err := money.ParseCurrency(currency)
		if err != nil {
			return usage("--currency is missing or unknown: say which, as in --currency EUR")
		}
		if in.Amount, err = money.ParseDecimal(args[0], cur); err != nil {
			return usagef("want an amount as 50.00; it is %q", args[0])
		}
		if in.ExpiresAt, err = moment(expires); err != nil {
			return err
		}
		c, err := s.Payments.CreateGiftCard(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: slices.Concat(giftcardHead, []string{"CODE"})}
		t.add(append(giftcardRow(c.GiftCard), c.Code)...)
		return w.print(c, t, func(out io.Writer) {
			giftcardFields(out, c.GiftCard)
			field(out, "Code", c.Code)
			w.note("the code is shown only now")
		})
	})
	f := cmd.Flags()
	f.StringVar(&currency, "currency", "", "of the amount, as EUR")
	f.StringVar(&in.Code, "code", "", "of a card that there is already; the shop makes one otherwise")
	f.StringVar(&expires, "expires", "", "when it ends: 2027-01-31, or in how long: 720h")
	f.StringVar(&in.Note, "note", "", "for the staff")
	return w.keyed(cmd)
}

func giftcardList(w *world) *cobra.Command {
	var in payment.GiftCardsInput
	cmd := &cobra.Command{Use: "list", Short: "List the gift cards, oldest first", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		p, err := s.Payments.GiftCards(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: giftcardHead}
		for _, c := range p.Items {
			t.add(giftcardRow(c)...)
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	return cmd
}

func giftcardShow(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show a gift card and what it has paid", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		c, err := s.Payments.GiftCard(cmd.Context(), payment.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		moves := table{head: []string{"AT", "KIND", "AMOUNT", "CAUSE"}}
		for _, m := range c.Moves {
			moves.add(when(m.At), m.Kind, m.Delta.Decimal(), m.Cause)
		}
		var tableErr error
		err = w.print(c, moves, func(out io.Writer) {
			giftcardFields(out, c.GiftCard)
			field(out, "Moves", number(int64(len(c.Moves))))
			tableErr = writeTable(out, moves)
		})
		if err != nil {
			return err
		}
		return tableErr
	})
	return cmd
}

func giftcardDisable(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "disable ID", Short: "Keep a gift card from being used; what it has paid stays paid", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		c, err := s.Payments.DisableGiftCard(cmd.Context(), payment.IDInput{ID: args[0]})
		return w.printGiftcard(c, err)
	})
	return w.keyed(cmd)
}

func giftcardEnable(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "enable ID", Short: "Let a disabled gift card be used", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		c, err := s.Payments.EnableGiftCard(cmd.Context(), payment.IDInput{ID: args[0]})
		return w.printGiftcard(c, err)
	})
	return w.keyed(cmd)
}

func (w *world) printGiftcard(c payment.GiftCard, err error) error {
	if err != nil {
		return err
	}
	t := table{head: giftcardHead}
	t.add(giftcardRow(c)...)
	return w.print(c, t, func(out io.Writer) { giftcardFields(out, c) })
}
