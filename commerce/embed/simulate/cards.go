package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// codeMark begins the code of every gift card: where it is stored, somebody can
// spend the card who reads it.
const codeMark = "SIMGIFT"

// giftCard is what people know of one.
type giftCard struct{ id, code string }

// last4 is what a cart calls it.
func (g giftCard) last4() string { return g.code[len(g.code)-4:] }

// newCard returns a gift card to be. Some pay for a whole cart.
func (w *world) newCard() payment.CreateGiftCardInput {
	w.ids++
	return payment.CreateGiftCardInput{Amount: money.New(500+w.rng.Int64N(5000), "USD"), Code: fmt.Sprintf("%s%06d", codeMark, w.ids)}
}

// firstCards makes the gift cards that there are from the beginning.
func (w *world) firstCards(ctx context.Context, p *process) error {
	if !w.chance(45) {
		return nil
	}
	for range 1 + w.rng.IntN(2) {
		in := w.newCard()
		c, err := p.shop.Payments.CreateGiftCard(ctx, in)
		if err != nil {
			return err
		}
		w.cards = append(w.cards, giftCard{c.ID, in.Code})
	}
	return nil
}

// accept lets cards pay for a cart that is being made: two of them, or one that
// others have too.
func (w *world) accept(ctx context.Context, p *process, cartID string) error {
	for _, g := range w.cards {
		if !w.chance(45) {
			continue
		}
		if _, err := p.flows.Storefront.AddGiftCard(ctx, storefront.AddGiftCardInput{ID: cartID, Code: g.code}); err != nil {
			return err
		}
	}
	return nil
}

// present adds a card to a cart that may be under way already.
func (w *world) present(b *basket) {
	if len(w.cards) == 0 {
		return
	}
	g, key := w.cards[w.rng.IntN(len(w.cards))], w.newID("key")
	w.heard("add gift card", w.serve("gift card for "+b.id, func(p *process) error {
		_, err := command(b.as(key), p, storefront.OpAddGiftCard, p.flows.Storefront.AddGiftCard, storefront.AddGiftCardInput{ID: b.id, Code: g.code})
		return err
	}))
}

// putAway takes the card out of a cart that cannot pay, and reports whether there
// is one: somebody else was faster.
func (w *world) putAway(b *basket, err error) bool {
	if !errors.Is(err, payment.ErrGiftCardUnusable) {
		return false
	}
	for _, g := range slices.Clone(w.cards) {
		key := w.newID("key")
		err := w.serve("no gift card for "+b.id, func(p *process) error {
			_, err := command(b.as(key), p, storefront.OpRemoveGiftCard, p.flows.Storefront.RemoveGiftCard, cart.RemoveGiftCardInput{ID: b.id, Last4: g.last4()})
			return err
		})
		w.heard("remove gift card", err)
	}
	return true
}

// keepCards is what staff do about gift cards: they make one, or keep one from
// being used for a while.
func (w *world) keepCards() {
	if len(w.cards) == 0 || w.chance(40) {
		in := w.newCard()
		_ = w.perform("make gift card", "", func(ctx context.Context, p *process) error {
			c, err := command(ctx, p, payment.OpCreateGiftCard, p.shop.Payments.CreateGiftCard, in)
			if err == nil {
				w.cards = append(w.cards, giftCard{c.ID, in.Code})
			}
			return err
		})
		return
	}
	g := w.cards[w.rng.IntN(len(w.cards))]
	_ = w.perform("disable gift card", g.id, func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, payment.OpDisableGiftCard, p.shop.Payments.DisableGiftCard, payment.IDInput{ID: g.id})
		return err
	})
	w.sleep(w.between(time.Second, time.Minute))
	_ = w.perform("enable gift card", g.id, func(ctx context.Context, p *process) error {
		_, err := command(ctx, p, payment.OpEnableGiftCard, p.shop.Payments.EnableGiftCard, payment.IDInput{ID: g.id})
		return err
	})
}
