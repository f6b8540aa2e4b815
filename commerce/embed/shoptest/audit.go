package shoptest

import (
	"context"
	"testing"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Audit reads everything that a shop has sold and reports what cannot be: stock
// that does not add up, orders whose sums disagree, two orders of one cart,
// moves that no order can make, money or goods that a canceled order still has,
// gift cards whose balance is not the sum of its moves, promotions that are used
// otherwise than orders say.
// Nothing may be under way meanwhile.
func Audit(t testing.TB, shop *commerce.Shop) {
	t.Helper()
	ctx := context.Background()
	kept := map[string]int64{} // by variant
	carts := map[string]string{}
	promoted := map[string]int64{} // orders by promotion
	for o, err := range page.All(ctx, func(ctx context.Context, cursor string) (page.Page[order.Order], error) {
		return shop.Orders.Orders(ctx, order.OrdersInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		if other, ok := carts[o.CartID]; ok && o.Status != order.StatusCanceled {
			t.Errorf("audit: orders %s and %s come from one cart", other, o.ID)
		}
		if o.Status != order.StatusCanceled {
			carts[o.CartID] = o.ID
			for _, d := range o.Discounts {
				promoted[d.PromotionID]++
			}
		}
		auditSums(t, o)
		auditHistory(t, shop, o)
		auditMoney(t, shop, o)
		for variant, n := range auditReservations(t, shop, o) {
			kept[variant] += n
		}
	}
	auditStock(t, shop, kept)
	auditCards(t, shop)
	auditPromotions(t, shop, promoted)
}

// auditSums checks that an order's sums are sums of what it has (N5).
func auditSums(t testing.TB, o order.Order) {
	t.Helper()
	if err := o.Totals.Verify(o.TaxIncluded); err != nil {
		t.Errorf("audit: order %s: %v", o.ID, err)
	}
	var subtotal, tax int64
	for _, it := range o.Items {
		if it.Subtotal.Minor != it.UnitPrice.Minor*it.Quantity {
			t.Errorf("audit: order %s: item %s costs %v, not %d × %v", o.ID, it.ID, it.Subtotal, it.Quantity, it.UnitPrice)
		}
		subtotal += it.Subtotal.Minor
		tax += it.Tax.Minor
	}
	if o.Shipping != nil {
		tax += o.Shipping.Tax.Minor
	}
	if subtotal != o.Totals.Subtotal.Minor || tax != o.Totals.Tax.Minor {
		t.Errorf("audit: order %s: items make %d and taxes %d, the totals say %v and %v", o.ID, subtotal, tax, o.Totals.Subtotal, o.Totals.Tax)
	}
}

// auditHistory checks that an order only made moves that it may make, each
// under a version of its own (N9).
func auditHistory(t testing.TB, shop *commerce.Shop, o order.Order) {
	t.Helper()
	history, err := shop.Orders.Timeline(context.Background(), order.IDInput{ID: o.ID})
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	last := int64(0)
	for _, e := range history.Items {
		if e.Version != last+1 {
			t.Errorf("audit: order %s: version %d comes after %d", o.ID, e.Version, last)
		}
		last = e.Version
		if e.Kind == "status" && !order.Transitions.Allows(order.Status(e.From), order.Status(e.To)) {
			t.Errorf("audit: order %s went from %s to %s", o.ID, e.From, e.To)
		}
	}
	if last != o.Version {
		t.Errorf("audit: order %s has version %d and a history up to %d", o.ID, o.Version, last)
	}
}

// auditMoney checks the ledger of an order against its payments, and that a
// canceled order keeps nothing (N6, N8, N10).
func auditMoney(t testing.TB, shop *commerce.Shop, o order.Order) {
	t.Helper()
	in := payment.OrdersInput{OrderIDs: []string{o.ID}}
	all, err := shop.Payments.Payments(context.Background(), in)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	lines, err := shop.Payments.Ledger(context.Background(), in)
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	captured, refunded := map[string]int64{}, map[string]int64{}
	for _, l := range lines.Items {
		switch l.Kind {
		case payment.LineCaptured:
			captured[l.PaymentID] += l.Amount.Minor
		case payment.LineRefunded, payment.LineGoodwill:
			refunded[l.PaymentID] += l.Amount.Minor
		case payment.LineRefundFailed:
			refunded[l.PaymentID] -= l.Amount.Minor
		}
	}
	alive := 0
	for _, p := range all.Items {
		if captured[p.ID] != p.Captured.Minor {
			t.Errorf("audit: payment %s has captured %v, its ledger says %d", p.ID, p.Captured, captured[p.ID])
		}
		if refunded[p.ID] != p.Refunded.Minor || p.Refunded.Minor+p.Refunding.Minor > p.Captured.Minor {
			t.Errorf("audit: of payment %s %v went back and %v is on its way, of %v; its ledger says %d", p.ID, p.Refunded, p.Refunding, p.Captured, refunded[p.ID])
		}
		if !p.Over() && p.GiftCardID == "" {
			alive++
		}
		left := p.Captured.Minor - p.Refunded.Minor - p.Refunding.Minor
		if o.Status == order.StatusCanceled && (!p.Over() && p.Status != payment.StatusCaptured || left > 0) {
			t.Errorf("audit: the canceled order %s still has payment %s, %s", o.ID, p.ID, p.Status)
		}
	}
	if alive > 1 {
		t.Errorf("audit: order %s has %d payments that can succeed", o.ID, alive)
	}
}

// auditReservations returns what is kept for an order, by variant.
func auditReservations(t testing.TB, shop *commerce.Shop, o order.Order) map[string]int64 {
	t.Helper()
	out, err := shop.Inventory.Reservations(context.Background(), inventory.OrderInput{OrderID: o.ID})
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	kept := map[string]int64{}
	for _, r := range out.Items {
		if r.State != inventory.Held && r.State != inventory.Allocated {
			continue
		}
		kept[r.VariantID] += r.Quantity
		confirmed := o.Status == order.StatusConfirmed || o.Status == order.StatusCompleted
		if o.Status == order.StatusCanceled || r.State == inventory.Held && confirmed {
			t.Errorf("audit: order %s is %s and its stock is %s", o.ID, o.Status, r.State)
		}
	}
	return kept
}

// auditStock checks every shelf against its movements and what is kept (N1–N3).
func auditStock(t testing.TB, shop *commerce.Shop, kept map[string]int64) {
	t.Helper()
	ctx := context.Background()
	moved := map[string]int64{}
	for m, err := range page.All(ctx, func(ctx context.Context, cursor string) (page.Page[inventory.Movement], error) {
		return shop.Inventory.Movements(ctx, inventory.MovementsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		moved[m.VariantID] += m.Delta
	}
	onHand, reserved := map[string]int64{}, map[string]int64{}
	for l, err := range page.All(ctx, func(ctx context.Context, cursor string) (page.Page[inventory.Level], error) {
		return shop.Inventory.Levels(ctx, inventory.LevelsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		if l.Tracked && (l.Reserved < 0 || l.Reserved > l.OnHand+l.Backorder) {
			t.Errorf("audit: of %s %d are reserved with %d on hand", l.VariantID, l.Reserved, l.OnHand)
		}
		onHand[l.VariantID] += l.OnHand
		reserved[l.VariantID] += l.Reserved
	}
	for v, n := range onHand {
		if moved[v] != n {
			t.Errorf("audit: of %s %d are on hand, its movements make %d", v, n, moved[v])
		}
		if reserved[v] != kept[v] {
			t.Errorf("audit: of %s %d are reserved, orders keep %d", v, reserved[v], kept[v])
		}
	}
}

// auditCards checks that the balance of each gift card is the sum of its moves,
// and between nothing and what it was issued with.
func auditCards(t testing.TB, shop *commerce.Shop) {
	t.Helper()
	ctx := context.Background()
	for c, err := range page.All(ctx, func(ctx context.Context, cursor string) (page.Page[payment.GiftCard], error) {
		return shop.Payments.GiftCards(ctx, payment.GiftCardsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		d, err := shop.Payments.GiftCard(ctx, payment.IDInput{ID: c.ID})
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		sum := int64(0)
		for _, m := range d.Moves {
			sum += m.Delta.Minor
		}
		if sum != d.Balance.Minor || sum < 0 || sum > d.Initial.Minor {
			t.Errorf("audit: gift card %s has %v of %v, its moves make %d", d.ID, d.Balance, d.Initial, sum)
		}
	}
}

// auditPromotions checks that each promotion is used as often as orders have it
// that are not canceled, and not more often than it may be (N11).
func auditPromotions(t testing.TB, shop *commerce.Shop, orders map[string]int64) {
	t.Helper()
	for p, err := range page.All(context.Background(), func(ctx context.Context, cursor string) (page.Page[pricing.Promotion], error) {
		return shop.Pricing.Promotions(ctx, pricing.PromotionsInput{Query: page.Query{Limit: 100, Cursor: cursor}})
	}) {
		if err != nil {
			t.Fatalf("audit: %v", err)
		}
		if p.Used != orders[p.ID] || p.UsageLimit != nil && p.Used > *p.UsageLimit {
			t.Errorf("audit: promotion %s is used %d times, %d orders have it", p.ID, p.Used, orders[p.ID])
		}
	}
}
