package topologytest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// events are what the databases of a World announce.
type events struct {
	relays []*outbox.Relay
	inbox  bunstore.Inbox
	mails  *notification.Engine
	books  payment.BookStore

	mu    sync.Mutex
	heard map[string][]event.Envelope // by name
}

// listen brings events from every database to who follows them, whenever Work
// is called.
func (s *World) listen(t testing.TB, dbs []*bunstore.DB, mails *notification.Engine) {
	t.Helper()
	bus := membus.New(nil)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := bus.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	s.inbox, s.mails, s.heard = bunstore.Inbox{DB: dbs[0]}, mails, map[string][]event.Envelope{}
	for _, db := range dbs {
		s.relays = append(s.relays, outbox.New(bunstore.Outbox{DB: db}, bus.Acknowledged(), &outbox.Options{Now: s.Clock.Now}))
	}
	for _, f := range []struct {
		consumer string
		names    []string
		fn       event.Handler
	}{
		{"notification", mails.Events(), outbox.Once(s.inbox, "notification", mails.Handle)},
		{"checkout", s.Flows.Checkout.Events(), outbox.Repeatable(s.inbox, "checkout", s.Flows.Checkout.React)},
		{"", []string{"*"}, s.hear},
	} {
		if _, err := bus.Subscribe(context.Background(), f.consumer, f.names, f.fn); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *World) hear(_ context.Context, e event.Envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard[e.Name] = append(s.heard[e.Name], e)
	return nil
}

// Heard returns what was announced under the name of an event.
func (s *World) Heard(name string) []event.Envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard[name])
}

// Work does what kept notices of the bank are about, brings everything that was
// announced to who follows it, and sends the mails that are due.
func (s *World) Work(ctx context.Context) error {
	errs := []error{s.Money.Apply(ctx)}
	for _, r := range s.relays {
		errs = append(errs, r.Drain(ctx))
	}
	return errors.Join(append(errs, s.mails.Send(ctx))...)
}

// PutAside makes e a dead letter of a consumer.
func (s *World) PutAside(ctx context.Context, consumer string, e event.Envelope) error {
	now := time.Now().UTC()
	if _, err := s.inbox.Fail(ctx, outbox.Letter{Consumer: consumer, Event: e, State: outbox.Trying, Error: "refused", First: now, Last: now}); err != nil {
		return err
	}
	return s.inbox.Bury(ctx, consumer, e.ID)
}

// Tear makes a break, as if the books had been found not to agree.
func (s *World) Tear(ctx context.Context, b payment.Break) error {
	_, err := s.books.SeeBreak(ctx, b)
	return err
}

// outboxes is the service of the outboxes of several databases.
func outboxes(dbs []*bunstore.DB, clock *shoptest.Clock) outbox.Service {
	all := map[string]outbox.Service{}
	for i, db := range dbs {
		all[strconv.Itoa(i)] = outbox.NewEngine(bunstore.Outbox{DB: db}, bunstore.Inbox{DB: db}, &outbox.EngineOptions{Now: clock.Now})
	}
	return outbox.All(all)
}
