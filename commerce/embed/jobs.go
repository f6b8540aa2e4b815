package embed

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// How long the records of what is over are kept.
const (
	journalKept = 30 * 24 * time.Hour
	inboxKept   = 30 * 24 * time.Hour // longer than any stream keeps events
	outboxKept  = 7 * 24 * time.Hour
)

// schedule names the periodic work of what lives here.
func (s *Shop) schedule() {
	s.jobs = job.New(bunstore.Jobs{DB: s.DB}, &job.Options{Log: s.opts.Log, Now: s.opts.Now, Lease: s.opts.Lease})
	if s.has("order") {
		f := s.Flows
		s.jobs.Add("checkout.expire", 10*time.Second, f.Checkout.Expire)
		s.jobs.Add("checkout.reconcile", 30*time.Second, f.Checkout.Reconcile)
		s.jobs.Add("checkout.sweep", 15*time.Second, f.Checkout.Sweep)
		s.jobs.Add("fulfil.sweep", 15*time.Second, f.Fulfil.Sweep)
		s.prune("journal.prune", journalKept, s.DB.Journal().Prune)
	}
	if carts, ok := s.Carts.(*cart.Engine); ok {
		s.jobs.Add("cart.expire", time.Hour, func(ctx context.Context) error {
			_, err := carts.Expire(ctx, s.opts.Now())
			return err
		})
	}
	if orders, ok := s.Orders.(*order.Engine); ok {
		s.jobs.Add("order.prune", time.Hour, orders.Prune)
	}
	if payments, ok := s.Payments.(*payment.Engine); ok {
		s.jobs.Add("payment.webhooks", 2*time.Second, payments.Apply)
		s.jobs.Add("payment.catch_up", 15*time.Minute, payments.CatchUp)
		s.jobs.Add("payment.compare", 24*time.Hour, payments.Compare)
		s.jobs.Add("payment.lapsing", time.Hour, payments.AnnounceLapsing)
		s.jobs.Add("payment.prune", time.Hour, payments.Prune)
		s.jobs.Add("payment.refunds", 30*time.Second, payments.SendRefunds)
	}
	if prices, ok := s.Pricing.(*pricing.Engine); ok {
		s.jobs.Add("pricing.prune", time.Hour, prices.Prune)
	}
	if accounts, ok := s.Accounts.(*account.Engine); ok {
		s.jobs.Add("account.prune", time.Hour, accounts.Prune)
	}
	if mails, ok := s.Mails.(*notification.Engine); ok {
		s.jobs.Add("notification.send", 2*time.Second, mails.Send)
		s.jobs.Add("notification.prune", time.Hour, mails.Prune)
	}
	s.jobs.Add("idem.sweep", 15*time.Second, func(ctx context.Context) error {
		_, err := bunstore.Idem{DB: s.DB}.Sweep(ctx, s.opts.Now())
		return err
	})
	s.prune("idem.prune", idem.Kept, bunstore.Idem{DB: s.DB}.Prune)
	in := bunstore.Inbox{DB: s.DB}
	s.prune("inbox.prune", inboxKept, in.PruneInbox, in.PruneLetters, bunstore.Payments{DB: s.DB}.PruneNotices)
	s.prune("outbox.prune", outboxKept, bunstore.Outbox{DB: s.DB}.Prune)
}

// prune forgets each hour what is older than kept.
func (s *Shop) prune(name string, kept time.Duration, forget ...func(ctx context.Context, before time.Time) (int64, error)) {
	s.jobs.Add(name, time.Hour, func(ctx context.Context) error {
		before := s.opts.Now().Add(-kept)
		var errs []error
		for _, fn := range forget {
			_, err := fn(ctx, before)
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}
