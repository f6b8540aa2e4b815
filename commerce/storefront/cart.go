package storefront

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/address"
	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Cart is a cart with today's prices, taxes and stock. Token is there only in
// the answer that creates a guest's cart; Results only in answers that add.
type Cart struct {
	ID            string               `json:"id"`
	Token         string               `json:"token,omitempty"`
	Status        cart.Status          `json:"status"`
	Version       int64                `json:"version"`
	Market        string               `json:"market"`
	Currency      money.Currency       `json:"currency"`
	Locale        string               `json:"locale"`
	CustomerID    *string              `json:"customer_id"`
	Email         *string              `json:"email"`
	TaxIncluded   bool                 `json:"tax_included"`
	Note          *string              `json:"note"`
	Metadata      json.RawMessage      `json:"metadata"`
	OrderID       *string              `json:"order_id"`
	CreatedAt     time.Time            `json:"created_at"`
	UpdatedAt     time.Time            `json:"updated_at"`
	ExpiresAt     time.Time            `json:"expires_at"`
	Items         []CartItem           `json:"items"`
	Addresses     Addresses            `json:"addresses"`
	Shipping      *CartShipping        `json:"shipping"`
	Discounts     []Discount           `json:"discounts"`
	DiscountCodes []DiscountCode       `json:"discount_codes"`
	GiftCards     []GiftCard           `json:"gift_cards"`
	Fees          []Fee                `json:"fees"`
	Taxes         []bill.Tax           `json:"taxes"`
	Totals        bill.Totals          `json:"totals"`
	Requirements  []basket.Requirement `json:"requirements"`
	Messages      []Message            `json:"messages"`
	Results       []cart.Result        `json:"results,omitempty"`
}

// VersionOf is the version of the cart, for ETag.
func (c Cart) VersionOf() int64 { return c.Version }

// Addresses are where the parcel and the bill go.
type Addresses struct {
	Shipping *address.Address `json:"shipping"`
	Billing  *address.Address `json:"billing"`
}

// CartItem is a line of a cart. A null unit price: it is not sold here now.
type CartItem struct {
	ID               string            `json:"id"`
	ProductID        string            `json:"product_id"`
	VariantID        string            `json:"variant_id"`
	Slug             string            `json:"slug"`
	SKU              *string           `json:"sku"`
	Title            string            `json:"title"`
	VariantTitle     *string           `json:"variant_title"`
	Options          map[string]string `json:"options"`
	ImageURL         *string           `json:"image_url"`
	Quantity         int64             `json:"quantity"`
	Metadata         json.RawMessage   `json:"metadata"`
	RequiresShipping bool              `json:"requires_shipping"`
	UnitPrice        *money.Amount     `json:"unit_price"`
	CompareAt        *money.Amount     `json:"compare_at_price"`
	Subtotal         money.Amount      `json:"subtotal"`
	Discount         money.Amount      `json:"discount"`
	Tax              money.Amount      `json:"tax"`
	Total            money.Amount      `json:"total"`
	Availability     Availability      `json:"availability"`
}

// CartShipping is the way to deliver that was chosen.
type CartShipping struct {
	OptionID string       `json:"option_id"`
	Name     string       `json:"name"`
	Price    money.Amount `json:"price"`
	Discount money.Amount `json:"discount"`
	Tax      money.Amount `json:"tax"`
	Total    money.Amount `json:"total"`
	Estimate Estimate     `json:"estimate"`
}

// Estimate is how long delivery takes.
type Estimate struct {
	MinDays int `json:"min_days"`
	MaxDays int `json:"max_days"`
}

// GiftCard is a card that pays a part. BalanceAfter is what is left on it then.
type GiftCard struct {
	Last4        string       `json:"last4"`
	Applied      money.Amount `json:"applied"`
	BalanceAfter money.Amount `json:"balance_after"`
}

// Discount is what a promotion takes off. Code is null for one that applies by
// itself. What no item has of it is of the shipping.
type Discount struct {
	ID          string       `json:"id"`
	PromotionID string       `json:"promotion_id"`
	Code        *string      `json:"code"`
	Title       string       `json:"title"`
	Amount      money.Amount `json:"amount"`
	Allocations []Allocation `json:"allocations"`
}

// Allocation is an item's share of a discount.
type Allocation struct {
	ItemID string       `json:"item_id"`
	Amount money.Amount `json:"amount"`
}

// DiscountCode is a code that the shopper has entered. Reason says why it does not
// count.
type DiscountCode struct {
	Code    string  `json:"code"`
	Applied bool    `json:"applied"`
	Reason  *string `json:"reason" enum:"unknown,not_started,expired,limit_reached,customer_limit,minimum_not_reached,not_applicable,exclusive"`
}

// Fee is what a payment method costs. The list stays empty until there are some.
type Fee struct {
	Name   string       `json:"name"`
	Amount money.Amount `json:"amount"`
}

// Message is something that changed by itself; ItemID is empty when it is about no
// item.
type Message struct {
	Code    string `json:"code"`
	ItemID  string `json:"item_id"`
	Message string `json:"message"`
	Meta    any    `json:"meta"`
}

// PriceChange is the meta of the message cart.price_changed.
type PriceChange struct {
	From money.Amount `json:"from"`
	To   money.Amount `json:"to"`
}

// StockShort is the meta of messages and requirements about stock.
type StockShort struct {
	Requested int64 `json:"requested"`
	Available int64 `json:"available"`
}

// view shows a basket.
func view(b basket.Basket) Cart {
	c, q := b.Cart, b.Quote
	out := Cart{
		ID: c.ID, Status: c.Status, Version: c.Version, Market: c.Market, Currency: c.Currency, Locale: c.Locale,
		CustomerID: orNull(c.CustomerID), Email: orNull(c.Email), TaxIncluded: q.TaxIncluded, Note: orNull(c.Note), Metadata: c.Metadata,
		OrderID: orNull(c.OrderID), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ExpiresAt: c.ExpiresAt,
		Items: make([]CartItem, len(c.Items)), Addresses: Addresses{Shipping: c.Shipping, Billing: c.Billing},
		Discounts: []Discount{}, DiscountCodes: []DiscountCode{}, GiftCards: []GiftCard{}, Fees: []Fee{},
		Taxes: q.Taxes, Totals: q.Totals, Requirements: []basket.Requirement{}, Messages: []Message{},
	}
	if s := q.Shipping; s != nil {
		out.Shipping = &CartShipping{OptionID: s.ID, Name: s.Name, Price: s.Price, Discount: s.Discount, Tax: s.Tax, Total: s.Total, Estimate: Estimate{s.MinDays, s.MaxDays}}
	}
	for _, g := range b.Cards {
		out.GiftCards = append(out.GiftCards, GiftCard{Last4: g.Last4, Applied: g.Applied, BalanceAfter: g.After})
	}
	out.discounts(b)
	quoted := b.Quoted()
	for i, it := range c.Items {
		out.Items[i] = item(b, it, quoted[it.ID])
		out.Messages = append(out.Messages, messages(b, it, out.Items[i])...)
	}
	if c.Status == cart.StatusOpen {
		out.Requirements = b.Requirements()
	}
	return out
}

// discounts shows what promotions do, and which codes do nothing.
func (c *Cart) discounts(b basket.Basket) {
	for _, d := range b.Quote.Discounts {
		shown := Discount{ID: basket.DiscountID(d), PromotionID: d.PromotionID, Code: d.Code, Title: d.Title, Amount: d.Amount, Allocations: []Allocation{}}
		for _, s := range d.Shares {
			shown.Allocations = append(shown.Allocations, Allocation(s))
		}
		c.Discounts = append(c.Discounts, shown)
	}
	for _, j := range b.Quote.Codes {
		c.DiscountCodes = append(c.DiscountCodes, DiscountCode{Code: j.Code, Applied: j.Applied, Reason: orNull(j.Reason)})
		if !j.Applied {
			c.Messages = append(c.Messages, Message{Code: pricing.ErrCodeRejected.Code, Message: j.Code + ": " + pricing.WhyNot(j.Reason) + ".",
				Meta: pricing.Rejected{Code: j.Code, Reason: j.Reason}})
		}
	}
}

func item(b basket.Basket, it cart.Item, q pricing.QuotedItem) CartItem {
	zero := money.Zero(b.Cart.Currency)
	out := CartItem{ID: it.ID, VariantID: it.VariantID, Quantity: it.Quantity, Metadata: it.Metadata, Options: map[string]string{},
		Subtotal: zero, Discount: zero, Tax: zero, Total: zero, Availability: availability(b.Stock[it.VariantID])}
	if v, ok := b.Variants[it.VariantID]; ok {
		out.ProductID, out.Slug, out.SKU, out.Title = v.ProductID, v.Slug, orNull(v.SKU), v.ProductTitle
		out.VariantTitle, out.Options, out.ImageURL, out.RequiresShipping = orNull(v.Title), v.Options, orNull(v.ImageURL), v.RequiresShipping
	}
	if q.Price != nil {
		out.UnitPrice, out.CompareAt = q.Price, q.CompareAt
		out.Subtotal, out.Discount, out.Tax, out.Total = q.Subtotal, q.Discount, q.Tax, q.Total
	}
	return out
}

func messages(b basket.Basket, it cart.Item, shown CartItem) (out []Message) {
	switch {
	case shown.UnitPrice == nil:
		out = append(out, Message{Code: cart.ErrNoPrice.Code, ItemID: it.ID, Message: named(shown) + " is not sold here any more.", Meta: struct{}{}})
	case *shown.UnitPrice != it.Price:
		out = append(out, Message{Code: "cart.price_changed", ItemID: it.ID, Message: named(shown) + " now costs " + shown.UnitPrice.Decimal() + ".",
			Meta: PriceChange{From: it.Price, To: *shown.UnitPrice}})
	}
	if a, ok := b.Stock[it.VariantID]; ok && it.Quantity > a.Limit {
		out = append(out, Message{Code: inventory.ErrInsufficient.Code, ItemID: it.ID,
			Message: fmt.Sprintf("Of %s only %d can be had now.", named(shown), a.Limit), Meta: StockShort{Requested: it.Quantity, Available: a.Limit}})
	}
	return out
}

func named(it CartItem) string {
	if it.Title == "" {
		return "An item"
	}
	return it.Title
}
