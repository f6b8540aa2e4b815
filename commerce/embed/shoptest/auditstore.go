package shoptest

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// AuditStore reads what no service shows and reports what cannot be: a change
// without its event or an event without its change, holes in the numbers of
// events, an event that a consumer has taken twice, an idempotency key that is
// still claimed or has no answer, two open carts of one customer, a closed cart
// that was written again, a promotion whose count is not that of its uses. Nothing may be under way meanwhile.
func AuditStore(t testing.TB, db *bunstore.DB) {
	t.Helper()
	auditEvents(t, db)
	auditAnnounced(t, db)
	auditKeys(t, db)
	auditCarts(t, db)
	auditUses(t, db)
}

// wrong reports each row that query finds; its only column says what it is.
func wrong(t testing.TB, db *bunstore.DB, what, query string, args ...any) {
	t.Helper()
	var rows []string
	if err := db.Read(context.Background(), &rows, query, args...); err != nil {
		t.Fatalf("audit of %s: %v", what, err)
	}
	for _, r := range rows {
		t.Errorf("audit: %s: %s", what, r)
	}
}

// published are all events, those that wait and those that were published.
const published = `(SELECT id, name, k, seq FROM {outbox} UNION ALL SELECT id, name, k, seq FROM {outbox_archive}) e`

// auditEvents checks that the events of each aggregate are numbered from 1
// without holes, each once, and that no consumer has taken one twice (N12, N13).
func auditEvents(t testing.TB, db *bunstore.DB) {
	t.Helper()
	wrong(t, db, "holes in the numbers of the events of", `SELECT k FROM `+published+` GROUP BY k
		HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*) OR COUNT(DISTINCT seq) <> COUNT(*)`)
	wrong(t, db, "events written twice", `SELECT id FROM `+published+` GROUP BY id HAVING COUNT(*) <> 1`)
	wrong(t, db, "the counter is not the last number of", `SELECT c.k FROM {event_seq} c
		LEFT JOIN (SELECT k, MAX(seq) AS most FROM `+published+` GROUP BY k) l ON l.k = c.k WHERE l.most IS NULL OR l.most <> c.n`)
	wrong(t, db, "events taken twice", `SELECT event_id FROM {inbox} GROUP BY consumer, event_id HAVING COUNT(*) <> 1`)
}

// auditAnnounced checks that what is announced has happened, and the other way
// round, each once (N12).
func auditAnnounced(t testing.TB, db *bunstore.DB) {
	t.Helper()
	for _, c := range []struct{ event, happened string }{
		{"order.placed", `SELECT order_id AS k FROM {order_timeline} WHERE kind = 'placed'`},
		{"order.confirmed", `SELECT order_id AS k FROM {order_timeline} WHERE kind = 'status' AND to_state = 'confirmed' AND from_state = 'pending'`},
		{"order.completed", `SELECT order_id AS k FROM {order_timeline} WHERE kind = 'status' AND to_state = 'completed'`},
		{"order.canceled", `SELECT order_id AS k FROM {order_timeline} WHERE kind = 'status' AND to_state = 'canceled'`},
		{"cart.merged", `SELECT id AS k FROM {cart} WHERE status = 'merged'`},
		{"payment.canceled", `SELECT id AS k FROM {payment} WHERE status = 'canceled'`},
	} {
		q := `SELECT both_.k FROM (
			SELECT k, 1 AS did, 0 AS said FROM (` + c.happened + `) h
			UNION ALL SELECT k, 0, 1 FROM ` + published + ` WHERE name = ?
		) both_ GROUP BY both_.k HAVING SUM(did) <> SUM(said) OR SUM(said) > 1`
		wrong(t, db, c.event+" and what it announces do not agree for", q, c.event)
	}
}

// auditKeys checks that every idempotency key has come to its end (N14).
func auditKeys(t testing.TB, db *bunstore.DB) {
	t.Helper()
	wrong(t, db, "idempotency key is still claimed", `SELECT k FROM {idem} WHERE state = 'running'`)
	wrong(t, db, "idempotency key without an answer", `SELECT k FROM {idem} WHERE state = 'done' AND answer = ''`)
}

// closing is how many microseconds may lie between the two times that the
// write which closes a cart takes from the clock.
const closing = 1_000_000

// auditCarts checks that a customer has one open cart in a market, and that
// closed carts stay as they are (N15).
func auditCarts(t testing.TB, db *bunstore.DB) {
	t.Helper()
	wrong(t, db, "customer with two open carts", `SELECT customer_id FROM {cart}
		WHERE status = 'open' AND customer_id IS NOT NULL GROUP BY customer_id, market, currency HAVING COUNT(*) > 1`)
	wrong(t, db, "written after it was closed: cart", `SELECT id FROM {cart} WHERE status <> 'open' AND (closed = 0 OR updated > closed + ?)`, closing)
	wrong(t, db, "open and closed: cart", `SELECT id FROM {cart} WHERE status = 'open' AND closed <> 0`)
}

// auditUses checks that the count of each promotion is that of its uses, and that
// each use is of a promotion and of an order that is not canceled (N11).
func auditUses(t testing.TB, db *bunstore.DB) {
	t.Helper()
	wrong(t, db, "promotion with another number of uses", `SELECT p.id FROM {promotion} p LEFT JOIN {promotion_use} u ON u.promotion_id = p.id
		GROUP BY p.id, p.used HAVING p.used <> COUNT(u.k)`)
	wrong(t, db, "use of no promotion", `SELECT u.k FROM {promotion_use} u LEFT JOIN {promotion} p ON p.id = u.promotion_id WHERE p.id IS NULL`)
	wrong(t, db, "use without an order", `SELECT u.k FROM {promotion_use} u LEFT JOIN {orders} o ON o.checkout_id = u.k WHERE o.id IS NULL OR o.status = 'canceled'`)
}
