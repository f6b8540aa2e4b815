package order

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// bank is the payment engine of a property: what has really gone back, by
// payment, of which the order hears late.
type bank map[string]*Payment

func bankOf(d *document) bank {
	b := bank{}
	for _, p := range d.Payments {
		b[p.ID] = &p
	}
	return b
}

// move lets a part come to a state, at the bank and, as NoteRefund does, here.
func (b bank) move(r *Refund, p *RefundPart, to RefundStatus) {
	switch at := b[p.PaymentID]; {
	case to == RefundSucceeded:
		at.Refunded.Minor += p.Amount.Minor
	case p.Status == RefundSucceeded:
		at.Refunded.Minor -= p.Amount.Minor
	}
	p.Status = to
	r.follow()
}

// tell lets the order hear how a payment stands.
func (b bank) tell(d *document) {
	for i, p := range d.Payments {
		d.Payments[i] = *b[p.ID]
	}
}

// abroad makes a refund at the provider and tells of it.
func (b bank) abroad(g gen, d *document) {
	p := b[d.Payments[g.IntN(len(d.Payments))].ID]
	left := p.Captured.Minor - max(p.Refunded.Minor, refundedTo(p.ID, d.Refunds))
	if left < 1 {
		return
	}
	a := money.New(1+g.Int64N(left), d.Currency)
	p.Refunded.Minor += a.Minor
	t := &task{document: *d}
	t.adopt(NoteRefundInput{RefundID: fmt.Sprint("abroad_", len(d.Refunds)), PaymentID: p.ID, Status: RefundSucceeded, Amount: a, Version: 1}, p.Method)
	d.Refunds = t.Refunds
}

// happen lets one of the parts come to another state that it may come to.
func (b bank) happen(g gen, d *document) {
	if len(d.Refunds) == 0 {
		return
	}
	r := &d.Refunds[g.IntN(len(d.Refunds))]
	p := &r.Payments[g.IntN(len(r.Payments))]
	if to := RefundTransitions[p.Status]; len(to) > 0 {
		b.move(r, p, to[g.IntN(len(to))])
	}
}

// wrong returns what of d cannot be.
func wrong(d *document) error {
	var live, captured int64
	for _, p := range d.Payments {
		captured += p.Captured.Minor
		if back := refundedTo(p.ID, d.Refunds); back > p.Captured.Minor {
			return fmt.Errorf("%s gets %d back of %d", p.ID, back, p.Captured.Minor)
		}
	}
	for _, r := range d.Refunds {
		if r.Status != RefundFailed {
			live += r.Amount.Minor
		}
		if err := wrongRefund(r); err != nil {
			return err
		}
	}
	if live > captured {
		return fmt.Errorf("%d go back of %d", live, captured)
	}
	given := givenBackOf(d.Refunds)
	for _, it := range d.Items {
		if g := given.items[it.ID]; g.units > it.Quantity || g.amount > it.Total.Minor || g.tax > it.Tax.Minor {
			return fmt.Errorf("%s: %+v of %d, %v, %v", it.ID, g, it.Quantity, it.Total, it.Tax)
		}
	}
	if s := d.Shipping; s != nil && (given.shipping.amount > s.Total.Minor || given.shipping.tax > s.Tax.Minor) {
		return fmt.Errorf("shipping: %+v of %v, %v", given.shipping, s.Total, s.Tax)
	}
	return nil
}

func wrongRefund(r Refund) error {
	sum, tax := r.Shipping.Minor+r.Goodwill.Minor+r.Rounding.Minor+r.Rest.Minor, r.Tax.Minor
	for _, it := range r.Items {
		sum, tax = sum+it.Amount.Minor, tax-it.Tax.Minor
		if it.Quantity < 1 || it.Amount.Minor < 0 || it.Tax.Minor < 0 {
			return fmt.Errorf("%s: %+v", r.ID, it)
		}
	}
	var parts, favor int64
	for _, p := range r.Payments {
		if p.Amount.Minor < 1 || p.Goodwill.Minor < 0 || p.Goodwill.Minor > p.Amount.Minor {
			return fmt.Errorf("%s: part %+v", r.ID, p)
		}
		favor += p.Goodwill.Minor
		if p.Status != RefundFailed || r.Status == RefundFailed {
			parts += p.Amount.Minor
		}
	}
	if sum != r.Amount.Minor || parts != r.Amount.Minor || favor != r.Goodwill.Minor || tax < 0 || r.Amount.Minor < 0 {
		return fmt.Errorf("%s: the parts make %d, the lines %d, favors %d, tax %d: %+v", r.ID, parts, sum, favor, tax, r)
	}
	return nil
}

// M02: orders of any kind, and refunds of any kind one after the other, some of which
// fail or are made elsewhere: nothing goes back twice, and in the end all does.
func TestRefundsAnyhow(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		d := g.order(t)
		captured := d.Totals.Total.Minor
		switch step := d.Currency.Step(); {
		case g.one(8):
			captured = g.Int64N(captured+1) / step * step
		case g.one(12):
			captured += (1 + g.upTo(1000)) * step
		}
		g.pay(&d, captured)
		b := bankOf(&d)
		log := []any{captured, d.Currency.Step()}
		for range g.IntN(12) {
			switch g.IntN(8) {
			case 0:
				b.tell(&d)
			case 1:
				b.abroad(g, &d)
			case 2, 3:
				b.happen(g, &d)
			default:
				tryRefund(t, g, &d, &log)
			}
			if err := wrong(&d); err != nil {
				t.Fatalf("%v\n%s\n%s", err, shown(log), shown(d.Order))
			}
		}
		for i := range d.Refunds {
			for j := range d.Refunds[i].Payments {
				if p := &d.Refunds[i].Payments[j]; p.Status == RefundPending {
					b.move(&d.Refunds[i], p, RefundSucceeded)
				}
			}
		}
		b.tell(&d)
		checkAllGoesBack(t, &d, captured, log)
	})
}

// tryRefund asks for something that is left of the goods: it is refused only for
// want of money.
func tryRefund(t *testing.T, g gen, d *document, log *[]any) {
	t.Helper()
	_, captured, left := d.sources()
	in := g.asks(d)
	before := ""
	if g.one(10) {
		before = shown(d.Order)
	}
	r, err := begin(d, in)
	*log = append(*log, in, err)
	if err == nil {
		step := d.Currency.Step()
		if r.Status != RefundPending || r.Amount.Minor > left || r.Amount.Minor%step != 0 && r.Amount.Minor != left || r.Tax.IsNegative() {
			t.Fatalf("refunds %s of %d\n%s", shown(r), left, shown(*log))
		}
		return
	}
	if before != "" && shown(d.Order) != before {
		t.Fatalf("a refusal has changed the order from %s to %s", before, shown(d.Order))
	}
	f, _ := errors.AsType[*fault.Error](err)
	var meta notRefundable
	_ = json.Unmarshal(f.Meta, &meta)
	switch {
	case errors.Is(err, ErrNotRefundable) && (meta.Requested.Minor > captured || captured == 0) && meta.Refundable.Minor == left:
	case errors.Is(err, ErrAlreadyRefunded) && meta.Requested.Minor <= captured && (meta.Requested.Minor > left || left == 0):
	case errors.Is(err, fault.ErrInvalid) && len(f.Errors) == 1 && f.Errors[0].Param == "" && in.Goodwill == nil:
	default:
		t.Fatalf("%v: %s\n%s", err, f.Meta, shown(*log))
	}
}

// checkAllGoesBack refunds what remains of an order whose refunds have all come
// to an end.
func checkAllGoesBack(t *testing.T, d *document, captured int64, log []any) {
	t.Helper()
	_, _, left := d.sources()
	_, err := begin(d, RefundInput{Reason: "all"})
	if (err == nil) != (left > 0) {
		t.Fatalf("all that remains, %d: %v\n%s", left, err, shown(log))
	}
	if err := wrong(d); err != nil {
		t.Fatalf("%v\n%s", err, shown(log))
	}
	var back int64
	for _, p := range d.Payments {
		n := refundedTo(p.ID, d.Refunds)
		back += n
		if n != p.Captured.Minor {
			t.Errorf("%s gets %d back, want %v", p.ID, n, p.Captured)
		}
	}
	if back != captured {
		t.Errorf("%d go back, want %d\n%s", back, captured, shown(log))
	}
	if left == 0 {
		return // favors took it all; nothing is left for goods
	}
	given := givenBackOf(d.Refunds)
	tax, sum := given.shipping.tax, given.shipping.amount
	for _, it := range d.Items {
		g := given.items[it.ID]
		tax, sum = tax+g.tax, sum+g.amount
		if g.units != it.Quantity {
			t.Errorf("%s: %d units of %d", it.ID, g.units, it.Quantity)
		}
	}
	if goods := d.Totals.Total.Minor - d.Totals.Fees.Minor - d.Totals.Rounding.Minor; tax != d.Totals.Tax.Minor || sum != goods {
		t.Errorf("goods %d with tax %d go back, want %d and %v\n%s", sum, tax, goods, d.Totals.Tax, shown(log))
	}
}

// However units and shipping are cut into refunds, and whichever of these fail
// and are begun again, the sums in the end are the same.
func TestRefundsInParts(t *testing.T) {
	property(t, func(t *testing.T, g gen) {
		d := g.order(t)
		if d.Fees != nil {
			d.Totals.Total.Minor -= d.Totals.Fees.Minor // stays with the shop
			d.Fees, d.Totals.Fees.Minor = nil, 0
			d.Totals.Total.Minor -= d.Totals.Rounding.Minor
			d.Totals.Total, d.Totals.Rounding = d.Totals.Total.ToStep()
		}
		total := d.Totals.Total.Minor
		g.pay(&d, total)
		whole, err := d.planRefund(RefundInput{Reason: "all"})
		if total == 0 {
			return
		}
		if err != nil || whole.Amount.Minor != total || whole.Tax != d.Totals.Tax || whole.Rest.Minor != 0 || whole.Rounding != d.Totals.Rounding {
			t.Fatalf("the whole: %s, %v, want %v", shown(whole), err, d.Totals)
		}
		var parts []RefundInput
		for _, it := range d.Items {
			for left := it.Quantity; left > 0; {
				k := 1 + g.upTo(left-1)
				parts, left = append(parts, RefundInput{Items: []Units{{it.ID, k}}}), left-k
			}
		}
		for left := (&refundPlan{o: &d.Order}).shippingLeft(); left > 0; {
			k := (1 + g.Int64N(left)) / d.Currency.Step() * d.Currency.Step()
			if k == 0 {
				k = left
			}
			parts, left = append(parts, RefundInput{Shipping: new(money.New(k, d.Currency))}), left-k
		}
		g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		parts = inTurn(parts)
		unpayable := false
		for len(parts) > 0 {
			in := parts[0]
			parts = parts[1:]
			r, err := begin(&d, in)
			if errors.Is(err, fault.ErrInvalid) && len(parts) > 0 { // too little alone
				parts[0] = joined(in, parts[0])
				continue
			}
			if errors.Is(err, fault.ErrInvalid) {
				unpayable = true // less than half a step
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", shown(in), err, shown(d.Order))
			}
			if g.one(10) {
				for j := range r.Payments {
					r.Payments[j].Status = RefundFailed
				}
				r.follow()
				parts = append(parts, in)
				parts = inTurn(parts)
			}
		}
		if err := wrong(&d); err != nil {
			t.Fatal(err)
		}
		var amount, tax int64
		for _, r := range d.Refunds {
			if r.Status != RefundFailed {
				amount, tax = amount+r.Amount.Minor, tax+r.Tax.Minor
			}
		}
		if amount != total || tax != d.Totals.Tax.Minor && !unpayable {
			t.Errorf("the parts give %d with tax %d, the whole %d with %v: %s", amount, tax, total, d.Totals.Tax, shown(d.Order))
		}
	})
}

// inTurn puts shipping that need not be payable last among the shipping: it is
// what is left.
func inTurn(parts []RefundInput) []RefundInput {
	odd := func(in RefundInput) int {
		if in.Shipping != nil && in.Shipping.Minor%in.Shipping.Currency.Step() != 0 {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(parts, func(a, b RefundInput) int { return odd(a) - odd(b) })
	return parts
}

func joined(a, b RefundInput) RefundInput {
	b.Items = append(slices.Clone(a.Items), b.Items...)
	switch {
	case b.Shipping == nil:
		b.Shipping = a.Shipping
	case a.Shipping != nil:
		b.Shipping = new(money.New(a.Shipping.Minor+b.Shipping.Minor, b.Shipping.Currency))
	}
	return b
}

func shown(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Sprintf("%+v (%v)", v, err)
	}
	return string(b)
}
