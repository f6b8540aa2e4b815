package simulate

import (
	"strings"
	"testing"
)

// held says where each invariant is held; those of one are held after every
// commit that touches what they are about, those of rest when all is over.
var held = []struct{ name, what, where string }{
	{"N1", "stock is what was moved", "holdStock, always"},
	{"N2", "no more is reserved than there is", "holdStock, always"},
	{"N3", "what is reserved is what reservations say", "holdStock, always"},
	{"N4", "one order for a checkout, one alive for a cart", "holdOrders, always"},
	{"N5", "orders add up", "holdSums, always"},
	{"N6", "money: payments, refunds, disputes and gift cards add up", "holdMoney, holdCards, holdDisputes, holdContested, always; holdBalance, at rest"},
	{"N7", "one intent of an order can take money", "audit, whenever the bank has done something"},
	{"N8", "the ledger and the moves of gift cards only grow, and make the sums", "holdLedger, holdMoves, always"},
	{"N9", "states go forward, versions have no holes", "holdHistory, holdPayment, holdRefunds, holdDisputes, always"},
	{"N10", "what is canceled keeps nothing", "holdVoided and holdCards, always; holdGoods, always where stock and orders share a database, else at rest"},
	{"N11", "promotions are used no more often than they may be", "holdPromotions, always; holdUses, at rest"},
	{"N12", "what is announced is in the outbox, once, in order", "holdEvents, holdAnnounced, always"},
	{"N13", "an event has an effect once", "holdEffects, always"},
	{"N14", "one request and one answer under a key, of one thing", "claimed, known, answered, always"},
	{"N15", "one open cart of a customer; closed ones stay", "holdCarts, always"},
	{"N16", "no secret, code or token is stored", "secretless, at each write; holdSecrets, at rest"},
	{"N17", "units of work are short, and nobody leaves the process or sleeps in one", "outgoing, before, sleep, skip, always"},
	{"R1", "what the bank has taken is of an order that has it, or goes back", "holdIntent, at rest"},
	{"R2", "refunds, disputes and movements here are those at the bank", "holdRefund, holdCourt, holdCompared, at rest"},
	{"R3", "nothing waits beyond its time", "holdDeadlines, at rest"},
	{"R4", "every event has had its effects", "holdDelivered, holdNoted, at rest"},
	{"R5", "lists and searches are what they would be if they were made anew", "holdListing, at rest, in every fourth schedule"},
	{"R6", "nothing is left under way", "holdEnds, at rest"},
}

// TestInvariants prints where each invariant is held, and holds that the list is
// whole.
func TestInvariants(t *testing.T) {
	const want = 17 + 6
	var b strings.Builder
	for _, h := range held {
		b.WriteString("\n" + h.name + "\t" + h.what + ": " + h.where)
	}
	if t.Log(b.String()); len(held) != want {
		t.Errorf("%d invariants, want %d", len(held), want)
	}
}
