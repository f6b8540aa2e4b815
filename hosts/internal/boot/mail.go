package boot

import (
	"context"
	"net/http"
	"path/filepath"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/notification"
)

// mailer returns what sends mails: the development mailbox, and in production
// nothing yet, so that mails wait. Where mails are sent elsewhere, there is no
// mailbox.
func (c Config) mailer(here bool) (notification.Mailer, error) {
	if !here || c.Env == Production {
		return nowhere{}, nil
	}
	return devmail.Open(filepath.Join(c.Data, "mails"))
}

// nowhere is the mailer of a shop that has none.
type nowhere struct{}

// Send implements notification.Mailer.
func (nowhere) Send(context.Context, notification.Mail) error {
	return fault.ErrUnavailable.Saying("production has no way to send mails yet: they wait")
}

// mailbox returns the pages of the development mailbox, nil in production.
func (c Config) mailbox() http.Handler {
	m, err := c.mailer(true)
	if box, ok := m.(*devmail.Mailbox); ok && err == nil {
		return box.Handler()
	}
	return nil
}
