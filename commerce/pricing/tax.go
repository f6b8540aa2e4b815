package pricing

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// taxRates returns the rates of a place and category, by id: those of the most
// exact place, and among these those of the exact category if there are any.
func taxRates(all []TaxRate, country, region, category string) []TaxRate {
	var fit []TaxRate
	for _, r := range all {
		here := r.Country == country && (r.Region == "" || strings.EqualFold(r.Region, region))
		if here && (r.Category == "" || r.Category == category) {
			fit = append(fit, r)
		}
	}
	fit = prefer(fit, func(r TaxRate) bool { return r.Region != "" })
	fit = prefer(fit, func(r TaxRate) bool { return r.Category != "" })
	slices.SortFunc(fit, func(a, b TaxRate) int { return cmp.Compare(a.ID, b.ID) })
	return fit
}

// prefer returns the exact ones of rates, or all if none is.
func prefer(rates []TaxRate, exact func(TaxRate) bool) []TaxRate {
	var best []TaxRate
	for _, r := range rates {
		if exact(r) {
			best = append(best, r)
		}
	}
	if best == nil {
		return rates
	}
	return best
}

// ratesOf returns the rates of a category in this basket.
func (w *work) ratesOf(category string) []TaxRate {
	category = cmp.Or(category, Standard)
	rates, ok := w.rates[category]
	if !ok {
		rates = taxRates(w.TaxRates, w.quote.Country, w.Region, category)
		w.rates[category] = rates
	}
	return rates
}

// lineRates returns the rates of line i, none when it is not taxed.
func (w *work) lineRates(i int) []TaxRate {
	if l := w.Lines[i]; l.Taxable {
		return w.ratesOf(l.TaxCategory)
	}
	return nil
}

// tax taxes every line.
func (w *work) tax() error {
	for i := range w.quote.Items {
		it := &w.quote.Items[i]
		if it.Price == nil {
			continue
		}
		t, err := taxOn(w.left[i], w.lineRates(i), w.Market.TaxIncluded)
		if err != nil {
			return w.tooMuch(i, err)
		}
		it.Tax, it.Total, it.TaxLines = t.tax, t.gross, t.lines
	}
	return nil
}

// taxed is an amount and its taxes. gross = net + tax.
type taxed struct {
	net, tax, gross money.Amount
	lines           []Tax
}

// taxOn taxes a, which contains the taxes if included. The sum of the rates is
// rounded once, then shared among them.
func taxOn(a money.Amount, rates []TaxRate, included bool) (t taxed, err error) {
	var all money.Rate
	weights := make([]int64, len(rates))
	for i, r := range rates {
		all += r.Rate
		weights[i] = int64(r.Rate)
	}
	t = taxed{net: a, gross: a, lines: []Tax{}}
	if included {
		if t.tax, err = all.Inside(a); err == nil {
			t.net, err = a.Sub(t.tax)
		}
	} else {
		if t.tax, err = all.Of(a); err == nil {
			t.gross, err = a.Add(t.tax)
		}
	}
	if err != nil {
		return t, err
	}
	shares, err := money.Split(t.tax, weights)
	if err != nil {
		return t, err
	}
	for i, r := range rates {
		t.lines = append(t.lines, Tax{Name: r.Name, Rate: r.Rate, Jurisdiction: r.jurisdiction(), Taxable: t.net, Amount: shares[i]})
	}
	return t, nil
}

// jurisdiction returns "DE", or "US-NY".
func (r TaxRate) jurisdiction() string {
	if r.Region == "" {
		return r.Country
	}
	return r.Country + "-" + r.Region
}

// sumTaxes lists the taxes of the basket.
func (w *work) sumTaxes() error {
	var all []Tax
	for _, it := range w.quote.Items {
		all = append(all, it.TaxLines...)
	}
	if s := w.quote.Shipping; s != nil {
		all = append(all, s.TaxLines...)
	}
	taxes, err := mergeTaxes(all)
	if err != nil {
		return tooMuch(err)
	}
	w.quote.Taxes = taxes
	return nil
}

// mergeTaxes adds up the taxes of one name, rate and jurisdiction.
func mergeTaxes(all []Tax) ([]Tax, error) {
	slices.SortStableFunc(all, func(a, b Tax) int {
		return cmp.Or(cmp.Compare(a.Jurisdiction, b.Jurisdiction), cmp.Compare(b.Rate, a.Rate), cmp.Compare(a.Name, b.Name))
	})
	out := []Tax{}
	for _, t := range all {
		n := len(out) - 1
		if n < 0 || out[n].Name != t.Name || out[n].Rate != t.Rate || out[n].Jurisdiction != t.Jurisdiction {
			out = append(out, t)
			continue
		}
		var err error
		if out[n].Taxable, err = out[n].Taxable.Add(t.Taxable); err != nil {
			return nil, err
		}
		if out[n].Amount, err = out[n].Amount.Add(t.Amount); err != nil {
			return nil, err
		}
	}
	return out, nil
}
