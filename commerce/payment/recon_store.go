package payment

import (
	"context"
	"time"
)

// ReconStore is the part of a Store that looks for what is late.
type ReconStore interface {
	// Authorized returns at most limit payments in StatusAuthorized, by UpdatedAt
	// and id, that come after one; the zero Payment for the first. It locks
	// nothing.
	Authorized(ctx context.Context, after Payment, limit int) ([]Payment, error)

	// NoticesAbout returns at most limit notices that name one of the payments, by
	// its ID or by its Provider and ProviderID, the latest first, by provider and
	// id among equals. It locks nothing. No payment, no notices.
	NoticesAbout(ctx context.Context, payments []Payment, limit int) ([]Received, error)

	// Backlog counts what waits for people or for a provider. It is asked often.
	Backlog(ctx context.Context) (Backlog, error)
}

// Backlog is what waits for people or for a provider.
type Backlog struct {
	OldestNotice time.Time // when the oldest notice was received that is still open; zero for none
	Unknown      int64     // payments whose answer was lost
	Breaks       int64     // that nobody has resolved
}
