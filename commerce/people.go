package commerce

import (
	"context"
	"errors"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// Challenges lets mails ask account and order whom to write to, and the code to
// send.
type Challenges struct {
	Accounts account.Service
	Orders   order.Service
}

var _ notification.Challenges = Challenges{}

// Challenge implements notification.Challenges.
func (c Challenges) Challenge(ctx context.Context, id string) (notification.Challenge, error) {
	if strings.HasPrefix(id, order.ChallengePrefix) {
		out, err := c.Orders.AccessMail(inside(ctx), order.AccessMailInput{Challenge: id})
		return notification.Challenge{Email: out.Email, Locale: out.Locale, OrderID: out.OrderID, Number: out.Number, Code: out.Code, ExpiresAt: out.ExpiresAt}, err
	}
	out, err := c.Accounts.Challenge(inside(ctx), account.ChallengeInput{ID: id})
	if err != nil {
		return notification.Challenge{}, err
	}
	told := notification.Challenge{Email: out.Email, Name: out.Name, Locale: out.Locale, OldEmail: out.OldEmail, Code: out.Code}
	if out.ExpiresAt != nil {
		told.ExpiresAt = *out.ExpiresAt
	}
	if out.Kind == account.ChallengeAccountExists {
		told.Kind = notification.KindAccountExists
	}
	return told, nil
}

// GuestOrders gives customers what they have ordered as guests, once the address
// is proven to be theirs.
type GuestOrders struct {
	Accounts account.Service
	Orders   order.Service
}

// Events are the names of the events that Handle wants.
func (g GuestOrders) Events() []string { return []string{account.EmailVerified.Name} }

// Handle implements event.Handler. The address is the one that is proven now,
// which is a later one when the event comes late. The same event again does
// nothing.
func (g GuestOrders) Handle(ctx context.Context, ev event.Envelope) error {
	p, err := account.EmailVerified.Decode(ev)
	if err != nil || p.Kind != account.KindCustomer {
		return err
	}
	ctx = inside(ctx)
	u, err := g.Accounts.Customer(ctx, account.IDInput{ID: p.User})
	if errors.Is(err, account.ErrUserNotFound) {
		return nil
	}
	if err != nil || u.VerifiedEmail() == "" {
		return err
	}
	_, err = g.Orders.Attach(ctx, order.AttachInput{CustomerID: u.ID, Email: u.VerifiedEmail()})
	return err
}
