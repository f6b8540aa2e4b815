package money_test

import (
	"encoding/json"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func ExampleParseDecimal() {
	price, err := money.ParseDecimal("24.99", "EUR")
	fmt.Println(price, price.Minor, err)
	_, err = money.ParseDecimal("24.995", "EUR")
	fmt.Println(err)
	// Output:
	// EUR 24.99 2499 <nil>
	// "24.995" is not an amount in EUR: write plain digits with at most 2 decimals, like "12.50"
}

func ExampleAmount() {
	b, err := json.Marshal(money.New(2499, "USD"))
	fmt.Println(string(b), err)
	// Output: {"amount":2499,"currency":"USD"} <nil>
}

func ExampleAmount_ToStep() {
	payable, rounding := money.New(5124, "KWD").ToStep()
	fmt.Println(payable, rounding)
	// Output: KWD 5.120 KWD -0.004
}

func ExampleRate_Of() {
	rate, err := money.ParseRate("10.75")
	if err != nil {
		fmt.Println(err)
		return
	}
	tax, err := rate.Of(money.New(2499, "USD"))
	fmt.Println(tax, err)
	// Output: USD 2.69 <nil>
}

func ExampleRate_Inside() {
	rate, err := money.ParseRate("20")
	if err != nil {
		fmt.Println(err)
		return
	}
	tax, err := rate.Inside(money.New(38230, "GBP"))
	fmt.Println(tax, err)
	// Output: GBP 63.72 <nil>
}

func ExampleMulDiv() {
	discount, err := money.MulDiv(money.New(1999, "USD"), 25, 100)
	fmt.Println(discount, err)
	// Output: USD 5.00 <nil>
}

func ExampleSplit() {
	shares, err := money.Split(money.New(1000, "USD"), []int64{1000, 1000, 1000})
	fmt.Println(shares, err)
	// Output: [USD 3.34 USD 3.33 USD 3.33] <nil>
}

func ExampleCumulative() {
	paid := money.New(1000, "USD")
	for done := range int64(3) {
		refund, err := money.Cumulative(paid, done, 1, 3)
		fmt.Println(refund, err)
	}
	// Output:
	// USD 3.33 <nil>
	// USD 3.34 <nil>
	// USD 3.33 <nil>
}
