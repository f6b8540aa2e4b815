package simulate

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// holdPromotions holds N11: a promotion counts its uses, of which there are no
// more than there may be, in all and of one customer; at rest they are of the
// orders that have it and are not canceled. An order that is being undone may be
// canceled a moment before its use comes back.
func (w *world) holdPromotions(ctx context.Context) {
	store := w.dbOf("pricing").Stores.Pricing
	for _, known := range w.promos {
		p, err := store.Promotion(ctx, known.id)
		if w.unread("promotion "+known.id, err) {
			return
		}
		uses, err := store.PromotionUses(ctx, known.id)
		if w.unread("uses of "+known.id, err) {
			return
		}
		w.noteUses(known.id, uses)
		n, mine := int64(len(uses)), map[string]int64{}
		for _, u := range uses {
			mine[u.Buyer]++
		}
		switch {
		case p.Used != n:
			w.violate("N11", "the promotion %s says that it is used %d times, and has %d uses", p.ID, p.Used, n)
		case n > known.most:
			w.violate("N11", "the promotion %s is used %d times, and may be %d times", p.ID, n, known.most)
		}
		for _, times := range sorted(mine) {
			if times > known.each {
				w.violate("N11", "a customer has used the promotion %s %d times, and may %d times", p.ID, times, known.each)
			}
		}
		if w.still {
			w.holdUses(p.ID, uses)
		}
	}
}

// noteUses tells which uses of a promotion have come and gone.
func (w *world) noteUses(id string, uses []pricing.PromotionUse) {
	was, now := w.uses[id], map[string]bool{}
	for _, u := range uses {
		if now[u.Key] = true; !was[u.Key] {
			w.say("promotion %s: used by %s", id, u.Key)
			w.edge("promotion", "", "used")
		}
	}
	for key := range sorted(was) {
		if !now[key] {
			w.say("promotion %s: given back by %s", id, key)
			w.edge("promotion", "used", "given back")
		}
	}
	w.uses[id] = now
}

// holdUses holds that each use of a promotion is of an order that has it, and
// each order has its use.
func (w *world) holdUses(id string, uses []pricing.PromotionUse) {
	used := map[string]bool{}
	for _, u := range uses {
		used[u.Key] = true
	}
	for _, row := range sorted(w.orders) {
		if row.Status == order.StatusCanceled || !w.discounted(row, id) {
			continue
		}
		if !used[row.CheckoutID] {
			w.violate("N11", "order %s is %s and has the promotion %s, which is not used by it", row.ID, row.Status, id)
		}
		delete(used, row.CheckoutID)
	}
	for key := range sorted(used) {
		w.violate("N11", "the promotion %s is used by %s, which is no order that has it", id, key)
	}
}

// discounted reports whether an order has a promotion.
func (w *world) discounted(row order.Row, promotion string) bool {
	var o order.Order
	if w.unread("order "+row.ID, json.Unmarshal(row.Doc, &o)) {
		return false
	}
	return slices.ContainsFunc(o.Discounts, func(d order.Discount) bool { return d.PromotionID == promotion })
}
