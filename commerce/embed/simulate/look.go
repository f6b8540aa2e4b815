package simulate

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// checks are sets of invariants that are to be held, by what they are about.
type checks uint

const (
	aboutCarts checks = 1 << iota
	aboutStock
	aboutMoney
	aboutOrders
	aboutGoods  // stock of orders
	aboutEvents // and what they announce
	aboutEffects
	aboutPromotions
	aboutEverything = 1<<iota - 1
)

// touches returns what a call of a store may have changed.
func touches(point string) checks {
	store, call, _ := strings.Cut(point, ".")
	switch {
	case call == "record":
		return aboutEvents
	case call == "mark":
		return 0
	case store == "inventory":
		return aboutStock | aboutGoods
	case store == "orders" && (call == "create" || call == "save"):
		return aboutOrders | aboutGoods | aboutEvents | aboutEffects
	case store == "payments" && slices.Contains(moving, call):
		return aboutMoney
	case call == "claim_promotion" || call == "return_uses":
		return aboutPromotions
	case store == "carts":
		return aboutCarts
	default:
		return 0
	}
}

// moving are the calls of a payment.Store that move money.
var moving = []string{"save", "save_refund", "append", "save_gift_card", "move_gift_card"}

// shadow is what was in the stores when they were looked at last: what must not
// change, or only in steps that are allowed.
type shadow struct {
	dirty    checks
	attempts map[string]int // of carts
	cartsAt  map[string]cart.Cart
	payments map[string]payment.Payment
	refunds  map[string]payment.Refund
	ledger   map[string]payment.Ledger
	orders   map[string]order.Row
	history  map[string][]order.Entry
	moves    map[string]map[string]payment.GiftCardMove // of gift cards, by card, then kind and cause
	uses     map[string]map[string]bool                 // of promotions, by promotion, then key
	keys     map[string]idem.Record                     // by scope and key
	kept     map[string]bool                            // whether the answer is, by key
	things   map[string]thing                           // what was asked for, by who asked and key
	rows     map[string][]byte                          // that were written last, for what must be in none
}

func newShadow() shadow {
	return shadow{attempts: map[string]int{}, cartsAt: map[string]cart.Cart{}, payments: map[string]payment.Payment{}, refunds: map[string]payment.Refund{}, ledger: map[string]payment.Ledger{},
		orders: map[string]order.Row{}, history: map[string][]order.Entry{}, moves: map[string]map[string]payment.GiftCardMove{},
		uses: map[string]map[string]bool{}, keys: map[string]idem.Record{}, kept: map[string]bool{}, things: map[string]thing{}, rows: map[string][]byte{}}
}

// look holds the invariants about what has changed. What lies in a database that
// has a unit open waits until that is over.
func (w *world) look() {
	stock, home := w.dbOf("inventory"), w.home
	for _, c := range []struct {
		about checks
		in    [2]*database
		hold  func(ctx context.Context)
	}{
		{aboutCarts, [2]*database{w.dbOf("cart")}, w.holdCarts},
		{aboutOrders, [2]*database{home}, w.holdOrders},
		{aboutStock, [2]*database{stock}, w.holdStock},
		{aboutMoney, [2]*database{w.dbOf("payment")}, w.holdMoney},
		{aboutGoods, [2]*database{stock, home}, w.holdGoods},
		{aboutEvents, [2]*database{home}, w.holdAnnounced},
		{aboutEffects, [2]*database{home}, w.holdEffects},
		{aboutPromotions, [2]*database{w.dbOf("pricing")}, w.holdPromotions},
	} {
		if w.dirty&c.about == 0 || slices.ContainsFunc(c.in[:], func(d *database) bool { return d != nil && d.unit != nil }) {
			continue
		}
		w.dirty &^= c.about
		c.hold(context.Background())
	}
}

// dbOf returns the database of an engine.
func (w *world) dbOf(engine string) *database {
	switch {
	case w.Topology == Two && (engine == "inventory" || engine == "pricing" || engine == "catalog"):
		return w.dbs[1]
	case w.Topology == Saga:
		return w.dbs[map[string]int{"order": 0, "cart": 1, "catalog": 2, "inventory": 3, "pricing": 4, "payment": 5}[engine]]
	default:
		return w.home
	}
}

// orderIDs are the ids of all orders that can be, by cart and attempt, or are.
func (w *world) orderIDs() (ids []string) {
	for _, b := range w.carts {
		ulid := strings.TrimPrefix(b.id, "cart_")
		ids = append(ids, "ord_"+ulid)
		for n := 2; n <= w.attempts[b.id]; n++ {
			ids = append(ids, "ord_"+ulid+"-"+strconv.Itoa(n))
		}
	}
	for id := range sorted(w.orders) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// broken reports an error of reading.
func (w *world) unread(what string, err error) bool {
	if err != nil {
		w.violate("store", "%s cannot be read: %v", what, err)
	}
	return err != nil
}

// holdCarts holds N15.
func (w *world) holdCarts(ctx context.Context) {
	open := map[string]string{}
	for _, b := range w.carts {
		c, err := w.dbOf("cart").Stores.Carts.Cart(ctx, b.id)
		if w.unread("cart "+b.id, err) {
			return
		}
		w.attempts[c.ID] = c.Attempt
		if key := c.OpenKey(); key != "" {
			if open[key] != "" {
				w.violate("N15", "carts %s and %s are open for %s", open[key], c.ID, key)
			}
			open[key] = c.ID
		}
		was, seen := w.cartsAt[c.ID]
		w.cartsAt[c.ID] = c
		if !seen || was.Version == c.Version {
			continue
		}
		if was.Status != c.Status {
			w.edge("cart", string(was.Status), string(c.Status))
			w.say("cart %s: %s to %s", c.ID, was.Status, c.Status)
		}
		switch {
		case was.Status != c.Status && !cart.Transitions.Allows(was.Status, c.Status) && c.Version == was.Version+1:
			w.violate("N15", "cart %s went from %s to %s", c.ID, was.Status, c.Status)
		case was.Status != cart.StatusOpen && was.Status == c.Status && c.Version == was.Version+1:
			w.violate("N15", "cart %s was %s and has been written", c.ID, c.Status)
		}
	}
}

// sorted walks a map in the order of its keys: what is found first must be the
// same each time.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
