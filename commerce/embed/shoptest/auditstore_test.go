package shoptest_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// notes is a test that only notes what it is told.
type notes struct {
	testing.TB
	said []string
}

func (n *notes) Errorf(format string, args ...any) {
	n.said = append(n.said, fmt.Sprintf(format, args...))
}

// AuditStore finds each wrong there is.
func TestAuditStore(t *testing.T) {
	const key = `INSERT INTO mercer_idem (scope, k, fingerprint, state, fence, until, memo_type, memo, answer, at, saves) VALUES `
	for _, c := range []struct{ change, want string }{
		{``, ""},
		{`DELETE FROM mercer_outbox WHERE name = 'order.placed'`, "order.placed"},
		{`DELETE FROM mercer_order_timeline WHERE to_state = 'confirmed'`, "order.confirmed"},
		{`UPDATE mercer_outbox SET seq = seq + 1 WHERE name = 'order.confirmed'`, "holes"},
		{`UPDATE mercer_event_seq SET n = n + 1 WHERE k LIKE 'ord_%'`, "counter"},
		{`UPDATE mercer_promotion SET used = used + 1`, "another number of uses"},
		{`DELETE FROM mercer_promotion`, "use of no promotion"},
		{`UPDATE mercer_promotion_use SET k = 'x'`, "use without an order"},
		{key + `('s', 'k', 'f', 'running', 1, 0, '', '', '', 0, 0)`, "still claimed"},
		{key + `('s', 'k', 'f', 'done', 1, 0, '', '', '', 0, 0)`, "without an answer"},
		{`UPDATE mercer_cart SET updated = updated + 2000000 WHERE status = 'completed'`, "after it was closed"},
		{`UPDATE mercer_cart SET status = 'merged', open_key = NULL WHERE status = 'completed'`, "cart.merged"},
	} {
		name := buntest.Name(t, buntest.SQLite)
		db, err := bunstore.Open(t.Context(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		shop, err := embed.On(t.Context(), db, &embed.Options{Passive: true, Secret: make([]byte, 32)})
		if err == nil {
			err = shop.Seed(t.Context(), "USD", "US")
		}
		if err != nil {
			t.Fatal(err)
		}
		f := shoptest.Factory{TB: t, Shop: shop.Shop}
		if _, err := shop.Pricing.CreatePromotion(t.Context(), pricing.PromotionFields{Title: "Ten", Kind: pricing.KindPercent, Percent: 100_000, Scope: pricing.ScopeOrder}); err != nil {
			t.Fatal(err)
		}
		f.Order("cash_on_delivery", shoptest.Line{Variant: f.Variant("Mug", 1000, 5), Quantity: 1})
		raw, err := sql.Open("sqlite", name)
		if err == nil && c.change != "" {
			_, err = raw.ExecContext(t.Context(), c.change)
		}
		if err != nil {
			t.Fatalf("%s: %v", c.change, err)
		}
		n := &notes{TB: t}
		shoptest.AuditStore(n, db)
		got := strings.Join(n.said, "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s\n got %q, want %q", c.change, got, c.want)
		}
		for _, close := range []func() error{raw.Close, shop.Close, db.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	}
}
