package pricing

import (
	"context"
	"time"
)

// PromotionStore is the part of a Store that keeps promotions and their uses. Used
// of a promotion is the number of its uses, at every commit.
type PromotionStore interface {
	// Promotion returns a promotion, or ErrPromotionNotFound. In a unit of work no
	// other unit can change or claim it until this one ends.
	Promotion(ctx context.Context, id string) (Promotion, error)

	// Promotions returns at most limit promotions whose ids are above after, by id.
	Promotions(ctx context.Context, after string, limit int) ([]Promotion, error)

	// SavePromotion writes p, but for Used, and adds one to its Version. If the
	// stored Version is not p.Version it returns ErrPromotionStale; Version 0 is
	// new. If another promotion that is not archived has its code it returns
	// ErrCodeTaken. With either it writes nothing.
	SavePromotion(ctx context.Context, p *Promotion) error

	// DeletePromotion removes a promotion without uses, or returns
	// ErrPromotionNotFound.
	DeletePromotion(ctx context.Context, id string) error

	// Offers returns the promotions that f asks for and that are not archived, by
	// id, with how often its Buyer has used them. It locks nothing.
	Offers(ctx context.Context, f OfferFilter) ([]Offer, error)

	// ClaimPromotion adds u and one to Used, as one step that others cannot come
	// between. It does neither and returns false if the promotion is gone or
	// archived, has another Version than c, has been used UsageLimit times, or
	// c.PerCustomerLimit times by the buyer of u. Of two units that claim one
	// promotion the second waits for the first.
	ClaimPromotion(ctx context.Context, c Claim, u PromotionUse) (bool, error)

	// ReturnUses removes all uses with a key and takes them off Used. Promotions
	// are locked by id.
	ReturnUses(ctx context.Context, key string) error

	// PromotionUses returns the uses of a promotion, by key.
	PromotionUses(ctx context.Context, promotionID string) ([]PromotionUse, error)

	// Attempt counts one more try under key, whose count begins anew when window
	// has passed since the first. Beyond limit it returns false, and when to try
	// again.
	Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error)

	// ForgetAttempts forgets the counts whose window had passed before a time.
	ForgetAttempts(ctx context.Context, before time.Time) error
}

// OfferFilter asks for promotions with one of Codes or IDs. Buyer is as in
// PromotionUse.
type OfferFilter struct {
	Codes []string
	IDs   []string
	Buyer string
}
