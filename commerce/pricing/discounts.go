package pricing

import (
	"cmp"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// QuotedDiscount is what one promotion takes off a basket. What it does not
// share out among the items it takes off the shipping.
type QuotedDiscount struct {
	PromotionID string       `json:"promotion_id"`
	Version     int64        `json:"version"` // of the promotion
	Code        *string      `json:"code"`
	Title       string       `json:"title"`
	Amount      money.Amount `json:"amount"` // more than nothing
	Shares      []Share      `json:"shares"` // by item, none of nothing
	// PerCustomerLimit is the promotion's.
	PerCustomerLimit *int64 `json:"per_customer_limit,omitempty"`
}

// Share is what one item has of a discount.
type Share struct {
	ItemID string       `json:"item_id"`
	Amount money.Amount `json:"amount"`
}

// JudgedCode says whether a code of a basket counts, and if not, why: one of the
// Code constants.
type JudgedCode struct {
	Code    string `json:"code"` // in its normal form
	Applied bool   `json:"applied"`
	Reason  string `json:"reason,omitempty"`
}

// judge finds out which offers count.
func (w *work) judge() error {
	w.reasons = map[string]string{}
	var fit []Offer
	for _, o := range w.Offers {
		reason, err := w.unfit(o)
		if err != nil {
			return err
		}
		if w.reasons[o.ID] = reason; reason == "" {
			fit = append(fit, o)
		}
	}
	slices.SortFunc(fit, func(a, b Offer) int { return byRight(a.Promotion, b.Promotion) })
	for i, o := range fit {
		if i > 0 && (o.Exclusive || fit[0].Exclusive) {
			w.reasons[o.ID] = CodeExclusive
			continue
		}
		w.counting = append(w.counting, o.Promotion)
	}
	slices.SortFunc(w.counting, byTurn)
	return nil
}

// unfit returns why o does not count in this basket, were it the only one.
func (w *work) unfit(o Offer) (string, error) {
	if reason := o.refuses(w.Now); reason != "" {
		return reason, nil
	}
	if w.idle[o.ID] || !covers(o.Markets, w.Market.ID) || !w.concerns(o.Promotion) {
		return CodeNotApplicable, nil
	}
	if len(o.MinSubtotal) == 0 {
		return "", nil
	}
	goods, err := money.Sum(w.currency, w.left...) // nothing is taken off yet
	if err != nil {
		return "", tooMuch(err)
	}
	switch least := in(w.currency, o.MinSubtotal); {
	case least == nil:
		return CodeNotApplicable, nil
	case goods.Cmp(*least) < 0:
		return CodeMinimum, nil
	default:
		return "", nil
	}
}

// concerns reports whether there is anything that p could take something off.
func (w *work) concerns(p Promotion) bool {
	if p.Kind == KindFreeShipping {
		return slices.ContainsFunc(w.byID(), w.sent)
	}
	if p.Kind == KindFixed && in(w.currency, p.Amounts) == nil {
		return false
	}
	return slices.ContainsFunc(w.byID(), func(i int) bool { return p.names(w.Lines[i]) && !w.left[i].IsZero() })
}

// byID returns the lines in the order of their ids, in which what is left over of
// a division is given out.
func (w *work) byID() []int {
	if w.sorted == nil {
		w.sorted = make([]int, len(w.Lines))
		for i := range w.sorted {
			w.sorted[i] = i
		}
		slices.SortStableFunc(w.sorted, func(i, j int) int { return cmp.Compare(w.Lines[i].ID, w.Lines[j].ID) })
	}
	return w.sorted
}

// discount takes off the goods what counts, one after the other.
func (w *work) discount() error {
	if err := w.judge(); err != nil {
		return err
	}
	for _, p := range w.counting {
		if p.Kind == KindFreeShipping {
			w.freeShipping = true
			continue
		}
		var lines []int
		for _, i := range w.byID() {
			if p.names(w.Lines[i]) {
				lines = append(lines, i)
			}
		}
		shares, err := w.shared(p, lines)
		if err != nil {
			return tooMuch(err)
		}
		if err := w.takeOff(p, lines, shares); err != nil {
			return err
		}
	}
	return nil
}

// shared returns what p takes off each of lines: items by percent line by line,
// everything else as one amount that is shared by what the lines cost now.
func (w *work) shared(p Promotion, lines []int) (shares []money.Amount, err error) {
	weights, base := make([]int64, len(lines)), w.sum()
	for k, i := range lines {
		weights[k] = w.left[i].Minor
		base.add(w.left[i])
		if p.Kind == KindPercent && p.Scope == ScopeItems {
			share, err := p.Percent.Of(w.left[i])
			if err != nil {
				return nil, err
			}
			shares = append(shares, share)
		}
	}
	if base.err != nil || shares != nil {
		return shares, base.err
	}
	var whole money.Amount
	if p.Kind == KindPercent {
		whole, err = p.Percent.Of(base.amount)
	} else {
		whole = atMost(*in(w.currency, p.Amounts), base.amount)
	}
	if err != nil {
		return nil, err
	}
	return money.Split(whole, weights)
}

// takeOff takes the shares of p off lines, and tells of them in the order of the
// basket.
func (w *work) takeOff(p Promotion, lines []int, shares []money.Amount) (err error) {
	of := map[int]money.Amount{}
	for k, i := range lines {
		of[i] = shares[k]
	}
	d := w.discounted(p)
	for i := range w.Lines {
		share, ok := of[i]
		if !ok || share.IsZero() {
			continue
		}
		it := &w.quote.Items[i]
		if it.Discount, err = it.Discount.Add(share); err != nil {
			return w.tooMuch(i, err)
		}
		if w.left[i], err = w.left[i].Sub(share); err != nil {
			return w.tooMuch(i, err)
		}
		if d.Amount, err = d.Amount.Add(share); err != nil {
			return w.tooMuch(i, err)
		}
		d.Shares = append(d.Shares, Share{ItemID: it.ID, Amount: share})
	}
	w.note(p, d)
	return nil
}

func (w *work) discounted(p Promotion) QuotedDiscount {
	return QuotedDiscount{PromotionID: p.ID, Version: p.Version, Code: p.Code, Title: p.Title, Amount: money.Zero(w.currency), Shares: []Share{},
		PerCustomerLimit: p.PerCustomerLimit}
}

// note keeps a discount, or that p takes nothing off.
func (w *work) note(p Promotion, d QuotedDiscount) {
	if d.Amount.IsZero() {
		w.reasons[p.ID] = CodeNotApplicable
		return
	}
	w.quote.Discounts = append(w.quote.Discounts, d)
}

// settle notes what was taken off the shipping, and says of each code whether it
// counts. One that frees a way to deliver that is not chosen yet counts.
func (w *work) settle() error {
	chosen := w.quote.Shipping
	costs := slices.ContainsFunc(w.quote.Options, func(o QuotedOption) bool { return !o.Price.IsZero() })
	for _, p := range w.counting {
		if p.Kind != KindFreeShipping || chosen == nil && (costs || len(w.quote.Options) == 0) {
			continue
		}
		d := w.discounted(p)
		if chosen != nil && !w.freed {
			d.Amount, w.freed = chosen.Discount, true
		}
		w.note(p, d)
	}
	for _, code := range w.Codes {
		j := JudgedCode{Code: code, Reason: CodeUnknown}
		for _, o := range w.Offers {
			if o.Code != nil && *o.Code == code {
				j.Reason = w.reasons[o.ID]
			}
		}
		j.Applied = j.Reason == ""
		w.quote.Codes = append(w.quote.Codes, j)
	}
	return nil
}

// wasted returns the exclusive promotion that counts and takes nothing off, "" for
// none: it must not keep others from counting.
func (w *work) wasted() string {
	for _, p := range w.counting {
		if p.Exclusive && w.reasons[p.ID] == CodeNotApplicable {
			return p.ID
		}
	}
	return ""
}
