package simulate_test

import (
	"context"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/embed/simulate"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// shy is a hook that keeps a shop from selling more than two of anything in one
// order.
type shy struct{ inventory.Service }

func (s shy) Reserve(ctx context.Context, in inventory.ReserveInput) (op.Nothing, error) {
	for _, it := range in.Items {
		if it.Quantity > 2 {
			return op.Nothing{}, fault.ErrInvalid.Saying("at most two of each")
		}
	}
	return s.Service.Reserve(ctx, in)
}

// A hook of one's own, under schedules that would show what it breaks. Stores
// and banks are put in the same way, by Options.Open and Options.Bank.
func Example() {
	report, err := simulate.Run(context.Background(), simulate.Options{
		Seed: 1, Schedules: 20, Topology: simulate.Saga,
		Change: func(s *commerce.Shop) { s.Inventory = shy{s.Inventory} },
	})
	if err != nil {
		fmt.Println(err) // the invariant, the seed and the story
		return
	}
	fmt.Println(report.Schedules, "schedules, and all invariants hold")
	// Output: 20 schedules, and all invariants hold
}
