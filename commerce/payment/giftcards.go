package payment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// CreateGiftCard makes a gift card. It returns ErrGiftCardTaken for a code that
// another card has.
func (e *Engine) CreateGiftCard(ctx context.Context, in CreateGiftCardInput) (NewGiftCard, error) {
	if err := OpCreateGiftCard.Admit(ctx, in); err != nil {
		return NewGiftCard{}, err
	}
	now := e.now()
	n := NewGiftCard{Code: in.Code}
	if n.Code == "" {
		n.Code = newCode()
	}
	code := normalCode(n.Code)
	n.GiftCard = GiftCard{ID: e.opts.ID("gc"), CodeHash: hashCode(code), Last4: code[len(code)-4:], Initial: in.Amount, Balance: in.Amount,
		Note: in.Note, CreatedAt: now, UpdatedAt: now}
	if in.ExpiresAt != nil {
		n.ExpiresAt = new(in.ExpiresAt.UTC().Truncate(time.Microsecond))
		if !now.Before(*n.ExpiresAt) {
			return NewGiftCard{}, fault.ErrInvalid.Saying("a gift card cannot have ended before it begins").At("/expires_at")
		}
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (NewGiftCard, error) {
		made := n // the unit may run more than once
		err := e.store.SaveGiftCard(ctx, &made.GiftCard)
		if errors.Is(err, ErrTaken) {
			return NewGiftCard{}, ErrGiftCardTaken.At("/code")
		}
		if err != nil {
			return NewGiftCard{}, err
		}
		_, err = e.store.MoveGiftCard(ctx, GiftCardMove{CardID: made.ID, Kind: MoveIssued, Cause: made.ID, Delta: in.Amount, At: now})
		return made, err
	})
}

// cardPosition is where a page of gift cards ends.
type cardPosition struct {
	ID string `json:"g"`
}

// GiftCards returns a page of gift cards, the oldest first.
func (e *Engine) GiftCards(ctx context.Context, in GiftCardsInput) (page.Page[GiftCard], error) {
	if err := OpGiftCards.Admit(ctx, in); err != nil {
		return page.Page[GiftCard]{}, err
	}
	var after cardPosition
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[GiftCard]{}, err
	}
	cards, err := e.store.GiftCards(ctx, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[GiftCard]{}, err
	}
	return page.Of(cards, in.Size(), func(c GiftCard) any { return cardPosition{c.ID} }), nil
}

// GiftCard returns one gift card with its moves, or ErrGiftCardNotFound.
func (e *Engine) GiftCard(ctx context.Context, in IDInput) (GiftCardDetail, error) {
	if err := OpGiftCard.Admit(ctx, in); err != nil {
		return GiftCardDetail{}, err
	}
	c, err := e.store.GiftCard(ctx, in.ID)
	if err != nil {
		return GiftCardDetail{}, err
	}
	moves, err := e.store.GiftCardMoves(ctx, in.ID)
	return GiftCardDetail{c, list(moves)}, err
}

// DisableGiftCard keeps a gift card from being used, or returns
// ErrGiftCardNotFound.
func (e *Engine) DisableGiftCard(ctx context.Context, in IDInput) (GiftCard, error) {
	if err := OpDisableGiftCard.Admit(ctx, in); err != nil {
		return GiftCard{}, err
	}
	return e.setDisabled(ctx, in.ID, true)
}

// EnableGiftCard lets a disabled gift card be used, or returns
// ErrGiftCardNotFound.
func (e *Engine) EnableGiftCard(ctx context.Context, in IDInput) (GiftCard, error) {
	if err := OpEnableGiftCard.Admit(ctx, in); err != nil {
		return GiftCard{}, err
	}
	return e.setDisabled(ctx, in.ID, false)
}

func (e *Engine) setDisabled(ctx context.Context, id string, disabled bool) (GiftCard, error) {
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (GiftCard, error) {
		c, err := e.store.GiftCard(ctx, id)
		if err != nil || c.Disabled == disabled {
			return c, err
		}
		c.Disabled, c.UpdatedAt = disabled, e.now()
		return c, e.store.SaveGiftCard(ctx, &c)
	})
}

// GiftCardTriesPerMinute is how often a code may be tried for one cart, and from
// one client.
const GiftCardTriesPerMinute = 10

// GiftCardByCode returns what the card with a code can pay. It returns
// ErrGiftCardNotFound, and ErrTooManyAttempts for who tries too often, whether or
// not the code is right.
func (e *Engine) GiftCardByCode(ctx context.Context, in GiftCardByCodeInput) (Tender, error) {
	if err := OpGiftCardByCode.Admit(ctx, in); err != nil {
		return Tender{}, err
	}
	if err := e.countTry(ctx, in.For); err != nil {
		return Tender{}, err
	}
	c, err := e.store.GiftCardByHash(ctx, hashCode(normalCode(in.Code)))
	if err != nil {
		return Tender{}, err
	}
	return c.tender(in.Currency, e.now()), nil
}

// countTry counts one more try of a code.
func (e *Engine) countTry(ctx context.Context, cart string) error {
	if e.opts.Unlimited {
		return nil
	}
	keys := []string{ident.Nameless("giftcard.cart", cart)}
	if addr := ident.Client(ctx); addr != "" {
		keys = append([]string{ident.Nameless("giftcard.client", addr)}, keys...)
	}
	var refused error
	err := e.Scope().Do(ctx, func(ctx context.Context) error {
		refused = nil
		for _, key := range keys {
			ok, wait, err := e.store.Attempt(ctx, key, e.now(), time.Minute, GiftCardTriesPerMinute)
			if err != nil {
				return err
			}
			if !ok { // the count stays
				refused = ErrTooManyAttempts.After(wait)
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// Prune forgets what was counted and no longer counts.
func (e *Engine) Prune(ctx context.Context) error { return e.store.ForgetAttempts(ctx, e.now()) }

// GiftCardsOf returns what gift cards can pay now, in the order that they are
// asked for.
func (e *Engine) GiftCardsOf(ctx context.Context, in GiftCardsOfInput) (TendersOutput, error) {
	if err := OpGiftCardsOf.Admit(ctx, in); err != nil {
		return TendersOutput{}, err
	}
	cards, err := e.store.GiftCardsOf(ctx, in.IDs)
	if err != nil {
		return TendersOutput{}, err
	}
	out := TendersOutput{Items: make([]Tender, len(in.IDs))}
	now := e.now()
	for i, id := range in.IDs {
		out.Items[i] = Tender{ID: id, Balance: money.Zero(in.Currency), Reason: CardUnknown}
		if at := slices.IndexFunc(cards, func(c GiftCard) bool { return c.ID == id }); at >= 0 {
			out.Items[i] = cards[at].tender(in.Currency, now)
		}
	}
	return out, nil
}

// tender is what c can pay of something that costs more than nothing.
func (c GiftCard) tender(in money.Currency, now time.Time) Tender {
	return Tender{ID: c.ID, Last4: c.Last4, Balance: c.Balance, Reason: c.refuses(money.New(1, in), now)}
}
