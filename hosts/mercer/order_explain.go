package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/explain"
	"github.com/mercer-commerce/mercer/commerce/order"
)

func orderExplain(w *world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain ORDER", Short: "Tell the whole story of an order, oldest first", Args: cobra.ExactArgs(1),
		Long: "Tell the whole story of an order, oldest first: its history, its payments and refunds, the ledger, stock that moved,\n" +
			"events and who took them, what payment providers have sent, and what the books do not agree on.",
		Example: "  mercer order explain 1001\n  mercer order explain 1001 -o json",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		out, err := s.Explain.Order(cmd.Context(), order.IDInput{ID: args[0]})
		if err != nil {
			return err
		}
		for _, m := range out.Missing {
			w.note("missing: %s: %s", m.Part, m.Error)
		}
		t := table{head: []string{"AT", "KIND", "ID", "TEXT", "ACTOR"}}
		for _, e := range out.Items {
			t.add(when(e.At), e.Kind, e.ID, e.Text, e.Actor)
		}
		return w.print(out, t, func(to io.Writer) { tell(to, out) })
	})
	return cmd
}

// tell writes an explanation on a page that is 100 columns wide.
func tell(out io.Writer, x explain.Explanation) {
	o := x.Order
	field(out, "Order", o.Number+"  "+o.ID)
	status := string(o.Status)
	if o.CancelReason != nil {
		status += " (" + *o.CancelReason + ")"
	}
	field(out, "Status", status)
	field(out, "Payment", string(o.PaymentStatus))
	field(out, "Fulfillment", string(o.FulfillmentStatus))
	field(out, "Placed", when(o.PlacedAt))
	field(out, "Pay until", whenever(o.ExpiresAt))
	field(out, "Total", o.Total.String())
	field(out, "Balance", fmt.Sprintf("authorized %v, captured %v, refunded %v, due %v", o.Balance.Authorized, o.Balance.Captured, o.Balance.Refunded, o.Balance.Due))
	kept := table{head: []string{"VARIANT", "LOCATION", "KEPT", "SHIPPED", "STATE"}}
	for _, r := range x.Reservations {
		kept.add(r.VariantID, r.LocationID, number(r.Quantity), number(r.Shipped), string(r.State))
	}
	section(out, kept)
	_, _ = io.WriteString(out, "\n")
	for _, e := range x.Items {
		tellEntry(out, e)
	}
}

// Columns of a time line.
const (
	pageWidth  = 100
	timeLayout = "2006-01-02T15:04:05.000Z"
	textColumn = len(timeLayout) + 2 + len(explain.KindDelivery) + 2
)

// tellEntry writes one line of a time line, and more below it when it is long.
func tellEntry(out io.Writer, e explain.Entry) {
	text := e.Text
	if e.Kind != explain.KindOrder {
		text += " [" + e.ID + "]"
	}
	if e.Actor != "" {
		text += " by " + e.Actor
	}
	for i, line := range wrap(plain(text), pageWidth-textColumn) {
		if i == 0 {
			fmt.Fprintf(out, "%s  %-*s  %s\n", e.At.UTC().Format(timeLayout), len(explain.KindDelivery), e.Kind, line)
		} else {
			fmt.Fprintf(out, "%*s%s\n", textColumn, "", line)
		}
	}
}

// wrap cuts text at spaces into lines of at most width characters; a word that is
// longer is cut where the line ends.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; utf8.RuneCountInString(line) > width; {
			head := []rune(line)[:width]
			lines, line = append(lines, string(head)), line[len(string(head)):]
		}
	}
	return append(lines, line)
}
