package bunstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// promotionRow is a row of promotion: doc is the promotion, but for its version
// and for how often it is used.
type promotionRow struct {
	Used    int64  `bun:"used"`
	Version int64  `bun:"version"`
	Mine    int64  `bun:"mine"`
	Doc     string `bun:"doc"`
}

func (r promotionRow) promotion() (p pricing.Promotion, err error) {
	if err = json.Unmarshal([]byte(r.Doc), &p); err != nil {
		return p, fmt.Errorf("read promotions: %w", err)
	}
	p.Used, p.Version = r.Used, r.Version
	return p, nil
}

func (s Pricing) readPromotions(ctx context.Context, tail string, args ...any) ([]pricing.Promotion, error) {
	var rows []promotionRow
	if err := s.scan(ctx, &rows, `SELECT used, version, doc FROM {promotion}`+tail, args...); err != nil {
		return nil, fmt.Errorf("read promotions: %w", err)
	}
	out := make([]pricing.Promotion, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.promotion(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Promotion implements pricing.Store. The comparison of the servers ignores spaces
// at the end of an id.
func (s Pricing) Promotion(ctx context.Context, id string) (pricing.Promotion, error) {
	found, err := s.readPromotions(ctx, ` WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return pricing.Promotion{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return pricing.Promotion{}, pricing.ErrPromotionNotFound
	}
	return found[0], nil
}

// Promotions implements pricing.Store.
func (s Pricing) Promotions(ctx context.Context, after string, limit int) ([]pricing.Promotion, error) {
	return s.readPromotions(ctx, ` WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
}

// SavePromotion implements pricing.Store. An archived promotion gives its code up.
func (s Pricing) SavePromotion(ctx context.Context, p *pricing.Promotion) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("promotion %s: %w", p.ID, err)
	}
	code, alive := p.Code, p.ArchivedAt == nil
	if !alive {
		code = nil
	}
	row := []any{code, bit(alive && p.Active && p.Code == nil), bit(!alive), p.UsageLimit, p.Version + 1, string(doc), p.ID}
	n := int64(1)
	if p.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {promotion} (code, automatic, archived, usage_limit, version, doc, id, used) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`, row...)
	} else {
		n, err = s.exec(ctx, `UPDATE {promotion} SET code = ?, automatic = ?, archived = ?, usage_limit = ?, version = ?, doc = ? WHERE id = ? AND version = ?`,
			append(row, p.Version)...)
	}
	switch {
	case isDuplicate(err):
		return s.promotionTaken(ctx, *p)
	case err != nil:
		return fmt.Errorf("save promotion %s: %w", p.ID, err)
	case n == 0:
		return pricing.ErrPromotionStale
	}
	p.Version++
	return nil
}

// promotionTaken says which of the unique keys p breaks: an update leaves the id
// alone.
func (s Pricing) promotionTaken(ctx context.Context, p pricing.Promotion) error {
	if p.Version != 0 {
		return pricing.ErrCodeTaken
	}
	var n int
	err := s.scan(ctx, &n, `SELECT 1 FROM {promotion} WHERE id = ?`+s.locked(ctx), p.ID)
	switch {
	case noRows(err):
		return pricing.ErrCodeTaken
	case err != nil:
		return fmt.Errorf("save promotion %s: %w", p.ID, err)
	default:
		return pricing.ErrPromotionStale
	}
}

// DeletePromotion implements pricing.Store.
func (s Pricing) DeletePromotion(ctx context.Context, id string) error {
	return s.deleteDoc(ctx, "promotion", id, pricing.ErrPromotionNotFound)
}

// Offers implements pricing.Store.
func (s Pricing) Offers(ctx context.Context, f pricing.OfferFilter) ([]pricing.Offer, error) {
	if len(f.Codes)+len(f.IDs) == 0 {
		return nil, nil
	}
	// A list is never empty in SQL.
	codes, ids := append([]string{""}, f.Codes...), append([]string{""}, f.IDs...)
	var rows []promotionRow
	err := s.scan(ctx, &rows, `SELECT p.used, p.version, p.doc, (SELECT COUNT(*) FROM {promotion_use} u WHERE u.promotion_id = p.id AND u.buyer = ?) AS mine
		FROM {promotion} p WHERE (p.code IN (?) OR p.id IN (?)) AND p.archived = 0 ORDER BY p.id`, f.Buyer, bun.List(codes), bun.List(ids))
	if err != nil {
		return nil, fmt.Errorf("offers: %w", err)
	}
	out := make([]pricing.Offer, len(rows))
	for i, r := range rows {
		out[i].Mine = r.Mine
		if out[i].Promotion, err = r.promotion(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type promotionUseRow struct {
	bun.BaseModel `bun:"promotion_use"`
	Key           string `bun:"k"`
	PromotionID   string `bun:"promotion_id"`
	Buyer         string `bun:"buyer"`
	Slot          *int64 `bun:"slot"`
	At            int64  `bun:"at"`
}

// ClaimPromotion implements pricing.Store. The conditional update guards the limit
// and locks the promotion; the unique index guards that of a buyer, whose uses have
// slots from 1 to it.
func (s Pricing) ClaimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (taken bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		taken, err = s.claimPromotion(ctx, c, u)
		return err
	})
	return taken && err == nil, err
}

func (s Pricing) claimPromotion(ctx context.Context, c pricing.Claim, u pricing.PromotionUse) (bool, error) {
	n, err := s.exec(ctx, `UPDATE {promotion} SET used = used + 1 WHERE id = ? AND version = ? AND archived = 0 AND (usage_limit IS NULL OR used < usage_limit)`,
		c.PromotionID, c.Version)
	if err != nil {
		return false, fmt.Errorf("claim promotion %s: %w", c.PromotionID, err)
	}
	if n == 0 {
		return false, nil
	}
	row := promotionUseRow{Key: u.Key, PromotionID: u.PromotionID, Buyer: u.Buyer, At: micros(u.At)}
	if row.Slot, err = s.freeSlot(ctx, c, u.Buyer); err == nil {
		err = s.insert(ctx, "promotion_use", &row)
	}
	switch {
	case errors.Is(err, errNoSlot), isDuplicate(err):
		return false, s.unclaim(ctx, c.PromotionID)
	case err != nil:
		return false, fmt.Errorf("use of promotion %s: %w", c.PromotionID, err)
	default:
		return true, nil
	}
}

// errNoSlot says that a buyer has used a promotion as often as they may.
var errNoSlot = errors.New("no slot is free")

// freeSlot returns the lowest slot of a buyer that is free, nil for a promotion
// without a limit, or errNoSlot. Uses from before there was a limit have no slot,
// and count.
func (s Pricing) freeSlot(ctx context.Context, c pricing.Claim, buyer string) (*int64, error) {
	if c.PerCustomerLimit == nil {
		return nil, nil
	}
	var taken []int64
	err := s.scan(ctx, &taken, `SELECT COALESCE(slot, 0) FROM {promotion_use} WHERE promotion_id = ? AND buyer = ?`, c.PromotionID, buyer)
	if err != nil {
		return nil, fmt.Errorf("uses of promotion %s: %w", c.PromotionID, err)
	}
	if int64(len(taken)) >= *c.PerCustomerLimit {
		return nil, errNoSlot
	}
	free := int64(1)
	for slices.Contains(taken, free) {
		free++
	}
	return &free, nil
}

func (s Pricing) unclaim(ctx context.Context, id string) error {
	if _, err := s.exec(ctx, `UPDATE {promotion} SET used = used - 1 WHERE id = ? AND used > 0`, id); err != nil {
		return fmt.Errorf("give promotion %s back: %w", id, err)
	}
	return nil
}

// ReturnUses implements pricing.Store.
func (s Pricing) ReturnUses(ctx context.Context, key string) error {
	return s.Do(ctx, func(ctx context.Context) error {
		var ids []string
		// This does not lock: promotions are locked before their uses.
		if err := s.scan(ctx, &ids, `SELECT promotion_id FROM {promotion_use} WHERE k = ? ORDER BY promotion_id`, key); err != nil {
			return fmt.Errorf("uses of %s: %w", key, err)
		}
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			if err := s.unclaim(ctx, id); err != nil {
				return err
			}
		}
		if _, err := s.exec(ctx, `DELETE FROM {promotion_use} WHERE k = ?`, key); err != nil {
			return fmt.Errorf("give uses of %s back: %w", key, err)
		}
		return nil
	})
}

// PromotionUses implements pricing.Store.
func (s Pricing) PromotionUses(ctx context.Context, promotionID string) ([]pricing.PromotionUse, error) {
	var rows []promotionUseRow
	if err := s.scan(ctx, &rows, `SELECT k, promotion_id, buyer, slot, at FROM {promotion_use} WHERE promotion_id = ? ORDER BY k`, promotionID); err != nil {
		return nil, fmt.Errorf("uses of promotion %s: %w", promotionID, err)
	}
	out := []pricing.PromotionUse{}
	for _, r := range rows {
		out = append(out, pricing.PromotionUse{PromotionID: r.PromotionID, Key: r.Key, Buyer: r.Buyer, At: fromMicros(r.At)})
	}
	return out, nil
}

// Attempt implements pricing.Store.
func (s Pricing) Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error) {
	return Accounts(s).Attempt(ctx, key, now, window, limit)
}

// ForgetAttempts implements pricing.Store.
func (s Pricing) ForgetAttempts(ctx context.Context, before time.Time) error {
	return Orders(s).ForgetAttempts(ctx, before)
}
