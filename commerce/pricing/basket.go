package pricing

import (
	"errors"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Basket is everything that decides what goods cost.
type Basket struct {
	Market  Market
	Country string // of delivery; "": not known yet, the market's own counts
	Region  string // in Country
	Lines   []Line
	// Offers are the promotions that may count: those that apply by themselves, and
	// those of Codes. Now is when they are judged.
	Offers []Offer
	Codes  []string // in their normal form, each once
	Now    time.Time
	// TaxRates and ShippingMethods are all that the shop has, in any order.
	TaxRates        []TaxRate
	ShippingMethods []ShippingMethod
	Shipping        string // id of the chosen method, if any
}

// Line is one line of a Basket.
type Line struct {
	QuoteItem
	Price     *money.Amount // of one unit, in the market's currency; nil: it has none
	CompareAt *money.Amount
}

// Compute says what b costs, exactly, and rounds where docs/money.md says. It
// depends on nothing else, and not on the order of lines, rates, methods and
// offers: where a unit is left over it goes to the line with the lower id. It
// returns money.ErrOutOfRange, at the line that is to blame if it is one, for more
// than can be charged, and fault.ErrInvalid for a negative price or weight or a
// quantity below 1.
func Compute(b Basket) (Quote, error) {
	idle := map[string]bool{}
	for {
		w := newWork(b)
		w.idle = idle
		for _, step := range []func() error{w.price, w.discount, w.tax, w.ship, w.settle, w.total} {
			if err := step(); err != nil {
				return Quote{}, err
			}
		}
		id := w.wasted()
		if id == "" {
			return w.quote, nil
		}
		idle[id] = true
	}
}

// work is a Basket and what is known of its Quote so far.
type work struct {
	Basket
	currency money.Currency
	rates    map[string][]TaxRate // by category
	left     []money.Amount       // of each line, after its discounts
	sorted   []int                // lines by id
	idle     map[string]bool      // promotions that take nothing off here
	counting []Promotion          // in the order in which they take their discount
	reasons  map[string]string    // why an offer does not count, by id
	// freeShipping: the shipping costs nothing. freed: some discount says so.
	freeShipping, freed bool
	quote               Quote
}

func newWork(b Basket) *work {
	c := b.Market.Currency
	w := &work{Basket: b, currency: c, rates: map[string][]TaxRate{}, left: make([]money.Amount, len(b.Lines))}
	zero := money.Zero(c)
	w.quote = Quote{
		Market: b.Market.ID, Currency: c, Country: b.Country, TaxIncluded: b.Market.TaxIncluded,
		Items: make([]QuotedItem, len(b.Lines)), Options: []QuotedOption{}, Taxes: []Tax{},
		Discounts: []QuotedDiscount{}, Codes: []JudgedCode{},
		Totals: Totals{Fees: zero, GiftCards: zero, TaxEstimated: b.Country == ""},
	}
	if b.Country == "" {
		w.quote.Country, w.Region = b.Market.Country, ""
	}
	return w
}

// price multiplies.
func (w *work) price() error {
	zero := money.Zero(w.currency)
	for i, l := range w.Lines {
		w.left[i] = zero
		it := &w.quote.Items[i]
		*it = QuotedItem{ID: l.ID, VariantID: l.VariantID, Quantity: l.Quantity, Price: l.Price, CompareAt: l.CompareAt,
			Subtotal: zero, Discount: zero, Tax: zero, Total: zero, TaxLines: []Tax{}}
		if err := l.sound(); err != nil {
			return err.At(fmt.Sprintf("/items/%d", i))
		}
		if l.Price == nil {
			continue
		}
		var err error
		if it.Subtotal, err = l.Price.Mul(l.Quantity); err == nil {
			err = it.Subtotal.Bound()
		}
		if err != nil {
			return w.tooMuch(i, err)
		}
		w.left[i] = it.Subtotal
	}
	return nil
}

// sound refuses what no operation lets through.
func (l Line) sound() *fault.Error {
	switch {
	case l.Quantity < 1:
		return fault.ErrInvalid.Saying("a quantity must not be below 1")
	case l.Price != nil && l.Price.IsNegative():
		return fault.ErrInvalid.Saying("a price must not be negative")
	case l.WeightG < 0:
		return fault.ErrInvalid.Saying("a weight must not be negative")
	}
	return nil
}

// atMost returns a, or most if that is less.
func atMost(a, most money.Amount) money.Amount {
	if a.Cmp(most) > 0 {
		return most
	}
	return a
}

// total adds everything up. Each sum is of amounts that the quote shows.
func (w *work) total() error {
	q, t := &w.quote, &w.quote.Totals
	subtotal, discount, tax := w.sum(), w.sum(), w.sum()
	for _, it := range q.Items {
		subtotal.add(it.Subtotal)
		discount.add(it.Discount)
		tax.add(it.Tax)
	}
	t.Shipping = money.Zero(w.currency)
	if s := q.Shipping; s != nil {
		t.Shipping = s.Price
		discount.add(s.Discount)
		tax.add(s.Tax)
	}
	t.Subtotal, t.Discount, t.Tax = subtotal.amount, discount.amount, tax.amount
	total := w.sum()
	total.add(t.Subtotal, t.Discount.Neg(), t.Shipping, t.Fees)
	if !q.TaxIncluded {
		total.add(t.Tax)
	}
	if err := errors.Join(subtotal.err, discount.err, tax.err, total.err, total.amount.Bound()); err != nil {
		return tooMuch(err)
	}
	t.Total, t.Rounding = total.amount.ToStep()
	t.AmountDue = t.Total
	if err := errors.Join(t.Subtotal.Bound(), t.Total.Bound()); err != nil {
		return tooMuch(err)
	}
	return w.sumTaxes()
}

// sum is a sum that keeps its first error.
type sum struct {
	amount money.Amount
	err    error
}

func (w *work) sum() sum { return sum{amount: money.Zero(w.currency)} }

func (s *sum) add(amounts ...money.Amount) {
	for _, a := range amounts {
		if s.err != nil {
			return
		}
		t, err := s.amount.Add(a)
		if s.err = err; err == nil {
			s.amount = t
		}
	}
}

// tooMuch says that the basket cannot be charged.
func tooMuch(cause error) error {
	return money.ErrOutOfRange.Saying("the basket costs more than can be charged").Because(cause)
}

// tooMuch says that line i cannot be charged.
func (w *work) tooMuch(i int, cause error) error {
	return money.ErrOutOfRange.Saying("line " + w.Lines[i].ID + " costs more than can be charged").
		At(fmt.Sprintf("/items/%d", i)).Because(cause)
}
