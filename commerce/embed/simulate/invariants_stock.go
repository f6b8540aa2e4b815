package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// all is more than any list of a schedule has.
const all = 100_000

// holdStock holds N1 to N3: what lies on a shelf is what was moved there, what
// is reserved fits on it, and is what reservations say.
func (w *world) holdStock(ctx context.Context) {
	stock := w.dbOf("inventory").Stores.Inventory
	levels, err := stock.Levels(ctx, inventory.LevelFilter{Limit: all})
	if w.unread("stock", err) {
		return
	}
	moved, err := stock.Movements(ctx, inventory.MovementFilter{Limit: all})
	if w.unread("movements", err) {
		return
	}
	sum := map[inventory.LevelKey]int64{}
	for _, m := range moved {
		sum[inventory.LevelKey{VariantID: m.VariantID, LocationID: m.LocationID}] += m.Delta
	}
	kept := map[inventory.LevelKey]int64{}
	for _, id := range w.orderIDs() {
		rs, err := stock.Reservations(ctx, id)
		if w.unread("reservations", err) {
			return
		}
		for _, r := range rs {
			if r.State == inventory.Held || r.State == inventory.Allocated {
				kept[inventory.LevelKey{VariantID: r.VariantID, LocationID: r.LocationID}] += r.Quantity
			}
		}
	}
	for _, l := range levels {
		key := inventory.LevelKey{VariantID: l.VariantID, LocationID: l.LocationID}
		switch {
		case l.OnHand != sum[key]:
			w.violate("N1", "%d of %s are on hand, their movements make %d", l.OnHand, l.VariantID, sum[key])
		case l.OnHand < 0 || l.Reserved < 0 || l.Tracked && l.Reserved > l.OnHand+l.Backorder:
			w.violate("N2", "%d of %s are reserved, with %d on hand", l.Reserved, l.VariantID, l.OnHand)
		case l.Reserved != kept[key]:
			w.violate("N3", "%d of %s are reserved, orders keep %d", l.Reserved, l.VariantID, kept[key])
		}
	}
}

// holdGoods holds N10 for goods, which is so at any time where orders and stock
// share a database, and elsewhere at rest: a canceled order keeps nothing.
func (w *world) holdGoods(ctx context.Context) {
	if w.dbOf("inventory") != w.home && !w.still {
		return
	}
	for id, row := range sorted(w.orders) {
		if row.Status != order.StatusCanceled {
			continue
		}
		rs, err := w.dbOf("inventory").Stores.Inventory.Reservations(ctx, id)
		if w.unread("reservations", err) {
			return
		}
		for _, r := range rs {
			if r.State == inventory.Held || r.State == inventory.Allocated {
				w.violate("N10", "order %s is canceled and keeps %d of %s", id, r.Quantity, r.VariantID)
			}
		}
	}
}
