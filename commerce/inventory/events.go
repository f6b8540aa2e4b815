package inventory

import "github.com/mercer-commerce/mercer/commerce/event"

// Events. A payload type is frozen once released: add fields, or add a V2. The
// key is the variant. Low, out and back are announced when they are crossed.
var (
	StockChanged = event.Define[StockV1]("inventory.stock_changed", 1)
	StockLow     = event.Define[StockV1]("inventory.stock_low", 1)
	StockOut     = event.Define[StockV1]("inventory.stock_out", 1)
	BackInStock  = event.Define[StockV1]("inventory.back_in_stock", 1)
)

// StockV1 is the stock of a variant at a location after a change.
type StockV1 struct {
	Variant   string `json:"variant"`
	Location  string `json:"location"`
	OnHand    int64  `json:"on_hand"`
	Reserved  int64  `json:"reserved"`
	Available int64  `json:"available"`
}
