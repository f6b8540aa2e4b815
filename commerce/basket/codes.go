package basket

import (
	"context"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// Try returns the form in which a code is kept that counts in a basket of Look. It
// returns pricing.ErrCodeRejected for one that does not, and
// pricing.ErrTooManyAttempts.
func (p Ports) Try(ctx context.Context, b Basket, code string) (string, error) {
	j, err := p.Prices.TryCode(inside(ctx), pricing.TryCodeInput{Code: code, Basket: p.input(b), For: b.Cart.ID})
	return j.Code, err
}

// DiscountID derives the id that a discount has in a cart, and in its order.
func DiscountID(d pricing.QuotedDiscount) string {
	return "disc_" + strings.TrimPrefix(d.PromotionID, "promo_")
}
