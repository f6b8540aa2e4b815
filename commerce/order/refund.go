package order

import (
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/state"
)

// RefundStatus is where a refund, or a part of one, is in its life.
type RefundStatus string

// The states of a refund.
const (
	RefundPending   RefundStatus = "pending" // written down; the money is spoken for
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
)

// RefundTransitions are the moves of a refund and of its parts. A bank can send
// money back that had been on its way: then one fails that had succeeded.
var RefundTransitions = state.Table[RefundStatus]{
	RefundPending:   {RefundSucceeded, RefundFailed},
	RefundSucceeded: {RefundFailed},
}

// Refund is money that goes back:
// amount = Σ items + shipping + goodwill + rounding + rest.
//
// Its status follows from its parts. It is pending while one of them is, failed
// when all are, and otherwise succeeded: Amount is then what the parts that did
// not fail give back, Rest is less by the others, and the units stay refunded.
// What is missing goes back as another refund, as goodwill or with all that
// remains. A failed refund keeps the sums that it was to have, and its units,
// its shipping and its money can be refunded again.
type Refund struct {
	ID        string       `json:"id"`
	Status    RefundStatus `json:"status"`
	PaymentID *string      `json:"payment_id"` // null when it goes to several
	Payments  []RefundPart `json:"payments"`
	ReturnID  *string      `json:"return_id"`
	Reason    string       `json:"reason"`
	Amount    money.Amount `json:"amount"`
	Tax       money.Amount `json:"tax"` // in the items and the shipping
	Items     []RefundItem `json:"items"`
	Shipping  money.Amount `json:"shipping"`
	// Goodwill is a favor: for no goods, and without tax.
	Goodwill money.Amount `json:"goodwill"`
	// Rounding makes what goods and shipping bring payable in the currency, and
	// has the order's own rounding when nothing of them is left. It can be below
	// zero.
	Rounding money.Amount `json:"rounding"`
	// Rest is there when all that remains goes back: fees and what was paid too
	// much, less what had gone back as goodwill or was never captured. It can be
	// below zero.
	Rest      money.Amount `json:"rest"`
	CreatedAt time.Time    `json:"created_at"`
}

// RefundPart is what of a refund goes to one payment. The payment engine has the
// truth; Version is its when the part last moved, 0 before, and older news
// changes nothing.
type RefundPart struct {
	ID        string       `json:"id"` // of the payment engine's refund
	PaymentID string       `json:"payment_id"`
	Amount    money.Amount `json:"amount"`
	Goodwill  money.Amount `json:"goodwill"` // the part of Amount that is a favor
	Status    RefundStatus `json:"status"`
	Version   int64        `json:"version"`
}

// RefundItem is what of a refund is for units of an item.
type RefundItem struct {
	ItemID   string       `json:"item_id"`
	Quantity int64        `json:"quantity"`
	Amount   money.Amount `json:"amount"`
	Tax      money.Amount `json:"tax"`
}

// follow derives status and sums of r from its parts.
func (r *Refund) follow() {
	var all, lives int64
	status := RefundFailed
	for _, p := range r.Payments {
		all += p.Amount.Minor
		if p.Status == RefundFailed {
			continue
		}
		lives += p.Amount.Minor
		if status != RefundPending {
			status = p.Status
		}
	}
	r.Status = status
	now := lives
	if status == RefundFailed {
		now = all
	}
	r.Rest.Minor += now - r.Amount.Minor
	r.Amount.Minor = now
}

// refundedUnits returns how many units of an item are refunded, or are about to
// be.
func refundedUnits(itemID string, refunds []Refund) (n int64) {
	for _, r := range refunds {
		if r.Status == RefundFailed {
			continue
		}
		for _, it := range r.Items {
			if it.ItemID == itemID {
				n += it.Quantity
			}
		}
	}
	return n
}

// refund returns the one with this id, or nil.
func (o *Order) refund(id string) *Refund {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &o.Refunds[i]
}

// refundPart returns the part with this id and its refund, or nil.
func (o *Order) refundPart(id string) (*Refund, *RefundPart) {
	for i := range o.Refunds {
		for j := range o.Refunds[i].Payments {
			if p := &o.Refunds[i].Payments[j]; p.ID == id {
				return &o.Refunds[i], p
			}
		}
	}
	return nil, nil
}
