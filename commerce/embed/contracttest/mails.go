package contracttest

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// most is the largest page.
var most = page.Query{Limit: 100}

// mailed returns the mail to an address, once it was sent.
func (w *world) mailed(to string) (d notification.Delivery) {
	w.Helper()
	w.eventually("a mail is sent to "+to, func() bool {
		all := got(w.Mails.Deliveries(w.Context(), notification.DeliveriesInput{Recipient: to}))(w)
		if len(all.Items) > 0 {
			d = all.Items[0]
		}
		return d.State == notification.StateSent
	})
	return d
}

var mailCases = []trial{
	{"notification.deliveries and notification.resend", func(w *world) {
		u := w.registered()
		d := w.mailed(u.Email)
		w.fails(fault.ErrDenied)(w.Mails.Deliveries(shoptest.Staff(w.Context(), "notifications:read"), notification.DeliveriesInput{Recipient: u.Email}))
		w.fails(notification.ErrNotFound)(w.Mails.Resend(w.Context(), notification.IDInput{ID: nobody}))
		w.eventually("a mail is on its way", func() bool {
			d = w.mailed(u.Email)
			errs := together(2, func(int) error {
				_, err := w.Mails.Resend(w.Context(), notification.IDInput{ID: d.ID})
				return err
			})
			return anyIs(errs, notification.ErrUnderWay) && anyIs(errs, nil)
		})
	}},
	{"outbox.status and outbox.republish", func(w *world) {
		if s := got(w.Outbox.Status(w.Context(), op.Nothing{}))(w); len(s.Stores) == 0 {
			w.Error("nothing is known of any outbox")
		}
		u := w.registered()
		w.eventually("what was announced is announced again", func() bool {
			return got(w.Outbox.Republish(w.Context(), outbox.RepublishInput{Key: u.ID}))(w).Count > 0
		})
	}},
	{"outbox.dead, outbox.redrive and outbox.drop", func(w *world) {
		for do, name := range map[string]func(context.Context, outbox.LetterInput) (op.Nothing, error){"redrive": w.Outbox.Redrive, "drop": w.Outbox.Drop} {
			e := event.Envelope{ID: ident.NewID("evt"), Name: "contract.tried", Version: 1, Key: w.name(), Seq: 1, At: time.Now().UTC().Truncate(time.Microsecond), Data: []byte(`{}`)}
			consumer := "contract-" + do
			w.ok(nil, w.top.PutAside(w.Context(), consumer, e))
			if all := got(w.Outbox.Dead(w.Context(), outbox.Letters{Consumer: consumer, Query: most}))(w); len(all.Items) == 0 {
				w.Errorf("what was put aside for %s is not there", consumer)
			}
			in := outbox.LetterInput{Consumer: consumer, EventID: e.ID}
			w.ok(name(w.Context(), in))
			w.fails(outbox.ErrNoLetter)(name(w.Context(), in))
		}
	}},
}
