package cart

import (
	"context"
	"slices"
	"strings"
)

// AddGiftCard lets a gift card pay for an open cart, after those that it has. A
// card that is there already stays where it is. It returns ErrGiftCardsFull beyond
// MaxCards.
func (e *Engine) AddGiftCard(ctx context.Context, in AddGiftCardInput) (Cart, error) {
	if err := OpAddGiftCard.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		switch {
		case c.holds(in.GiftCardID):
			return nil
		case len(c.GiftCards) >= MaxCards:
			return ErrGiftCardsFull
		}
		c.GiftCards = append(c.GiftCards, GiftCard{ID: in.GiftCardID, Last4: in.Last4})
		return nil
	})
}

// RemoveGiftCard takes a gift card out of an open cart.
func (e *Engine) RemoveGiftCard(ctx context.Context, in RemoveGiftCardInput) (Cart, error) {
	if err := OpRemoveGiftCard.Admit(ctx, in); err != nil {
		return Cart{}, err
	}
	return e.update(ctx, in.ID, in.Version, func(c *Cart) error {
		for i, g := range slices.Backward(c.GiftCards) {
			if strings.EqualFold(g.Last4, in.Last4) {
				c.GiftCards = slices.Delete(c.GiftCards, i, i+1)
				return nil
			}
		}
		return ErrGiftCardNotFound
	})
}

// holds reports whether the card with this id pays for c.
func (c Cart) holds(cardID string) bool {
	return slices.ContainsFunc(c.GiftCards, func(g GiftCard) bool { return g.ID == cardID })
}
