package pricing

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// ship finds the ways to deliver and the chosen one among them.
func (w *work) ship() error {
	weight, ships, err := w.weight()
	if err != nil || !ships || !covers(w.Market.Countries, w.quote.Country) {
		return err
	}
	goods, err := money.Sum(w.currency, w.left...)
	if err != nil {
		return tooMuch(err)
	}
	measures := map[By]int64{ByWeight: weight, BySubtotal: goods.Minor}
	for _, m := range inOrder(w.ShippingMethods) {
		if !covers(m.Markets, w.Market.ID) || !covers(m.Countries, w.quote.Country) {
			continue
		}
		price := m.price(measures[m.By], w.currency)
		if price == nil {
			continue
		}
		o, err := w.option(m, *price)
		if err != nil {
			return tooMuch(err)
		}
		w.quote.Options = append(w.quote.Options, o)
		if m.ID == w.Shipping {
			o.TaxLines = slices.Clone(o.TaxLines)
			w.quote.Shipping = &o
		}
	}
	return nil
}

// covers reports whether list has what, or is empty, which is everything.
func covers(list []string, what string) bool {
	return len(list) == 0 || slices.Contains(list, what)
}

// inOrder returns methods as shoppers see them.
func inOrder(methods []ShippingMethod) []ShippingMethod {
	return slices.SortedFunc(slices.Values(methods), func(a, b ShippingMethod) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
}

// price returns the price in c of what measures n, nil when m does not take it.
func (m ShippingMethod) price(n int64, c money.Currency) *money.Amount {
	for _, b := range slices.Backward(m.Bands) {
		if b.From > n {
			continue
		}
		for _, p := range b.Prices {
			if p.Currency == c {
				return &p
			}
		}
		return nil
	}
	return nil
}

// sent reports whether line i is on sale here and has to be delivered.
func (w *work) sent(i int) bool {
	return w.quote.Items[i].Price != nil && w.Lines[i].RequiresShipping
}

// weight returns the grams to deliver, and whether there is anything at all.
func (w *work) weight() (grams int64, ships bool, err error) {
	var sum uint64
	for i, l := range w.Lines {
		if !w.sent(i) {
			continue
		}
		ships = true
		hi, lo := bits.Mul64(uint64(l.WeightG), uint64(l.Quantity))
		var carry uint64
		if sum, carry = bits.Add64(sum, lo, 0); hi != 0 || carry != 0 || int64(sum) < 0 {
			return 0, false, w.tooMuch(i, money.ErrOverflow)
		}
	}
	return int64(sum), ships, nil
}

// option returns what m costs with taxes.
func (w *work) option(m ShippingMethod, price money.Amount) (QuotedOption, error) {
	o := QuotedOption{ID: m.ID, Name: m.Name, Price: price, Discount: money.Zero(w.currency), MinDays: m.MinDays, MaxDays: m.MaxDays}
	if w.freeShipping {
		o.Discount, price = price, money.Zero(w.currency)
	}
	parts, err := w.shares(m, price)
	if err != nil {
		return o, err
	}
	tax, total := w.sum(), w.sum()
	for _, p := range parts {
		t, err := taxOn(p.amount, p.rates, w.Market.TaxIncluded)
		if err != nil {
			return o, err
		}
		tax.add(t.tax)
		total.add(t.gross)
		o.TaxLines = append(o.TaxLines, t.lines...)
	}
	o.Tax, o.Total = tax.amount, total.amount
	if o.TaxLines, err = mergeTaxes(o.TaxLines); err != nil {
		return o, err
	}
	return o, errors.Join(tax.err, total.err)
}

// share is a part of a shipping price and the rates that it is taxed at.
type share struct {
	amount money.Amount
	rates  []TaxRate
	weight int64
}

// shares cuts a shipping price by how its parts are taxed.
func (w *work) shares(m ShippingMethod, price money.Amount) ([]share, error) {
	if m.TaxCategory != Goods {
		return []share{{amount: price, rates: w.ratesOf(m.TaxCategory)}}, nil
	}
	shares := w.goodsRates()
	weights, worth := make([]int64, len(shares)), int64(0)
	for i, s := range shares {
		weights[i] = s.weight
		worth |= s.weight
	}
	if worth == 0 {
		weights[0] = 1 // goods that cost nothing: at their highest rate
	}
	amounts, err := money.Split(price, weights)
	for i := range amounts {
		shares[i].amount = amounts[i]
	}
	return slices.DeleteFunc(shares, func(s share) bool { return s.amount.IsZero() }), err
}

// goodsRates returns the different rates of what is delivered, weighed by what
// it costs, the highest first. There is at least one.
func (w *work) goodsRates() (shares []share) {
	at := map[string]int{}
	for i := range w.Lines {
		if !w.sent(i) {
			continue
		}
		rates := w.lineRates(i)
		k, ok := at[idsOf(rates)]
		if !ok {
			k = len(shares)
			at[idsOf(rates)] = k
			shares = append(shares, share{rates: rates})
		}
		shares[k].weight += w.left[i].Minor // their sum is known to fit
	}
	slices.SortFunc(shares, func(a, b share) int {
		return cmp.Or(cmp.Compare(rateOf(b.rates), rateOf(a.rates)), strings.Compare(idsOf(a.rates), idsOf(b.rates)))
	})
	return shares
}

func rateOf(rates []TaxRate) (all money.Rate) {
	for _, r := range rates {
		all += r.Rate
	}
	return all
}

func idsOf(rates []TaxRate) string {
	var b strings.Builder
	for _, r := range rates {
		b.WriteString(r.ID + " ")
	}
	return b.String()
}
