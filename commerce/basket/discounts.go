package basket

import (
	"strings"

	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// DiscountID derives the id that a discount has in a cart, and in its order.
func DiscountID(d pricing.QuotedDiscount) string {
	return "disc_" + strings.TrimPrefix(d.PromotionID, "promo_")
}
