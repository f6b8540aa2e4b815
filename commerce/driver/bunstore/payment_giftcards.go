package bunstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

type giftCardRow struct {
	ID       string `bun:"id"`
	CodeHash []byte `bun:"code_hash"`
	Last4    string `bun:"last4"`
	Initial  int64  `bun:"initial"`
	Balance  int64  `bun:"balance"`
	Currency string `bun:"currency"`
	Disabled int    `bun:"disabled"`
	Expires  *int64 `bun:"expires"`
	Note     string `bun:"note"`
	Version  int64  `bun:"version"`
	Created  int64  `bun:"created"`
	Updated  int64  `bun:"updated"`
}

func (r giftCardRow) giftCard() payment.GiftCard {
	in := money.Currency(r.Currency)
	c := payment.GiftCard{ID: r.ID, CodeHash: r.CodeHash, Last4: r.Last4, Initial: money.New(r.Initial, in), Balance: money.New(r.Balance, in),
		Disabled: r.Disabled != 0, Note: r.Note, Version: r.Version, CreatedAt: fromMicros(r.Created), UpdatedAt: fromMicros(r.Updated)}
	if r.Expires != nil {
		c.ExpiresAt = new(fromMicros(*r.Expires))
	}
	return c
}

func (s Payments) readGiftCards(ctx context.Context, tail string, args ...any) ([]payment.GiftCard, error) {
	var rows []giftCardRow
	err := s.scan(ctx, &rows, `SELECT id, code_hash, last4, initial, balance, currency, disabled, expires, note, version, created, updated FROM {gift_card}`+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read gift cards: %w", err)
	}
	out := make([]payment.GiftCard, len(rows))
	for i, r := range rows {
		out[i] = r.giftCard()
	}
	return out, nil
}

// GiftCard implements payment.Store. The comparison of the servers ignores spaces
// at the end of an id.
func (s Payments) GiftCard(ctx context.Context, id string) (payment.GiftCard, error) {
	found, err := s.readGiftCards(ctx, ` WHERE id = ?`+s.locked(ctx), id)
	if err != nil {
		return payment.GiftCard{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return payment.GiftCard{}, payment.ErrGiftCardNotFound
	}
	return found[0], nil
}

// GiftCardByHash implements payment.Store.
func (s Payments) GiftCardByHash(ctx context.Context, hash []byte) (payment.GiftCard, error) {
	found, err := s.readGiftCards(ctx, ` WHERE code_hash = ?`, hash)
	if err != nil {
		return payment.GiftCard{}, err
	}
	if len(found) == 0 || !bytes.Equal(found[0].CodeHash, hash) {
		return payment.GiftCard{}, payment.ErrGiftCardNotFound
	}
	return found[0], nil
}

// SaveGiftCard implements payment.Store.
func (s Payments) SaveGiftCard(ctx context.Context, c *payment.GiftCard) (err error) {
	var expires *int64
	if c.ExpiresAt != nil {
		expires = new(micros(*c.ExpiresAt))
	}
	row := []any{c.CodeHash, c.Last4, c.Initial.Minor, c.Balance.Minor, string(c.Balance.Currency), bit(c.Disabled), expires, c.Note,
		c.Version + 1, micros(c.CreatedAt), micros(c.UpdatedAt), c.ID}
	n := int64(1)
	if c.Version == 0 {
		_, err = s.exec(ctx, `INSERT INTO {gift_card} (code_hash, last4, initial, balance, currency, disabled, expires, note, version, created, updated, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, row...)
	} else {
		n, err = s.exec(ctx, `UPDATE {gift_card} SET code_hash = ?, last4 = ?, initial = ?, balance = ?, currency = ?, disabled = ?, expires = ?, note = ?,
			version = ?, created = ?, updated = ? WHERE id = ? AND version = ?`, append(row, c.Version)...)
	}
	if refused := s.refusal(ctx, "gift_card", c.ID, c.Version, n, err); refused != nil {
		return refused
	}
	c.Version++
	return nil
}

// GiftCards implements payment.Store.
func (s Payments) GiftCards(ctx context.Context, after string, limit int) ([]payment.GiftCard, error) {
	return s.readGiftCards(ctx, ` WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
}

type giftMoveRow struct {
	bun.BaseModel `bun:"gift_card_move"`
	CardID        string `bun:"card_id"`
	Kind          string `bun:"kind"`
	Cause         string `bun:"cause"`
	Delta         int64  `bun:"delta"`
	Currency      string `bun:"currency"`
	At            int64  `bun:"at"`
}

// MoveGiftCard implements payment.Store.
func (s Payments) MoveGiftCard(ctx context.Context, m payment.GiftCardMove) (bool, error) {
	row := giftMoveRow{CardID: m.CardID, Kind: m.Kind, Cause: m.Cause, Delta: m.Delta.Minor, Currency: string(m.Delta.Currency), At: micros(m.At)}
	err := s.insert(ctx, "gift_card_move", &row)
	if isDuplicate(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("move of gift card %s: %w", m.CardID, err)
	}
	return true, nil
}

// GiftCardMoves implements payment.Store.
func (s Payments) GiftCardMoves(ctx context.Context, cardID string) ([]payment.GiftCardMove, error) {
	var rows []giftMoveRow
	err := s.scan(ctx, &rows, `SELECT card_id, kind, cause, delta, currency, at FROM {gift_card_move} WHERE card_id = ? ORDER BY at, kind, cause`, cardID)
	if err != nil {
		return nil, fmt.Errorf("moves of gift card %s: %w", cardID, err)
	}
	out := make([]payment.GiftCardMove, len(rows))
	for i, r := range rows {
		out[i] = payment.GiftCardMove{CardID: r.CardID, Kind: r.Kind, Cause: r.Cause, Delta: money.New(r.Delta, money.Currency(r.Currency)), At: fromMicros(r.At)}
	}
	return out, nil
}
