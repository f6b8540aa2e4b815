// Package devmail is a notification.Mailer for development: it sends nothing,
// keeps the last mails and shows them on a page. Everybody who sees the page can
// read every code in it, so that no shop in production may have it.
//
// Mails to two domains never arrive, so that failures can be tried out:
// "bounce.invalid" refuses for good, "busy.invalid" for now.
package devmail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Kept is how many mails a Mailbox keeps.
const Kept = 500

// Domains whose mails never arrive.
const (
	Bounce = "bounce.invalid"
	Busy   = "busy.invalid"
)

// ErrNotFound says that there is no such mail, or no longer.
var ErrNotFound = errors.New("devmail: no such mail")

// Mailbox keeps mails. It is safe for concurrent use, also by several processes
// on one directory.
type Mailbox struct{ shelf shelf }

var _ notification.Mailer = (*Mailbox)(nil)

// New returns an empty Mailbox in memory.
func New() *Mailbox { return &Mailbox{&memory{mails: map[string][]byte{}}} }

// Open returns the Mailbox in dir, which it makes if it is not there. Each mail
// is a file that mail programs can open (.eml).
func Open(dir string) (*Mailbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Mailbox{files{root}}, nil
}

// Send implements notification.Mailer.
func (b *Mailbox) Send(ctx context.Context, m notification.Mail) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := m.MIME()
	if err != nil {
		return err
	}
	switch _, domain, _ := strings.Cut(m.To.Email, "@"); strings.ToLower(domain) {
	case Bounce:
		return notification.ErrRejected.Saying("550 there is no such mailbox")
	case Busy:
		return fault.ErrUnavailable.Saying("451 try again later")
	}
	name := time.Now().UTC().Format("20060102T150405.000000000") + "-" + rand.Text()[:8]
	if err := b.shelf.put(name, data); err != nil {
		return fmt.Errorf("devmail: %w", err)
	}
	return b.prune()
}

// prune drops the oldest mails.
func (b *Mailbox) prune() error {
	names, err := b.shelf.names()
	if err != nil {
		return fmt.Errorf("devmail: %w", err)
	}
	for _, name := range names[:max(0, len(names)-Kept)] {
		if err := b.shelf.drop(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // somebody else has done so
			return fmt.Errorf("devmail: %w", err)
		}
	}
	return nil
}

// Letters returns the mails, the newest first.
func (b *Mailbox) Letters() ([]Letter, error) {
	names, err := b.shelf.names()
	if err != nil {
		return nil, fmt.Errorf("devmail: %w", err)
	}
	var all []Letter
	for _, name := range slices.Backward(names) {
		l, err := b.Letter(name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Letter returns the mail with this id, or ErrNotFound.
func (b *Mailbox) Letter(id string) (Letter, error) {
	data, err := b.shelf.get(id)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return Letter{}, ErrNotFound
	}
	if err != nil {
		return Letter{}, fmt.Errorf("devmail: %w", err)
	}
	l, err := read(data)
	if err != nil {
		return Letter{}, fmt.Errorf("devmail: mail %s: %w", id, err)
	}
	l.ID = id
	return l, nil
}
