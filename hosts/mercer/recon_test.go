package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// TestReconScripts runs scripts about money that went ways of its own.
func TestReconScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/recon",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = &server{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": scriptCode, "server": scriptServer, "sale": scriptSale, "abroad": scriptAbroad, "torn": scriptTorn, "fits": scriptFits,
		},
	})
}

// scriptAbroad refunds 1.00 of the last payment in the dashboard of the bank.
func scriptAbroad(ts *testscript.TestScript, _ bool, _ []string) {
	bank, stop, err := fakepay.Open(ts.Getenv("MERCER_FAKEPAY"), nil)
	ts.Check(err)
	all, err := bank.Intents()
	ts.Check(err)
	id, err := bank.RefundAbroad(all[len(all)-1].PaymentID, money.New(100, "USD"))
	ts.Check(err)
	if id == "" {
		ts.Fatalf("the bank refunds nothing of %+v", all)
	}
	ts.Check(stop())
}

// scriptTorn makes a mismatch, which only people resolve, about the last payment and sets a variable to its id:
// torn NAME.
func scriptTorn(ts *testscript.TestScript, _ bool, args []string) {
	c, err := boot.Load(map[string]string{"data": ts.MkAbs("data")}, nil)
	ts.Check(err)
	ctx := context.Background()
	shop, err := boot.OpenCommand(ctx, c, slog.New(slog.DiscardHandler))
	ts.Check(err)
	store := bunstore.Payments{DB: shop.DB}
	lines, err := store.LedgerBetween(ctx, time.Unix(0, 0), time.Now().Add(time.Hour), payment.Ledger{}, 1)
	ts.Check(err)
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	b := payment.Break{ID: "brk_" + strings.ToLower(args[0]), Kind: payment.BreakMismatch, Object: "pay_" + args[0], Provider: "fake", PaymentID: lines[0].PaymentID,
		OrderID: lines[0].OrderID, Ours: "USD 1.00", Theirs: "USD 2.00", State: payment.BreakOpen, FirstSeen: at, LastSeen: at}
	_, err = store.SeeBreak(ctx, b)
	ts.Check(err)
	ts.Check(shop.Close())
	ts.Setenv(args[0], b.ID)
}

// scriptFits wants no line of a file to be longer: fits COLUMNS FILE.
func scriptFits(ts *testscript.TestScript, _ bool, args []string) {
	var width int
	_, err := fmt.Sscan(args[0], &width)
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			ts.Fatalf("%d columns: %s", n, line)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		text string
		want string
	}{
		{"", ""}, {"a", "a"}, {"a b  c", "a b c"}, {"one two three", "one two|three"}, {"one two th", "one two|th"}, {"é é é é é é", "é é é é|é é"},
		{"0123456789", "01234567|89"}, {"a 0123456789 b", "a|01234567|89 b"}, {"01234567 8", "01234567|8"}, {"日本日本日本日本日本", "日本日本日本日本|日本"},
	} {
		if got := strings.Join(wrap(tc.text, 8), "|"); got != tc.want {
			t.Errorf("wrap(%q) = %q, want %q", tc.text, got, tc.want)
		}
	}
}
