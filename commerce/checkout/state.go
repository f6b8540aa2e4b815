package checkout

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/basket"
	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// State is what a run has to remember. It is kept as JSON and outlives
// releases: fields are only added.
type State struct {
	CartID      string             `json:"cart_id"`
	CartVersion int64              `json:"cart_version"`
	Basket      pricing.QuoteInput `json:"basket"`
	Total       money.Amount       `json:"total"`
	Generation  int64              `json:"generation"`
	Payment     payment.OpenInput  `json:"payment"`
	// Confirms: the order needs no money before it may ship, and is confirmed
	// and its stock allocated while it is placed.
	Confirms bool        `json:"confirms"`
	Order    order.Order `json:"order"`
	Epoch    int         `json:"epoch"`
	// Paid is the payment that is enough, once there is one.
	Paid *order.Payment `json:"paid,omitempty"`
	// Tenders are the payments by gift card, in the order of the ids of the cards.
	// What is left is Payment, unless nothing is.
	Tenders []payment.OpenInput `json:"tenders,omitempty"`
	// Settled are the tenders once they are captured, which the order does not know
	// yet. Those of an order that is confirmed in the unit of work that opens them
	// are captured there.
	Settled []order.Payment `json:"settled,omitempty"`
	// Promotions are what the order has a use of.
	Promotions []pricing.Claim `json:"promotions,omitempty"`
}

// Input is what makes two runs of one id the same: the cart. A second complete
// of a cart is the first one, whatever its total or method.
func (s *State) Input() any { return s.CartID }

// unsettled says that the run waits for a payment after it has placed.
func unsettled(s *State) bool { return !s.Confirms }

// tendered says that gift cards have to be captured after that.
func tendered(s *State) bool { return len(s.Tenders) > 0 && !s.Tenders[0].Capture }

// paying says that the order has to be told of payments after that.
func paying(s *State) bool { return unsettled(s) || tendered(s) }

// covered says that gift cards pay everything.
func (s *State) covered() bool { return len(s.Tenders) > 0 && s.Payment.Amount.IsZero() }

// orderID derives the order of a checkout from its cart and attempt.
func orderID(checkout string) string {
	ulid, attempt, _ := strings.Cut(strings.TrimPrefix(checkout, "cart_"), ".")
	if attempt == "1" {
		return "ord_" + ulid
	}
	return "ord_" + ulid + "-" + attempt
}

// paymentID derives the nth payment of an order.
func paymentID(order string, n int) string {
	return "pay_" + strings.TrimPrefix(order, "ord_") + "." + strconv.Itoa(n)
}

// tenderID derives the nth payment by gift card of an order.
func tenderID(order string, n int) string {
	return "pay_" + strings.TrimPrefix(order, "ord_") + ".g" + strconv.Itoa(n)
}

// newState freezes a basket as the order that its shopper agrees to.
func newState(b basket.Basket, method payment.MethodInfo, returnURL string, now time.Time) *State {
	c, q := b.Cart, b.Quote
	id := orderID(c.CheckoutID())
	s := &State{
		CartID: c.ID, CartVersion: c.Version, Basket: b.Input, Total: q.Totals.Total, Generation: q.Generation, Promotions: q.Claims(),
		Confirms: method.Confirms || q.Totals.AmountDue.IsZero(),
		Payment:  payment.OpenInput{ID: paymentID(id, 1), OrderID: id, Method: method.ID, Amount: q.Totals.AmountDue, ReturnURL: returnURL},
	}
	s.Order = order.Order{
		ID: id, CartID: c.ID, PlacedAt: now, Market: c.Market, Currency: c.Currency, Locale: c.Locale, TaxIncluded: q.TaxIncluded,
		CustomerID: orNull(c.CustomerID), Email: c.Email, Addresses: order.Addresses{Shipping: c.Shipping, Billing: c.Billing},
		Items: items(b), Shipping: shipping(q.Shipping), Discounts: discounts(b), Fees: []order.Fee{}, Taxes: q.Taxes, Totals: q.Totals,
		Note: orNull(c.Note), Metadata: c.Metadata,
	}
	zero := money.Zero(c.Currency)
	s.Order.Balance = order.Balance{Authorized: zero, Captured: zero, Refunded: zero, Due: q.Totals.AmountDue}
	if !s.Confirms {
		until := now.Add(time.Duration(method.HoldSeconds) * time.Second)
		s.Order.ExpiresAt, s.Payment.ExpiresAt = &until, until
	}
	s.Tenders = tenders(b, s.Payment)
	return s
}

// tenders returns the payments by gift card of a basket, whose rest p pays. They
// are in the order of the ids of the cards: that is how cards are locked.
func tenders(b basket.Basket, p payment.OpenInput) (all []payment.OpenInput) {
	for _, g := range b.Cards {
		if !g.Applied.IsZero() {
			all = append(all, payment.OpenInput{ID: tenderID(p.OrderID, len(all)+1), OrderID: p.OrderID, Method: payment.MethodGiftCard,
				Amount: g.Applied, ExpiresAt: p.ExpiresAt, GiftCardID: g.ID})
		}
	}
	slices.SortFunc(all, func(a, b payment.OpenInput) int { return cmp.Compare(a.GiftCardID, b.GiftCardID) })
	return all
}

func items(b basket.Basket) []order.Item {
	quoted := map[string]pricing.QuotedItem{}
	for _, it := range b.Quote.Items {
		quoted[it.ID] = it
	}
	out := make([]order.Item, len(b.Cart.Items))
	for i, it := range b.Cart.Items {
		v, q := b.Variants[it.VariantID], quoted[it.ID]
		out[i] = order.Item{
			ID: itemID(it.ID), ProductID: v.ProductID, VariantID: it.VariantID, SKU: orNull(v.SKU), Title: v.ProductTitle, VariantTitle: orNull(v.Title),
			Options: v.Options, ImageURL: orNull(v.ImageURL), RequiresShipping: v.RequiresShipping, Metadata: it.Metadata, Quantity: it.Quantity,
			UnitPrice: *q.Price, Subtotal: q.Subtotal, Discount: q.Discount, Tax: q.Tax, Total: q.Total, TaxLines: orEmpty(q.TaxLines),
		}
	}
	return out
}

// discounts returns what promotions have taken off, as it stays with the order.
func discounts(b basket.Basket) []order.Discount {
	out := make([]order.Discount, len(b.Quote.Discounts))
	for i, d := range b.Quote.Discounts {
		out[i] = order.Discount{ID: basket.DiscountID(d), PromotionID: d.PromotionID, Code: d.Code, Title: d.Title, Amount: d.Amount, Allocations: []order.Allocation{}}
		for _, s := range d.Shares {
			out[i].Allocations = append(out[i].Allocations, order.Allocation{ItemID: itemID(s.ItemID), Amount: s.Amount})
		}
	}
	return out
}

// itemID derives the id of an order's item from the cart's.
func itemID(inCart string) string { return "oi_" + strings.TrimPrefix(inCart, "ci_") }

func shipping(o *pricing.QuotedOption) *order.Shipping {
	if o == nil {
		return nil
	}
	return &order.Shipping{OptionID: o.ID, Name: o.Name, Price: o.Price, Discount: o.Discount, Tax: o.Tax, Total: o.Total,
		TaxLines: orEmpty(o.TaxLines), Estimate: &order.Estimate{MinDays: o.MinDays, MaxDays: o.MaxDays}}
}

func orEmpty(taxes []bill.Tax) []bill.Tax {
	if taxes == nil {
		return []bill.Tax{}
	}
	return taxes
}

// demand returns how much of each variant the order takes.
func demand(items []order.Item) []inventory.Quantity {
	out := make([]inventory.Quantity, len(items))
	for i, it := range items {
		out[i] = inventory.Quantity{VariantID: it.VariantID, Quantity: it.Quantity}
	}
	return out
}

// noted is what an order knows of one of its payments. Secrets it does not know.
func noted(p payment.Payment) order.Payment {
	out := order.Payment{ID: p.ID, Method: p.Method, Status: string(p.Status), Amount: p.Amount, Authorized: p.Authorized, Captured: p.Captured,
		Refunded: p.Refunded, Refunding: p.Refunding, Disputed: p.Disputed, NextAction: json.RawMessage("null"), Version: p.Version}
	if !p.CaptureBefore.IsZero() {
		out.CaptureBefore = &p.CaptureBefore
	}
	if p.Display != nil {
		out.Display = &order.Display{Brand: p.Display.Brand, Last4: p.Display.Last4}
	}
	if p.Open() && len(p.NextAction) > 0 {
		out.NextAction = payment.WithoutSecret(p.NextAction)
	}
	if p.Failure != nil {
		out.Failure = &order.Failure{Code: p.Failure.Code, Message: p.Failure.Message, DeclineCode: p.Failure.DeclineCode}
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
