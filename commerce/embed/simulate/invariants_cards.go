package simulate

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// holdCards holds N6, N8 and N10 for gift cards: what is left on one is what was
// put on it, less what it has paid or holds, and more what came back; so say its
// moves, which only ever come; and a canceled order holds nothing of it.
func (w *world) holdCards(ctx context.Context, ps []payment.Payment) {
	store := w.dbOf("payment").Stores.Payments
	cards, err := store.GiftCards(ctx, "", all)
	if w.unread("gift cards", err) {
		return
	}
	for _, c := range cards {
		moves, err := store.GiftCardMoves(ctx, c.ID)
		if w.unread("moves of "+c.ID, err) {
			return
		}
		w.holdCard(c, w.holdMoves(c.ID, moves), w.paidBy(c.ID, ps))
	}
}

// paidBy is what the payments by a card make of its moves, by kind.
func (w *world) paidBy(card string, ps []payment.Payment) map[string]int64 {
	sum := map[string]int64{}
	together := w.joined || w.still // elsewhere an order that is withdrawn lets go a moment later
	for _, p := range ps {
		if p.GiftCardID != card {
			continue
		}
		sum[payment.MoveHeld] -= p.Authorized.Minor
		if p.Over() {
			sum[payment.MoveReleased] += p.Authorized.Minor - p.Captured.Minor
		}
		sum[payment.MoveRefunded] += p.Refunded.Minor
		if together && p.Status == payment.StatusAuthorized && w.orders[p.OrderID].Status == order.StatusCanceled {
			w.violate("N10", "order %s is canceled and holds %v of the gift card %s", p.OrderID, p.Authorized, card)
		}
	}
	return sum
}

// holdCard compares a card with its moves and with its payments.
func (w *world) holdCard(c payment.GiftCard, moved, paid map[string]int64) {
	paid[payment.MoveIssued] = c.Initial.Minor
	left := int64(0)
	for kind, n := range sorted(moved) {
		left += n
		if n != paid[kind] {
			w.violate("N6", "%d of the gift card %s were %s, its payments make %d", n, c.ID, kind, paid[kind])
		}
	}
	for kind, n := range sorted(paid) {
		if _, ok := moved[kind]; !ok && n != 0 {
			w.violate("N6", "nothing of the gift card %s was %s, its payments make %d", c.ID, kind, n)
		}
	}
	switch {
	case c.Balance.Minor != left:
		w.violate("N6", "%v is left on the gift card %s, its moves make %d", c.Balance, c.ID, left)
	case left < 0 || left > c.Initial.Minor:
		w.violate("N6", "%v is left on the gift card %s of %v", c.Balance, c.ID, c.Initial)
	}
}

// holdMoves holds that moves of a card only ever come, each once, and returns
// what they make by kind.
func (w *world) holdMoves(card string, moves []payment.GiftCardMove) map[string]int64 {
	moved, there := map[string]int64{}, map[string]bool{}
	was := w.moves[card]
	now := make(map[string]payment.GiftCardMove, len(moves))
	for _, m := range moves {
		key := m.Kind + " " + m.Cause
		if there[key] {
			w.violate("N8", "the gift card %s was moved twice: %s", card, key)
		}
		there[key] = true
		if old, seen := was[key]; !seen {
			w.say("gift card %s: %s %v for %s", card, m.Kind, m.Delta, m.Cause)
			w.edge("gift card", "", m.Kind)
		} else if old.Delta != m.Delta || !old.At.Equal(m.At) {
			w.violate("N8", "a move of the gift card %s has changed: %s", card, key)
		}
		now[key] = m
		moved[m.Kind] += m.Delta.Minor
	}
	for key := range sorted(was) {
		if !there[key] {
			w.violate("N8", "a move of the gift card %s is gone: %s", card, key)
		}
	}
	w.moves[card] = now
	return moved
}
