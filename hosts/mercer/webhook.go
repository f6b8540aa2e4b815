package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func webhookCommand(w *world) *cobra.Command {
	return group("webhook", "What payment providers have sent", webhookList(w), webhookReplay(w))
}

// notices is a table of notices.
func notices(list ...payment.Received) table {
	t := table{head: []string{"PROVIDER", "EVENT", "TYPE", "STATE", "TRIES", "RECEIVED", "DUE", "PAYMENT", "ERROR"}}
	for _, r := range list {
		why, _, _ := strings.Cut(r.Error, "\n")
		t.add(r.Provider, r.ID, r.Type, string(r.State), strconv.Itoa(r.Attempts), when(r.ReceivedAt), when(r.DueAt), r.PaymentID, why)
	}
	return t
}

func webhookList(w *world) *cobra.Command {
	var q page.Query
	var state, of string
	cmd := &cobra.Command{
		Use: "list", Short: "List what payment providers have sent, the latest first", Args: cobra.NoArgs,
		Example: "  mercer webhook list --state failed\n  mercer webhook list --order 1001",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		in := payment.NoticesInput{Query: q, State: payment.NoticeState(state)}
		var err error
		if in.OrderID, err = s.orderID(cmd, of); err != nil {
			return err
		}
		p, err := s.Payments.Notices(cmd.Context(), in)
		if err != nil {
			return err
		}
		w.more(p.NextCursor)
		return w.print(p, notices(p.Items...), nil)
	})
	pages(cmd, &q)
	cmd.Flags().StringVar(&state, "state", "", "only those that are open, done, ignored or failed")
	cmd.Flags().StringVar(&of, "order", "", "only about the payments of this order")
	return cmd
}

func webhookReplay(w *world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay PROVIDER EVENT", Short: "Do once more what a notice is about", Args: cobra.ExactArgs(2),
		Long:    "Do once more what a notice is about: ask the provider how the payment stands, and write that down.",
		Example: "  mercer webhook list --state failed\n  mercer webhook replay stripe evt_1PqR",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		r, err := s.Payments.ReplayNotice(cmd.Context(), payment.ReplayNoticeInput{Provider: args[0], ID: args[1]})
		if err != nil {
			return err
		}
		return w.print(r, notices(r), nil)
	})
	return w.keyed(cmd)
}
