package payment

import (
	"context"
	"time"
)

// NoticeStore is the part of a Store that keeps notices.
type NoticeStore interface {
	// Keep adds r and reports true, unless there is one with its Provider and ID:
	// then it writes nothing and the unit of work can go on.
	Keep(ctx context.Context, r Received) (bool, error)

	// DueNotices returns at most limit notices in NoticeOpen whose DueAt is not
	// after now, the earliest due first, then the earliest received, by provider
	// and id among equals. It locks nothing.
	DueNotices(ctx context.Context, now time.Time, limit int) ([]Received, error)

	// SaveNotice writes the State, DueAt and Error of r and adds one to its
	// Attempts. If the stored notice is not open with the Attempts of r it writes
	// nothing and returns ErrStale, and the unit of work of ctx can go on.
	SaveNotice(ctx context.Context, r Received) error

	// PruneNotices forgets notices that are done or ignored and were received
	// before a time, and returns how many.
	PruneNotices(ctx context.Context, before time.Time) (int64, error)

	// Notice returns a kept notice, or ErrNoticeNotFound. It locks nothing.
	Notice(ctx context.Context, provider, id string) (Received, error)

	// Notices returns at most limit notices in a state, "" for all, received
	// before a time, the latest first, by provider and id among equals. It locks
	// nothing.
	Notices(ctx context.Context, state NoticeState, before time.Time, limit int) ([]Received, error)

	// ReopenNotice makes a notice open and due at a time, whatever its state, and
	// adds one to its Attempts. With ErrNoticeNotFound the unit of work of ctx can
	// go on.
	ReopenNotice(ctx context.Context, provider, id string, due time.Time) error
}

// RefundStore is the part of a Store that keeps refunds.
type RefundStore interface {
	// Refund returns the refund, or ErrRefundNotFound. In a unit of work it locks
	// the refund, where the database has locks, and returns the newest state.
	Refund(ctx context.Context, id string) (Refund, error)

	// SaveRefund writes r and adds one to its Version. If the stored Version is
	// not r.Version it returns ErrStale; Version 0 is new. If another refund of
	// the same Provider has the ProviderID of r it returns ErrTaken. With either
	// it writes nothing, and the unit of work of ctx can go on.
	SaveRefund(ctx context.Context, r *Refund) error

	// RefundsOf returns the refunds of the orders, the oldest first, by id among
	// equals. It locks nothing. No order, no refunds.
	RefundsOf(ctx context.Context, orderIDs []string) ([]Refund, error)

	// PendingRefunds returns at most limit refunds in RefundPending whose
	// UpdatedAt is before a time, those that waited longest first, by id among
	// equals. It locks nothing.
	PendingRefunds(ctx context.Context, before time.Time, limit int) ([]Refund, error)
}

// BookStore is the part of a Store that keeps the ledger and compares it.
type BookStore interface {
	// Append adds l to the ledger and reports true, unless a line has its Kind
	// and Object: then it writes nothing and the unit of work can go on.
	Append(ctx context.Context, l Ledger) (bool, error)

	// Ledger returns the lines of the orders, the oldest first, by id among
	// equals. No order, no lines.
	Ledger(ctx context.Context, orderIDs []string) ([]Ledger, error)

	// LedgerBetween returns at most limit lines whose At is in [from, to), by At
	// and id, that come after a line; the zero line for the first.
	LedgerBetween(ctx context.Context, from, to time.Time, after Ledger, limit int) ([]Ledger, error)

	// LinesOf returns the lines with any of these objects, by kind and object. No
	// object, no lines.
	LinesOf(ctx context.Context, objects []string) ([]Ledger, error)

	// SeeBreak adds b, open and with Version 1, or, where one has its Kind and
	// Object, writes Ours, Theirs and LastSeen over those and adds one to its
	// Version; a resolved one whose Ours or Theirs are other than before is open
	// again. It reports whether the break is new or open again.
	SeeBreak(ctx context.Context, b Break) (news bool, err error)

	// Break returns a break, or ErrBreakNotFound. In a unit of work it locks the
	// break, where the database has locks, and returns the newest state.
	Break(ctx context.Context, id string) (Break, error)

	// SaveBreak writes the State, Note and Actor of b and adds one to its Version.
	// If the stored Version is not b.Version it writes nothing and returns
	// ErrStale, and the unit of work of ctx can go on.
	SaveBreak(ctx context.Context, b *Break) error

	// Breaks returns the breaks that f names, by id. It locks nothing.
	Breaks(ctx context.Context, f BreakFilter) ([]Break, error)

	// Watermark returns the time that was set under name, zero when none was.
	Watermark(ctx context.Context, name string) (time.Time, error)

	// SetWatermark sets the time under name.
	SetWatermark(ctx context.Context, name string, at time.Time) error
}

// GiftCardStore is the part of a Store that keeps gift cards.
type GiftCardStore interface {
	// GiftCard returns a gift card, or ErrGiftCardNotFound. In a unit of work it
	// locks the card, where the database has locks, and returns the newest state.
	GiftCard(ctx context.Context, id string) (GiftCard, error)

	// GiftCardsOf returns those of the cards that there are, by id. It locks
	// nothing. No id, no cards.
	GiftCardsOf(ctx context.Context, ids []string) ([]GiftCard, error)

	// GiftCardByHash is GiftCard by CodeHash, and locks nothing.
	GiftCardByHash(ctx context.Context, hash []byte) (GiftCard, error)

	// SaveGiftCard writes c and adds one to its Version. If the stored Version is
	// not c.Version it returns ErrStale; Version 0 is new. If another card has
	// its CodeHash it returns ErrTaken. With either it writes nothing, and the
	// unit of work of ctx can go on. A Balance that is not between zero and Initial
	// is an error, too.
	SaveGiftCard(ctx context.Context, c *GiftCard) error

	// GiftCards returns at most limit cards whose id is greater than after, by id.
	// It locks nothing.
	GiftCards(ctx context.Context, after string, limit int) ([]GiftCard, error)

	// MoveGiftCard adds m and reports true, unless a move has its CardID, Kind and
	// Cause: then it writes nothing and the unit of work can go on.
	MoveGiftCard(ctx context.Context, m GiftCardMove) (bool, error)

	// GiftCardMoves returns the moves of a card, the oldest first, by kind and
	// cause among equals.
	GiftCardMoves(ctx context.Context, cardID string) ([]GiftCardMove, error)
}

// AttemptStore is the part of a Store that counts tries.
type AttemptStore interface {
	// Attempt counts one more try under key, at most 100 ASCII characters, in
	// the window that its first try has opened, and reports whether it is one of
	// the first limit; otherwise, when the window closes. A try after that opens
	// another. Of any number of callers at the same time exactly limit are told
	// true.
	Attempt(ctx context.Context, key string, now time.Time, window time.Duration, limit int) (ok bool, retryAfter time.Duration, err error)

	// ForgetAttempts forgets the counts whose window closed before a time.
	ForgetAttempts(ctx context.Context, before time.Time) error
}
