package bunstore_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/payment/paymenttest"
)

func TestPayments(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		paymenttest.Run(t, func(t *testing.T) payment.Store { return bunstore.Payments{DB: open(t)} })
	})
}

// M10: what no engine may write, the tables do not take.
func TestPaymentTablesRefuse(t *testing.T) {
	eur := func(minor int64) money.Amount { return money.New(minor, "EUR") }
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		s := bunstore.Payments{DB: open(t)}
		refund := func(amount int64, status payment.RefundStatus) error {
			return s.SaveRefund(t.Context(), &payment.Refund{ID: fmt.Sprint("re_", amount, status), Status: status, Amount: eur(amount), Goodwill: eur(0), CreatedAt: now, UpdatedAt: now})
		}
		card := func(initial, balance int64) error {
			id := fmt.Sprint("gc_", initial, "_", balance)
			hash := sha256.Sum256([]byte(id))
			return s.SaveGiftCard(t.Context(), &payment.GiftCard{ID: id, CodeHash: hash[:], Initial: eur(initial), Balance: eur(balance), CreatedAt: now, UpdatedAt: now})
		}
		move := func(minor int64) error {
			_, err := s.MoveGiftCard(t.Context(), payment.GiftCardMove{CardID: "gc", Kind: "held", Cause: fmt.Sprint(minor), Delta: eur(minor), At: now})
			return err
		}
		br := payment.Break{ID: "brk_1", Kind: payment.BreakStuck, Object: "o", FirstSeen: now, LastSeen: now}
		_, seen := s.SeeBreak(t.Context(), br)
		state := func(as payment.BreakState) error {
			return s.SaveBreak(t.Context(), &payment.Break{ID: "brk_1", State: as, Version: 1})
		}
		for name, c := range map[string]struct {
			err  error
			fine bool
		}{
			"refund": {refund(1, payment.RefundPending), true}, "refund of nothing": {refund(0, payment.RefundPending), false},
			"refund of less": {refund(-1, payment.RefundPending), false}, "refund in no state": {refund(2, "gone"), false},
			"card": {card(5, 5), true}, "spent card": {card(5, 0), true}, "card of nothing": {card(0, 0), false},
			"overdrawn card": {card(5, -1), false}, "card with more than it had": {card(5, 6), false},
			"move": {move(-1), true}, "move of nothing": {move(0), false},
			"break": {seen, true}, "break in no state": {state("gone"), false},
		} {
			if (c.err == nil) != c.fine {
				t.Errorf("%s: %v", name, c.err)
			}
		}
	})
}

// Each query of the store finds its rows by an index, however many there are.
func TestPaymentQueriesUseIndexes(t *testing.T) {
	db := buntest.Open(t, buntest.SQLite)
	for index, query := range map[string]string{
		"mercer_refund_order":            `SELECT doc FROM {refund} WHERE order_id IN ('a', 'b') ORDER BY created, id`,
		"mercer_refund_pending":          `SELECT doc FROM {refund} WHERE status = 'pending' AND updated < 1 ORDER BY updated, id LIMIT 9`,
		"mercer_ledger_at":               `SELECT * FROM {ledger} WHERE at >= 1 AND at < 2 AND (at > 1 OR at = 1 AND id > 'x') ORDER BY at, id LIMIT 9`,
		"mercer_ledger_of":               `SELECT * FROM {ledger} WHERE object IN ('a', 'b') ORDER BY kind, object`,
		"mercer_recon_break_state":       `SELECT * FROM {recon_break} WHERE id > 'x' AND state = 'open' ORDER BY id LIMIT 9`,
		"mercer_recon_break_order":       `SELECT * FROM {recon_break} WHERE id > 'x' AND order_id = 'o' ORDER BY id LIMIT 9`,
		"mercer_webhook_inbox_over":      `SELECT * FROM {webhook_inbox} WHERE received < 1 AND state = 'done' ORDER BY received DESC, provider, event_id LIMIT 9`,
		"mercer_webhook_inbox_received":  `SELECT * FROM {webhook_inbox} WHERE received < 1 ORDER BY received DESC, provider, event_id LIMIT 9`,
		"mercer_webhook_inbox_payment":   `SELECT * FROM {webhook_inbox} WHERE payment_id IN ('p') OR provider = 'a' AND provider_id = 'b'`,
		"mercer_payment_unsettled":       `SELECT doc FROM {payment} WHERE status = 'authorized' AND (updated > 1 OR updated = 1 AND id > 'x') ORDER BY updated, id LIMIT 9`,
		"sqlite_autoindex_mercer_gift_c": `SELECT * FROM {gift_card} WHERE code_hash = X'00'`,
	} {
		var plan []struct {
			ID     int    `bun:"id"`
			Parent int    `bun:"parent"`
			Unused int    `bun:"notused"`
			Detail string `bun:"detail"`
		}
		if err := db.Read(t.Context(), &plan, `EXPLAIN QUERY PLAN `+query); err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprint(plan); !strings.Contains(all, index) || strings.Contains(all, "SCAN") {
			t.Errorf("%s: %s", query, all)
		}
	}
}
