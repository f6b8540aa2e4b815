package account

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Limits of tries with a password. What is counted under an address of a
// network, no success takes back.
const (
	PerAccount  = 20                   // in a Window, on one account
	MaxFailures = 100                  // in a row, on one account, before only a new password helps
	PerClient   = 100                  // in a Window, from one address of a network
	PerMailbox  = 5                    // mails that others can have sent to one address in a MailWindow
	Window      = 15 * time.Minute     //
	MailWindow  = time.Hour            //
	memory      = 365 * 24 * time.Hour // of failures in a row
	longestWait = time.Hour            // that a client is asked for
)

// count is a number of tries in a window.
type count struct {
	key    string
	window time.Duration
	limit  int
}

// doors are the counts for tries to open an account. A device that has signed in
// to it before has counts of its own: others cannot lock it out. They are the
// same whether there is such an account.
func (e *Engine) doors(kind Kind, email, device string) []count {
	name := ident.Nameless("account", string(kind), ident.NormalEmail(email))
	if e.knowsDevice(device, kind, email) {
		name = ident.Nameless("device", device)
	}
	return doorsOf(name)
}

func doorsOf(name string) []count {
	return []count{{name, Window, PerAccount}, {name + "+", memory, MaxFailures}}
}

// try counts one more try with a password on an account, and from the client
// that asks. It returns ErrTooManyAttempts.
func (e *Engine) try(ctx context.Context, doors []count) error {
	if addr := ident.Client(ctx); addr != "" {
		doors = append([]count{{ident.Nameless("client", addr), Window, PerClient}}, doors...)
	}
	return e.take(ctx, doors...)
}

// take counts one more under each of counts, in one unit of work, until one says
// no. It returns ErrTooManyAttempts then.
func (e *Engine) take(ctx context.Context, counts ...count) error {
	if e.opts.Unlimited {
		return nil
	}
	var refused error
	err := e.Scope().Do(ctx, func(ctx context.Context) error {
		refused = nil
		for _, c := range counts {
			ok, wait, err := e.store.Attempt(ctx, c.key, e.now(), c.window, c.limit)
			if err != nil {
				return err
			}
			if !ok {
				refused = ErrTooManyAttempts.After(min(wait, longestWait))
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

// forgive takes back what doors have counted.
func (e *Engine) forgive(ctx context.Context, doors []count) error {
	keys := make([]string, len(doors))
	for i, c := range doors {
		keys[i] = c.key
	}
	return e.store.ForgetAttempts(ctx, keys...)
}

// newDevice returns a token that says that its bearer has signed in to the
// account of an address.
func (e *Engine) newDevice(kind Kind, email string) string {
	name := rand.Text()
	return name + "." + ident.Token(e.devices, name+"\x00"+string(kind)+"\x00"+ident.NormalEmail(email), 0)
}

func (e *Engine) knowsDevice(device string, kind Kind, email string) bool {
	name, mac, ok := strings.Cut(device, ".")
	return ok && ident.TokenFits(mac, e.devices, name+"\x00"+string(kind)+"\x00"+ident.NormalEmail(email), 0)
}
