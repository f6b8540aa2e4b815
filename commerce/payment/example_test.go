package payment_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

func Example() {
	ctx := context.Background()
	bank := fakepay.New(nil)
	quiet := &payment.Options{Log: slog.New(slog.DiscardHandler)}
	payments := payment.New(memstore.Payments{DB: memstore.New()}, []payment.Provider{offlinepay.New(), bank}, quiet)

	owed := payment.OpenInput{ID: "pay_1", OrderID: "ord_1", Method: fakepay.Card, Amount: money.New(2499, "EUR")}
	p, err := payments.Open(ctx, owed)
	fmt.Println(p.Status, err)

	bank.Fail("pay_1", fakepay.LoseAnswer)
	p, err = payments.Authorize(ctx, payment.IDInput{ID: "pay_1"})
	fmt.Println(p.Status, err)

	p, err = payments.Authorize(ctx, payment.IDInput{ID: "pay_1"})
	fmt.Println(p.Status, p.Captured, err)

	taken, _ := bank.Taken("ord_1", "EUR")
	fmt.Println("taken", taken)
	// Output:
	// creating <nil>
	// unknown the payment provider has not answered yet: fakepay: no answer: start pay_1 was done
	// captured EUR 24.99 <nil>
	// taken EUR 24.99
}
