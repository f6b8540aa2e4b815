package pricing

import (
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Check returns what the tags of a market cannot say: a currency or a time zone
// that is not known.
func (m Market) Check() (items []fault.Item) {
	items = append(items, knownCurrency(m.Currency)...)
	if _, err := time.LoadLocation(m.TimeZone); err != nil || m.TimeZone == "Local" {
		items = append(items, fault.Item{Code: check.NotAllowed, Param: "/time_zone", Message: "must be a time zone of the IANA list, like Europe/Berlin"})
	}
	return items
}

// Check returns what the tags cannot say: a currency that is not known.
func (s SeedInput) Check() []fault.Item { return knownCurrency(s.Currency) }

func knownCurrency(c money.Currency) []fault.Item {
	if c.Valid() {
		return nil
	}
	return []fault.Item{{Code: money.ErrCurrency.Code, Param: "/currency", Message: money.ErrCurrency.Text}}
}

// Check returns what the tags cannot say: a rate below 0 or above 100 %.
func (f TaxRateFields) Check() []fault.Item {
	const most = money.Rate(1_000_000)
	if f.Rate >= 0 && f.Rate <= most {
		return nil
	}
	return []fault.Item{{Code: money.ErrRate.Code, Param: "/rate", Message: money.ErrRate.Text}}
}

// Check returns what the tags cannot say: bands that do not ascend from 0, a
// flat price in several bands, prices that nobody can pay, days in disorder.
func (f ShippingMethodFields) Check() (items []fault.Item) {
	add := func(code, param, message string) {
		items = append(items, fault.Item{Code: code, Param: param, Message: message})
	}
	if f.By == Flat && len(f.Bands) > 1 {
		add(check.TooMany, "/bands", "a flat price has one band")
	}
	if f.MaxDays != 0 && f.MaxDays < f.MinDays {
		add(check.TooSmall, "/max_days", "must not be below min_days")
	}
	for i, b := range f.Bands {
		param := fmt.Sprintf("/bands/%d", i)
		if i == 0 && b.From != 0 {
			add(check.NotAllowed, param+"/from", "the first band must start at 0")
		}
		if i > 0 && b.From <= f.Bands[i-1].From {
			add(check.TooSmall, param+"/from", "bands must ascend")
		}
		items = append(items, checkPrices(param, b.Prices)...)
	}
	return items
}

// checkPrices checks the prices of one band.
func checkPrices(param string, prices []money.Amount) (items []fault.Item) {
	seen := map[money.Currency]bool{}
	for i, p := range prices {
		at := fmt.Sprintf("%s/prices/%d", param, i)
		switch {
		case !p.Currency.Valid():
			items = append(items, fault.Item{Code: money.ErrCurrency.Code, Param: at + "/currency", Message: money.ErrCurrency.Text})
		case seen[p.Currency]:
			items = append(items, fault.Item{Code: check.NotUnique, Param: at + "/currency", Message: "a band has one price for each currency"})
		}
		seen[p.Currency] = true
		switch {
		case p.IsNegative():
			items = append(items, fault.Item{Code: check.TooSmall, Param: at + "/amount", Message: "must not be below 0"})
		case p.Bound() != nil:
			items = append(items, fault.Item{Code: money.ErrOutOfRange.Code, Param: at + "/amount", Message: money.ErrOutOfRange.Text})
		}
	}
	return items
}
