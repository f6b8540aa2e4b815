package cart

import "github.com/mercer-commerce/mercer/commerce/event"

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	Completed = event.Define[CompletedV1]("cart.completed", 1)
	Merged    = event.Define[MergedV1]("cart.merged", 1)
	Abandoned = event.Define[AbandonedV1]("cart.abandoned", 1)
)

// CompletedV1 says that a cart became an order.
type CompletedV1 struct {
	Cart  string `json:"cart"`
	Order string `json:"order"`
}

// MergedV1 says that a cart went into another.
type MergedV1 struct {
	Cart     string `json:"cart"`
	Into     string `json:"into"`
	Customer string `json:"customer"`
}

// AbandonedV1 says that a shopper has left a cart with goods.
type AbandonedV1 struct {
	Cart     string `json:"cart"`
	Customer string `json:"customer,omitempty"`
	Email    string `json:"email,omitempty"`
}
