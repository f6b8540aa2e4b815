package notification

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// letter is a mail that an event gives rise to.
type letter struct {
	kind Kind
	role Role
}

// letters are the mails of each event, in the order in which they are sent: who
// has an address learns that it is about to change before anybody gets the code
// that changes it. The payloads are read as news.
var letters = map[string][]letter{
	"account.registered":               {{KindWelcome, RoleCustomer}},
	"account.password_reset_requested": {{KindPasswordReset, RoleCustomer}},
	"account.password_changed":         {{KindPasswordChanged, RoleCustomer}},
	"account.email_change_requested":   {{KindEmailChangeNotice, RoleOld}, {KindEmailChange, RoleNew}},
	"account.suspicious_refresh":       {{KindSuspiciousSignIn, RoleCustomer}},
	"order.placed":                     {{KindOrderPlaced, RoleCustomer}},
	"order.shipped":                    {{KindOrderShipped, RoleCustomer}},
	"order.canceled":                   {{KindOrderCanceled, RoleCustomer}},
	"order.access_requested":           {{KindOrderAccess, RoleCustomer}},
}

// news is what mails need of the payloads of other engines' events, by the
// names that the fields have there. Events with a code name a challenge; the
// others of orders bring their address along.
type news struct {
	Challenge string `json:"challenge"`

	Email    string      `json:"email"`
	Locale   string      `json:"locale"`
	Number   string      `json:"number"`
	Total    looseAmount `json:"total"`
	Reason   string      `json:"reason"`
	Tracking []Tracking  `json:"tracking"`
	Notify   *bool       `json:"notify"`
}

// looseAmount is an amount that may be missing.
type looseAmount struct{ money.Amount }

// String returns "EUR 24.99", or "" for no amount.
func (a looseAmount) String() string {
	if a.Currency == "" {
		return ""
	}
	return a.Amount.String()
}

func readNews(data json.RawMessage) (n news, err error) {
	return n, json.Unmarshal(data, &n)
}

// Events are the names of the events that Handle wants.
func (e *Engine) Events() []string { return slices.Sorted(maps.Keys(letters)) }

// Handle implements event.Handler: it writes down the mails that ev gives rise
// to, each once, in the unit of work of ctx if there is one. Send sends them.
func (e *Engine) Handle(ctx context.Context, ev event.Envelope) error {
	n, err := readNews(ev.Data)
	if err != nil {
		return fmt.Errorf("notification: event %s %s: %w: %w", ev.Name, ev.ID, event.ErrPayload, err)
	}
	if n.Notify != nil && !*n.Notify {
		return nil
	}
	return e.Scope().Do(ctx, func(ctx context.Context) error {
		all := letters[ev.Name]
		for i, l := range all {
			d := e.delivery(ev, l, n)
			d.DueAt = new(d.CreatedAt.Add(time.Duration(i-len(all)+1) * time.Microsecond))
			if _, err := e.store.Add(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *Engine) delivery(ev event.Envelope, l letter, n news) Delivery {
	now := e.now()
	return Delivery{ID: ident.DeriveID("ntf", ev.ID+"."+string(l.kind)+"."+string(l.role)), EventID: ev.ID, Event: ev.Name, About: ev.Key,
		Kind: l.kind, Role: l.role, State: StatePending, Recipient: ident.NormalEmail(n.Email), Locale: n.Locale,
		CreatedAt: now, RequestedAt: now, Data: ev.Data}
}
