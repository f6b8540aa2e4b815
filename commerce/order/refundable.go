package order

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// What can be given back is computed from the order alone: what it says was
// sold, captured and given back. Sums are in minor units; each is within
// money.Bound, and so few are added that they fit in 64 bits.

// tally is what of one line has gone back, or is on its way.
type tally struct{ units, amount, tax int64 }

// givenBack is what of the goods has gone back, or is on its way.
type givenBack struct {
	items    map[string]tally
	shipping tally // without units
	sum      int64 // of items, shipping and their rounding
}

func givenBackOf(refunds []Refund) givenBack {
	g := givenBack{items: map[string]tally{}}
	for _, r := range refunds {
		if r.Status == RefundFailed {
			continue
		}
		tax := r.Tax.Minor
		for _, it := range r.Items {
			was := g.items[it.ItemID]
			g.items[it.ItemID] = tally{was.units + it.Quantity, was.amount + it.Amount.Minor, was.tax + it.Tax.Minor}
			g.sum += it.Amount.Minor
			tax -= it.Tax.Minor
		}
		g.shipping.amount += r.Shipping.Minor
		g.shipping.tax += tax
		g.sum += r.Shipping.Minor + r.Rounding.Minor
	}
	return g
}

// source is a payment that money can go back to.
type source struct {
	id   string
	left int64
}

// sources returns the payments that money can go back to, in the order in which
// it does: the latest capture first, gift cards last. A payment and its refunds
// are told of apart, so what has gone back to it is whatever the two say at
// most.
func (d *document) sources() (out []source, captured, left int64) {
	all := slices.Clone(d.Payments)
	slices.Reverse(all)
	kind := func(p Payment) int {
		if p.Method == methodGiftCard {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b Payment) int {
		return cmp.Or(cmp.Compare(kind(a), kind(b)), cmp.Compare(d.Captures[b.ID], d.Captures[a.ID]))
	})
	for _, p := range all {
		captured += p.Captured.Minor
		if n := p.Captured.Minor - max(p.Refunded.Minor+p.Refunding.Minor, refundedTo(p.ID, d.Refunds)); n > 0 {
			out = append(out, source{p.ID, n})
			left += n
		}
	}
	return out, captured, left
}

// refundedTo returns what refunds give back to a payment.
func refundedTo(paymentID string, refunds []Refund) (n int64) {
	for _, r := range refunds {
		for _, p := range r.Payments {
			if p.PaymentID == paymentID && p.Status != RefundFailed {
				n += p.Amount.Minor
			}
		}
	}
	return n
}

// notRefundable is the meta of ErrNotRefundable and ErrAlreadyRefunded.
type notRefundable struct {
	Refundable money.Amount `json:"refundable"`
	Requested  money.Amount `json:"requested"`
}

// planRefund returns the refund that in asks for, without ids. It changes
// nothing.
func (d *document) planRefund(in RefundInput) (Refund, error) {
	sources, captured, left := d.sources()
	if (d.Status == StatusPending || d.Status == StatusDraft) && captured == 0 {
		return Refund{}, ErrNotConfirmed
	}
	p := refundPlan{o: &d.Order, given: givenBackOf(d.Refunds), r: in.blank(d.Currency)}
	all := in.Items == nil && in.Shipping == nil && in.Goodwill == nil
	if all {
		p.takeAll(left)
	} else {
		p.take(in)
	}
	if p.err != nil {
		return Refund{}, p.err
	}
	if len(p.faults) > 0 {
		return Refund{}, invalid(p.faults)
	}
	if n := p.r.Amount.Minor; n < 1 || n > left {
		meta := notRefundable{money.New(left, d.Currency), p.r.Amount}
		if n > captured || captured == 0 {
			return Refund{}, ErrNotRefundable.With(meta)
		}
		return Refund{}, ErrAlreadyRefunded.With(meta)
	}
	p.r.spend(sources)
	return p.r, nil
}

// blank returns a refund of nothing with what in says about it.
func (in RefundInput) blank(c money.Currency) Refund {
	zero := money.Zero(c)
	r := Refund{Status: RefundPending, Payments: []RefundPart{}, Reason: in.Reason, Amount: zero, Tax: zero, Items: []RefundItem{},
		Shipping: zero, Goodwill: zero, Rounding: zero, Rest: zero}
	if in.ReturnID != "" {
		r.ReturnID = &in.ReturnID
	}
	return r
}

// spend shares the amount of r out among payments, a favor first.
func (r *Refund) spend(sources []source) {
	rest, favor := r.Amount.Minor, r.Goodwill.Minor
	for _, s := range sources {
		n := min(rest, s.left)
		if n == 0 {
			break
		}
		g := min(favor, n)
		r.Payments = append(r.Payments, RefundPart{PaymentID: s.id, Amount: money.New(n, r.Amount.Currency), Goodwill: money.New(g, r.Amount.Currency), Status: RefundPending})
		rest, favor = rest-n, favor-g
	}
	if len(r.Payments) == 1 {
		r.PaymentID = new(r.Payments[0].PaymentID)
	}
}

// named gives r an id, and its parts theirs.
func (r *Refund) named(id string) {
	r.ID = id
	for i := range r.Payments {
		r.Payments[i].ID = id + "." + strconv.Itoa(i+1)
	}
}
