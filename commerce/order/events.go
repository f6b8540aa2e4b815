package order

import (
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// Events. A payload type is frozen once released: add fields, or add a V2.
var (
	EventPlaced    = event.Define[PlacedV1]("order.placed", 1)
	EventConfirmed = event.Define[OrderV1]("order.confirmed", 1)
	EventCanceled  = event.Define[CanceledV1]("order.canceled", 1)
	EventCompleted = event.Define[OrderV1]("order.completed", 1)
	EventShipped   = event.Define[ParcelV1]("order.shipped", 1)
	EventDelivered = event.Define[ParcelV1]("order.delivered", 1)

	EventAccessRequested = event.Define[AccessRequestedV1]("order.access_requested", 1)
)

// PlacedV1 says that an order came to be.
type PlacedV1 struct {
	Order    string       `json:"order"`
	Number   string       `json:"number"`
	Cart     string       `json:"cart"`
	Customer string       `json:"customer,omitempty"`
	Email    string       `json:"email"`
	Locale   string       `json:"locale"`
	Total    money.Amount `json:"total"`
	At       time.Time    `json:"at"`
}

// OrderV1 says that something happened to an order.
type OrderV1 struct {
	Order  string `json:"order"`
	Number string `json:"number"`
	Email  string `json:"email"`
	Locale string `json:"locale"`
}

// CanceledV1 says that an order was canceled, and why.
type CanceledV1 struct {
	Order  string `json:"order"`
	Number string `json:"number"`
	Email  string `json:"email"`
	Locale string `json:"locale"`
	Reason string `json:"reason"`
}

// ParcelV1 says that a parcel has left or arrived.
type ParcelV1 struct {
	Order       string     `json:"order"`
	Number      string     `json:"number"`
	Email       string     `json:"email"`
	Locale      string     `json:"locale"`
	Fulfillment string     `json:"fulfillment"`
	Tracking    []Tracking `json:"tracking"`
	Notify      bool       `json:"notify"`
}

// AccessRequestedV1 says that somebody has named an order by its number and an
// address. Order is absent when they do not belong together: then the challenge
// leads nowhere. It carries neither address nor code: who writes the mail asks
// for them.
type AccessRequestedV1 struct {
	Order     string `json:"order,omitempty"`
	Challenge string `json:"challenge"`
}
