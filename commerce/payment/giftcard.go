package payment

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// MethodGiftCard is the method and the provider of payments by gift card. It is
// not among Methods: a card pays a part before any method pays the rest.
const MethodGiftCard = "gift_card"

// GiftCard is money that a shop owes to whoever knows its code. The code itself
// is shown once and not kept.
type GiftCard struct {
	ID        string       `json:"id"`
	CodeHash  []byte       `json:"-"` // SHA-256 of the code in its normal form
	Last4     string       `json:"last4"`
	Initial   money.Amount `json:"initial"`
	Balance   money.Amount `json:"balance"` // what is neither spent nor held by an order
	Disabled  bool         `json:"disabled"`
	ExpiresAt *time.Time   `json:"expires_at"`
	Note      string       `json:"note"` // for the staff
	Version   int64        `json:"version"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// GiftCardMove is a change of a balance. Moves are only ever added; (card, kind,
// cause) is unique. The balance is the sum of the moves.
type GiftCardMove struct {
	CardID string       `json:"card_id"`
	Kind   string       `json:"kind"`  // issued, held, released, refunded
	Cause  string       `json:"cause"` // the payment or refund, or the card itself when issued
	Delta  money.Amount `json:"delta"` // negative when held
	At     time.Time    `json:"at"`
}

// Kinds of a GiftCardMove.
const (
	MoveIssued   = "issued"
	MoveHeld     = "held"     // for an order
	MoveReleased = "released" // the order came to nothing
	MoveRefunded = "refunded"
)

// Reasons why a gift card cannot be used.
const (
	CardDisabled = "disabled"
	CardExpired  = "expired"
	CardCurrency = "currency" // it is in another one
	CardBalance  = "balance"  // nothing is left, or too little
	CardUnknown  = "unknown"  // there is no such card
)

// refuses returns why c cannot pay an amount now, "" when it can.
func (c GiftCard) refuses(a money.Amount, now time.Time) string {
	switch {
	case c.Disabled:
		return CardDisabled
	case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
		return CardExpired
	case c.Balance.Currency != a.Currency:
		return CardCurrency
	case c.Balance.Minor < a.Minor:
		return CardBalance
	default:
		return ""
	}
}

// unusable is ErrGiftCardUnusable with why.
func unusable(reason, last4 string) error {
	return ErrGiftCardUnusable.With(Unusable{Reason: reason, Last4: last4})
}

// Unusable is the meta of ErrGiftCardUnusable.
type Unusable struct {
	Reason string `json:"reason" enum:"disabled,expired,currency,balance,unknown"`
	Last4  string `json:"last4"`
}

// hold writes a payment by gift card and takes its amount from the card, in the
// unit of Open. It returns ErrGiftCardUnusable.
func (e *Engine) hold(ctx context.Context, in OpenInput) (Payment, error) {
	c, err := e.store.GiftCard(ctx, in.GiftCardID)
	if errors.Is(err, ErrGiftCardNotFound) {
		return Payment{}, unusable(CardUnknown, "")
	}
	if err != nil {
		return Payment{}, err
	}
	now := e.now()
	if why := c.refuses(in.Amount, now); why != "" {
		return Payment{}, unusable(why, c.Last4)
	}
	before := blank(in, MethodGiftCard, MethodGiftCard, now)
	p := before
	p.GiftCardID, p.Display = c.ID, &Display{Brand: MethodGiftCard, Last4: c.Last4}
	p.Status, p.Authorized = StatusAuthorized, in.Amount
	if in.Capture {
		p.Status, p.Captured = StatusCaptured, in.Amount
	}
	if err := e.save(ctx, before, &p, nil); err != nil {
		return Payment{}, err
	}
	return p, e.moveCard(ctx, c, MoveHeld, p.ID, in.Amount.Neg())
}

// letGo cancels a payment by gift card that is not captured, in the unit of Void.
func (e *Engine) letGo(ctx context.Context, p *Payment) error {
	if p.Status != StatusAuthorized {
		return nil
	}
	before := *p
	p.Status = StatusCanceled
	if err := e.save(ctx, before, p, nil); err != nil {
		return err
	}
	return e.credit(ctx, *p, MoveReleased, p.ID, p.Authorized)
}

// creditCard gives money of a captured payment by gift card back to the card, once
// for each cause. It is called in the unit that has the payment locked; a card that
// is disabled or has expired takes the money too.
func (e *Engine) creditCard(ctx context.Context, p Payment, cause string, amount money.Amount) error {
	return e.credit(ctx, p, MoveRefunded, cause, amount)
}

func (e *Engine) credit(ctx context.Context, p Payment, kind, cause string, amount money.Amount) error {
	c, err := e.store.GiftCard(ctx, p.GiftCardID)
	if err != nil {
		return err
	}
	return e.moveCard(ctx, c, kind, cause, amount)
}

// moveCard changes the balance of a locked card, once for each kind and cause.
func (e *Engine) moveCard(ctx context.Context, c GiftCard, kind, cause string, delta money.Amount) (err error) {
	now := e.now()
	added, err := e.store.MoveGiftCard(ctx, GiftCardMove{CardID: c.ID, Kind: kind, Cause: cause, Delta: delta, At: now})
	if err != nil || !added {
		return err
	}
	if c.Balance, err = c.Balance.Add(delta); err != nil {
		return err
	}
	c.UpdatedAt = now
	return e.store.SaveGiftCard(ctx, &c)
}

// SettleGiftCards captures payments by gift card, as bookkeeping: the money left
// the card when they were opened. One that is captured already, or was canceled,
// is returned as it is. It returns ErrNotFound, or ErrIllegal for a payment that
// is not by gift card.
func (e *Engine) SettleGiftCards(ctx context.Context, in SettleGiftCardsInput) (PaymentsOutput, error) {
	if err := OpSettleGiftCards.Admit(ctx, in); err != nil {
		return PaymentsOutput{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (PaymentsOutput, error) {
		out := PaymentsOutput{}
		for _, id := range slices.Sorted(slices.Values(in.IDs)) {
			p, err := e.change(ctx, id, nil, func(_ context.Context, p *Payment) error {
				if p.GiftCardID == "" {
					return illegal(p.Status, StatusCaptured)
				}
				if p.Status == StatusAuthorized {
					p.Status, p.Captured = StatusCaptured, p.Authorized
				}
				return nil
			})
			if err != nil {
				return PaymentsOutput{}, err
			}
			out.Items = append(out.Items, p)
		}
		return out, nil
	})
}
