package memstore

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// giftCardRow is a card with what its JSON leaves out.
type giftCardRow struct {
	Card payment.GiftCard `json:"card"`
	Hash []byte           `json:"hash"`
}

func (s Payments) giftCards() table[giftCardRow] { return table[giftCardRow]{s.DB, "gift_card"} }

// giftCodes holds the ids of cards by the hash of the code.
func (s Payments) giftCodes() table[string] { return table[string]{s.DB, "gift_card_code"} }

// giftMoves holds moves by card, kind and cause.
func (s Payments) giftMoves() table[payment.GiftCardMove] {
	return table[payment.GiftCardMove]{s.DB, "gift_card_move"}
}

func (r giftCardRow) giftCard() payment.GiftCard {
	r.Card.CodeHash = r.Hash
	return r.Card
}

// GiftCard implements payment.Store.
func (s Payments) GiftCard(ctx context.Context, id string) (payment.GiftCard, error) {
	r, err := s.giftCards().get(ctx, id)
	if errors.Is(err, errNoRow) {
		return payment.GiftCard{}, payment.ErrGiftCardNotFound
	}
	return r.giftCard(), err
}

// GiftCardByHash implements payment.Store.
func (s Payments) GiftCardByHash(ctx context.Context, hash []byte) (payment.GiftCard, error) {
	id, err := s.giftCodes().get(ctx, hex.EncodeToString(hash))
	if errors.Is(err, errNoRow) {
		return payment.GiftCard{}, payment.ErrGiftCardNotFound
	}
	if err != nil {
		return payment.GiftCard{}, err
	}
	return s.GiftCard(ctx, id)
}

// SaveGiftCard implements payment.Store.
func (s Payments) SaveGiftCard(ctx context.Context, c *payment.GiftCard) (refused error) {
	err := s.Do(ctx, func(ctx context.Context) (err error) {
		refused, err = s.saveGiftCard(ctx, c)
		return err
	})
	return cmp.Or(err, refused)
}

// saveGiftCard tells a refusal, which leaves the unit of work whole, from an
// error.
func (s Payments) saveGiftCard(ctx context.Context, c *payment.GiftCard) (refused, err error) {
	old, err := s.giftCards().get(ctx, c.ID)
	if err != nil && !errors.Is(err, errNoRow) {
		return nil, err
	}
	if old.Card.Version != c.Version {
		return payment.ErrStale, nil
	}
	if c.Balance.IsNegative() || c.Balance.Cmp(c.Initial) > 0 {
		return nil, fmt.Errorf("memstore: gift card %s of %v cannot have %v", c.ID, c.Initial, c.Balance)
	}
	if refused, err := claim(ctx, s.giftCodes(), hex.EncodeToString(c.CodeHash), c.ID); refused != nil || err != nil {
		return refused, err
	}
	next := *c
	next.Version++
	if err := s.giftCards().put(ctx, next.ID, giftCardRow{next, next.CodeHash}); err != nil {
		return nil, err
	}
	c.Version = next.Version
	return nil, nil
}

// GiftCards implements payment.Store.
func (s Payments) GiftCards(ctx context.Context, after string, limit int) ([]payment.GiftCard, error) {
	found, err := s.giftCards().all(ctx, func(id string, _ giftCardRow) bool { return id > after })
	out := []payment.GiftCard{}
	for _, r := range found[:min(limit, len(found))] {
		out = append(out, r.giftCard())
	}
	return out, err
}

// MoveGiftCard implements payment.Store.
func (s Payments) MoveGiftCard(ctx context.Context, m payment.GiftCardMove) (added bool, err error) {
	err = s.Do(ctx, func(ctx context.Context) error {
		key := compound(m.CardID, m.Kind, m.Cause)
		_, err := s.giftMoves().get(ctx, key)
		added = errors.Is(err, errNoRow)
		if !added {
			return err
		}
		return s.giftMoves().put(ctx, key, m)
	})
	return added && err == nil, err
}

// GiftCardMoves implements payment.Store.
func (s Payments) GiftCardMoves(ctx context.Context, cardID string) ([]payment.GiftCardMove, error) {
	found, err := s.giftMoves().all(ctx, func(_ string, m payment.GiftCardMove) bool { return m.CardID == cardID })
	slices.SortFunc(found, func(a, b payment.GiftCardMove) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Cause, b.Cause))
	})
	return found, err
}
