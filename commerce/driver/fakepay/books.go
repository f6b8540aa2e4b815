package fakepay

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// The types of events, and of the notices of them.
const (
	created        = "intent_created"
	updated        = "intent_updated"
	refundUpdated  = "refund_updated"
	disputeUpdated = "dispute_updated"
)

// Event is something that has become of an intent.
type Event struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"` // intent_created, intent_updated, refund_updated, dispute_updated
	PaymentID  string    `json:"payment_id"`
	ProviderID string    `json:"provider_id"`
	At         time.Time `json:"at"`
	How        Delivery  `json:"how,omitempty"`
	Tries      int       `json:"-"` // how often it was sent
	Told       bool      `json:"-"` // somebody has taken its notice, or nobody will get one
}

// step is what a change makes of an intent, and what is new then.
func step(before Intent, now time.Time, do func(*Intent) error) (Intent, []Event, error) {
	in := before.clone()
	in.lapse(now)
	if do != nil {
		if err := do(&in); err != nil {
			return Intent{}, nil, err
		}
	}
	var events []Event
	add := func(t string, ok bool) {
		if ok {
			in.News++
			events = append(events, Event{ID: ident.DeriveID("fev", in.PaymentID+" "+strconv.Itoa(in.News)), Type: t, PaymentID: in.PaymentID, ProviderID: in.ID, At: now})
		}
	}
	refunds, disputes := !reflect.DeepEqual(before.Refunds, in.Refunds), !reflect.DeepEqual(before.Disputes, in.Disputes)
	rest, old := in, before
	rest.Refunds, rest.Disputes, old.Refunds, old.Disputes = nil, nil, nil, nil
	changed := !reflect.DeepEqual(rest, old)
	if in.Status == payment.StatusCreating {
		return in, nil, nil // it is not heard of
	}
	add(created, before.Status == payment.StatusCreating)
	add(updated, changed)
	add(refundUpdated, refunds)
	add(disputeUpdated, disputes)
	return in, events, nil
}

// change does something with an intent, writes the books, and tells of it before
// anybody has an answer where that is asked for.
func (p *Provider) change(of payment.Payment, do func(in *Intent, now time.Time) error) (Intent, error) {
	now := p.now()
	var with func(*Intent) error
	if do != nil {
		with = func(in *Intent) error { return do(in, now) }
	}
	in, events, err := p.keep.change(of, func(in Intent) (Intent, []Event, error) {
		in, events, err := step(in, now, with)
		for i := range events {
			events[i].How = p.delivery(in, events[i])
			events[i].Told = events[i].How == Never
		}
		return in, events, err
	})
	if err != nil {
		return Intent{}, err
	}
	for _, e := range events {
		if e.How == Before && p.opts.Deliver != nil {
			_, _ = p.send(e) // one that is not taken is sent again in its turn
		}
	}
	return in, nil
}

// now is the bank's time as it is written.
func (p *Provider) now() time.Time { return p.opts.Now().UTC().Truncate(time.Microsecond) }

// intents returns all that the bank knows; what has lapsed meanwhile has lapsed.
func (p *Provider) intents() ([]Intent, error) {
	all, err := p.keep.all()
	if err != nil {
		return nil, err
	}
	now := p.now()
	for i, in := range all {
		was := in.Status
		if in.lapse(now); in.Status == was {
			continue
		}
		if all[i], err = p.change(payment.Payment{ID: in.PaymentID}, nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Events returns what has become of intents since a time, in the order in which
// it did.
func (p *Provider) Events(since time.Time) ([]Event, error) {
	if _, err := p.intents(); err != nil {
		return nil, err
	}
	return p.keep.events(since, false)
}

// Notices implements payment.Books.
func (p *Provider) Notices(ctx context.Context, since time.Time) iter.Seq2[payment.Notice, error] {
	return func(yield func(payment.Notice, error) bool) {
		events, err := asked(ctx, p, "notices", func() ([]Event, error) { return p.Events(since) })
		for _, e := range events {
			if !yield(payment.Notice{ID: e.ID, Type: e.Type, PaymentID: e.PaymentID, ProviderID: e.ProviderID}, nil) {
				return
			}
		}
		if err != nil {
			yield(payment.Notice{}, err)
		}
	}
}

// Movements implements payment.Books.
func (p *Provider) Movements(ctx context.Context, from, to time.Time) iter.Seq2[payment.Movement, error] {
	return func(yield func(payment.Movement, error) bool) {
		all, err := asked(ctx, p, "movements", p.intents)
		for _, in := range all {
			for _, m := range in.movements() {
				if !m.At.Before(from) && m.At.Before(to) && !yield(m, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(payment.Movement{}, err)
		}
	}
}

// asked is one request for the books: it may fail on the way.
func asked[T any](ctx context.Context, p *Provider, name string, read func() ([]T, error)) ([]T, error) {
	if err := txn.Outside(ctx); err != nil {
		return nil, err
	}
	if f := p.fault(name, payment.Payment{}); f == Down || f == LoseAnswer || f == Late {
		return nil, fmt.Errorf("%w: %s", errNoAnswer, name)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return read()
}

// movements are the movements of money of in.
func (in Intent) movements() (out []payment.Movement) {
	add := func(kind, object string, at time.Time, m payment.Movement) {
		if !at.IsZero() {
			m.Kind, m.Object, m.PaymentID, m.ProviderID, m.At = kind, object, in.PaymentID, in.ID, at
			out = append(out, m)
		}
	}
	for _, c := range in.Captures {
		add(payment.LineCaptured, c.ID, c.At, payment.Movement{Amount: c.Amount, Fee: c.Fee, FeeObject: c.feeObject()})
	}
	for _, r := range in.Refunds {
		add(payment.LineRefunded, r.ID, r.SucceededAt, payment.Movement{Amount: r.Amount})
		if !r.SucceededAt.IsZero() {
			add(payment.LineRefundFailed, r.ID, r.FailedAt, payment.Movement{Amount: r.Amount})
		}
	}
	for _, d := range in.Disputes {
		add(payment.LineDisputed, d.ProviderID, d.At, payment.Movement{Amount: d.Amount})
		if d.Status == payment.DisputeWon {
			add(payment.LineDisputeWon, d.ProviderID, d.ClosedAt, payment.Movement{Amount: d.Amount})
		}
	}
	return out
}
