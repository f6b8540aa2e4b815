package stripepay

import (
	"fmt"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// The currencies that Stripe charges in, as of its documentation of the API
// version 2023-10-16, by the decimals of its amounts. They are not those of ISO
// 4217: ariary (MGA) has none; króna (ISK) and Ugandan shilling (UGX) have two,
// which are always 00.
const (
	withoutDecimals = `BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF`
	twoDecimals     = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY
	COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD KES KGS
	KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK
	PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
	WST XCD XCG YER ZAR ZMW`
	threeDecimals = `BHD JOD KWD OMR TND` // the last of them always 0
)

// mostMinor is the largest amount that any means of payment takes: 12 digits.
const mostMinor = 999_999_999_999

// exponents are the decimals of Stripe's amounts.
var exponents = func() map[money.Currency]int {
	all := map[money.Currency]int{}
	for exponent, list := range map[int]string{0: withoutDecimals, 2: twoDecimals, 3: threeDecimals} {
		for code := range strings.FieldsSeq(list) {
			all[money.Currency(code)] = exponent
		}
	}
	return all
}()

// minimum is what Stripe charges at least, in minor units of ISO 4217. It judges
// by the currency that the account settles in, so that a currency that is not
// here, or a converted amount, can still be refused.
var minimum = map[money.Currency]int64{
	"USD": 50, "EUR": 50, "CAD": 50, "AUD": 50, "CHF": 50, "BRL": 50, "INR": 50, "NZD": 50, "SGD": 50, "GBP": 30, "DKK": 250, "NOK": 300,
	"SEK": 300, "PLN": 200, "RON": 200, "AED": 200, "MYR": 200, "HKD": 400, "MXN": 1000, "THB": 1000, "CZK": 1500, "HUF": 17500, "JPY": 50, "KRW": 50,
}

// admits returns payment.ErrNotPayable for an amount that cannot be written as
// Stripe wants it. It is asked before there is an order.
func admits(a money.Amount) error {
	_, err := toStripe(a)
	return err
}

// toStripe returns a in Stripe's units, or payment.ErrNotPayable.
func toStripe(a money.Amount) (int64, error) {
	exponent, ok := exponents[a.Currency]
	if !ok {
		return 0, payment.ErrNotPayable.Saying("Stripe does not take " + string(a.Currency))
	}
	n := a.Minor
	up, down := scale(exponent, a.Currency)
	switch {
	case n < 0:
		return 0, payment.ErrNotPayable.Saying("an amount below zero cannot be paid")
	case n%down != 0:
		return 0, payment.ErrNotPayable.Saying(fmt.Sprintf("Stripe takes whole units of %s only", a.Currency))
	case exponent == 3 && n%10 != 0:
		return 0, payment.ErrNotPayable.Saying(fmt.Sprintf("the last digit of an amount in %s must be 0", a.Currency))
	case n/down > mostMinor/up:
		return 0, payment.ErrNotPayable.Saying("the amount is too large for Stripe")
	}
	return n / down * up, nil
}

// fromStripe returns what Stripe says in minor units of ISO 4217. An amount that
// is not whole there cannot be of a payment of ours, and is an error.
func fromStripe(n int64, c stripe.Currency) (money.Amount, error) {
	currency := money.Currency(strings.ToUpper(string(c)))
	exponent, ok := exponents[currency]
	if !ok {
		return money.Amount{}, unknown("currency", string(c))
	}
	up, down := scale(exponent, currency)
	if n%up != 0 {
		return money.Amount{}, fmt.Errorf("stripepay: %d of %s is no whole amount", n, currency)
	}
	return money.New(n/up, currency).Mul(down)
}

// feeOf returns a fee in the currency that the account settles in, to the nearest
// unit, and nothing for none.
func feeOf(b *stripe.BalanceTransaction) money.Amount {
	currency := money.Currency(strings.ToUpper(string(b.Currency)))
	exponent, ok := exponents[currency]
	if !ok || b.Fee == 0 {
		return money.Amount{}
	}
	up, down := scale(exponent, currency)
	fee, err := money.MulDiv(money.New(b.Fee, currency), down, up)
	if err != nil {
		return money.Amount{}
	}
	return fee
}

// scale returns what an amount of ours is multiplied by, and what divided by, to
// be Stripe's. One of them is 1.
func scale(exponent int, c money.Currency) (up, down int64) {
	up, down = 1, 1
	for e := c.Exponent(); e < exponent; e++ {
		up *= 10
	}
	for e := c.Exponent(); e > exponent; e-- {
		down *= 10
	}
	return up, down
}
