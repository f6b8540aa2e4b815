package payment

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// GiftCardService is the part of a Service that is about gift cards.
type GiftCardService interface {
	CreateGiftCard(ctx context.Context, in CreateGiftCardInput) (NewGiftCard, error)
	GiftCards(ctx context.Context, in GiftCardsInput) (page.Page[GiftCard], error)
	GiftCard(ctx context.Context, in IDInput) (GiftCardDetail, error)
	DisableGiftCard(ctx context.Context, in IDInput) (GiftCard, error)
	EnableGiftCard(ctx context.Context, in IDInput) (GiftCard, error)

	GiftCardByCode(ctx context.Context, in GiftCardByCodeInput) (Tender, error)
	GiftCardsOf(ctx context.Context, in GiftCardsOfInput) (TendersOutput, error)
	SettleGiftCards(ctx context.Context, in SettleGiftCardsInput) (PaymentsOutput, error)
}

// The operations of gift cards, as transports know them.
var (
	OpCreateGiftCard = op.Op[CreateGiftCardInput, NewGiftCard]{Name: "payment.create_gift_card", Access: "gift_cards:write",
		Doc: "Makes a gift card. Its code is in this answer and nowhere else.", Fails: []*fault.Error{ErrGiftCardTaken}}
	OpGiftCards = op.Op[GiftCardsInput, page.Page[GiftCard]]{Name: "payment.gift_cards", Kind: op.Query, Access: "gift_cards:read",
		Doc: "The gift cards, oldest first, without their codes."}
	OpGiftCard = op.Op[IDInput, GiftCardDetail]{Name: "payment.gift_card", Kind: op.Query, Access: "gift_cards:read",
		Doc: "One gift card, with the moves of its balance.", Fails: []*fault.Error{ErrGiftCardNotFound}}
	OpDisableGiftCard = op.Op[IDInput, GiftCard]{Name: "payment.disable_gift_card", Access: "gift_cards:write",
		Doc: "Keeps a gift card from being used. What it has paid stays paid. Again is fine.", Fails: []*fault.Error{ErrGiftCardNotFound}}
	OpEnableGiftCard = op.Op[IDInput, GiftCard]{Name: "payment.enable_gift_card", Access: "gift_cards:write",
		Doc: "Lets a disabled gift card be used. Again is fine.", Fails: []*fault.Error{ErrGiftCardNotFound}}

	OpGiftCardByCode = op.Op[GiftCardByCodeInput, Tender]{Name: "payment.gift_card_by_code", Access: op.Inside,
		Doc: "What a gift card can pay, for who knows its code. Tries are counted.", Fails: []*fault.Error{ErrGiftCardNotFound, ErrTooManyAttempts}}
	OpGiftCardsOf = op.Op[GiftCardsOfInput, TendersOutput]{Name: "payment.gift_cards_of", Kind: op.Query, Access: op.Inside,
		Doc: "What some gift cards can pay now, in the order that they are asked for."}
	OpSettleGiftCards = op.Op[SettleGiftCardsInput, PaymentsOutput]{Name: "payment.settle_gift_cards", Access: op.Inside,
		Doc: "Captures payments by gift card. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrIllegal}}
)

// CreateGiftCardInput is a gift card to be. Without a Code the shop makes one.
type CreateGiftCardInput struct {
	Amount    money.Amount `json:"amount"`
	Code      string       `json:"code,omitempty" maxLength:"100" doc:"8 to 64 letters A-Z and digits; made when absent. Spaces and dashes do not count, nor does case."`
	ExpiresAt *time.Time   `json:"expires_at,omitempty"`
	Note      string       `json:"note,omitempty" maxLength:"500"`
}

// Check implements the rules of package check across fields.
func (in CreateGiftCardInput) Check() []fault.Item {
	if in.Amount.Minor <= 0 {
		return []fault.Item{wrong("/amount", "a gift card is worth more than nothing")}
	}
	if faults := bounded(in.Amount); faults != nil {
		return faults
	}
	if in.Code != "" && !wellFormed(normalCode(in.Code)) {
		return []fault.Item{wrong("/code", "a code is 8 to 64 letters A-Z and digits")}
	}
	return nil
}

// Secretless implements what package idem asks of inputs with secrets.
func (in CreateGiftCardInput) Secretless() any {
	if in.Code != "" {
		in.Code = hex.EncodeToString(hashCode(normalCode(in.Code)))
	}
	return in
}

// NewGiftCard is a gift card with its code, which nobody can show again.
type NewGiftCard struct {
	GiftCard
	Code string `json:"code"` // "7K2M-…", in groups of four when the shop made it
}

// Secretless implements what package idem asks of answers with secrets: a replay
// shows the card without its code.
func (c NewGiftCard) Secretless() any {
	c.Code = ""
	return c
}

// GiftCardsInput asks for a page of gift cards.
type GiftCardsInput struct {
	page.Query
}

// GiftCardDetail is a gift card and how its balance came about.
type GiftCardDetail struct {
	GiftCard
	Moves []GiftCardMove `json:"moves"` // the oldest first
}

// GiftCardByCodeInput asks what the card with a code can pay in a currency. Tries
// are counted for the client of the request, and for the cart For.
type GiftCardByCodeInput struct {
	Code     string         `json:"code" minLength:"1" maxLength:"100"`
	Currency money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	For      string         `json:"for" minLength:"1" maxLength:"64"`
}

// GiftCardsOfInput asks what cards can pay in a currency.
type GiftCardsOfInput struct {
	IDs      []string       `json:"ids" minItems:"1" maxItems:"100"`
	Currency money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
}

// Tender is what a gift card can pay now.
type Tender struct {
	ID      string       `json:"id"`
	Last4   string       `json:"last4"`
	Balance money.Amount `json:"balance"`
	// Reason is why it can pay nothing, one of the Card constants, "" when it can.
	Reason string `json:"reason"`
}

// TendersOutput are what gift cards can pay. One that does not exist is
// CardUnknown.
type TendersOutput struct {
	Items []Tender `json:"items"`
}

// SettleGiftCardsInput names payments by gift card.
type SettleGiftCardsInput struct {
	IDs []string `json:"ids" minItems:"1" maxItems:"100"`
}

func registerGiftCards(r op.Registrar, s GiftCardService) {
	op.Handle(r, OpCreateGiftCard, s.CreateGiftCard)
	op.Handle(r, OpGiftCards, s.GiftCards)
	op.Handle(r, OpGiftCard, s.GiftCard)
	op.Handle(r, OpDisableGiftCard, s.DisableGiftCard)
	op.Handle(r, OpEnableGiftCard, s.EnableGiftCard)
	op.Handle(r, OpGiftCardByCode, s.GiftCardByCode)
	op.Handle(r, OpGiftCardsOf, s.GiftCardsOf)
	op.Handle(r, OpSettleGiftCards, s.SettleGiftCards)
}

// CreateGiftCard implements Service.
func (c Client) CreateGiftCard(ctx context.Context, in CreateGiftCardInput) (NewGiftCard, error) {
	return op.Call(ctx, c.Caller, OpCreateGiftCard, in)
}

// GiftCards implements Service.
func (c Client) GiftCards(ctx context.Context, in GiftCardsInput) (page.Page[GiftCard], error) {
	return op.Call(ctx, c.Caller, OpGiftCards, in)
}

// GiftCard implements Service.
func (c Client) GiftCard(ctx context.Context, in IDInput) (GiftCardDetail, error) {
	return op.Call(ctx, c.Caller, OpGiftCard, in)
}

// DisableGiftCard implements Service.
func (c Client) DisableGiftCard(ctx context.Context, in IDInput) (GiftCard, error) {
	return op.Call(ctx, c.Caller, OpDisableGiftCard, in)
}

// EnableGiftCard implements Service.
func (c Client) EnableGiftCard(ctx context.Context, in IDInput) (GiftCard, error) {
	return op.Call(ctx, c.Caller, OpEnableGiftCard, in)
}

// GiftCardByCode implements Service.
func (c Client) GiftCardByCode(ctx context.Context, in GiftCardByCodeInput) (Tender, error) {
	return op.Call(ctx, c.Caller, OpGiftCardByCode, in)
}

// GiftCardsOf implements Service.
func (c Client) GiftCardsOf(ctx context.Context, in GiftCardsOfInput) (TendersOutput, error) {
	return op.Call(ctx, c.Caller, OpGiftCardsOf, in)
}

// SettleGiftCards implements Service.
func (c Client) SettleGiftCards(ctx context.Context, in SettleGiftCardsInput) (PaymentsOutput, error) {
	return op.Call(ctx, c.Caller, OpSettleGiftCards, in)
}
