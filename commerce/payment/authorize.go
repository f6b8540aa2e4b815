package payment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Authorize asks the provider for the money, or asks it again, and writes down
// how the payment stands. A payment that is settled or over is returned as it
// is, and so is one for which there is nobody to ask. A decline is not an
// error: the payment is failed, or open with a Failure.
//
// When no answer comes it returns ErrUnanswered, and a payment that was
// creating is unknown until somebody asks again. When Void came in between it
// gives the money back and returns ErrCanceled. It must be called outside of
// units of work.
func (e *Engine) Authorize(ctx context.Context, in IDInput) (Payment, error) {
	if err := OpAuthorize.Admit(ctx, in); err != nil {
		return Payment{}, err
	}
	if err := txn.Outside(ctx); err != nil {
		return Payment{}, err
	}
	p, w, err := e.stamp(ctx, in.ID)
	if err != nil || w.provider == nil {
		return p, err
	}
	if t, ok := p.undone(); ok {
		p, _, err = e.take(ctx, w, p, t)
		return p, err
	}
	s, err := ask(ctx, w.provider, p)
	// What a provider has said is written down, whether or not anybody still
	// waits for it.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return e.unanswered(ctx, p.ID, err, StatusCreating)
	}
	return e.settle(ctx, w, p, s)
}

// stamp notes that the provider is going to be asked, before it is. The
// returned way has no provider when there is nobody to ask. It is one
// conditional update; somebody else's change in between makes it look again.
func (e *Engine) stamp(ctx context.Context, id string) (p Payment, w way, err error) {
	const looks = 10
	for range looks {
		if p, err = e.store.Payment(ctx, id); err != nil || p.Settled() || p.Over() {
			return p, way{}, err
		}
		if w, err = e.wayOf(p); err != nil || w.offline() {
			return p, way{}, err
		}
		before := p
		if p.SentAt.IsZero() {
			p.SentAt = e.now()
		}
		p.SendCount++
		if err = e.save(ctx, before, &p, nil); !errors.Is(err, ErrStale) {
			return p, w, err
		}
	}
	return p, way{}, err
}

// ask starts a payment, or fetches one that has left the shopper's hands: that
// must not be asked for once more.
func ask(ctx context.Context, by Provider, p Payment) (Snapshot, error) {
	if p.standing() == StatusProcessing || p.standing() == StatusAuthorized {
		return by.Fetch(ctx, p)
	}
	return by.Start(ctx, p)
}

// unanswered notes that an answer was lost, if p is in one of states, and
// returns ErrUnanswered.
func (e *Engine) unanswered(ctx context.Context, id string, why error, states ...Status) (Payment, error) {
	p, err := e.change(ctx, id, nil, func(_ context.Context, p *Payment) error {
		for _, s := range states {
			if p.Status == s {
				p.Status = StatusUnknown
			}
		}
		return nil
	})
	e.opts.Log.WarnContext(ctx, "payment: no answer from the provider", "payment", id, "err", why)
	lost := ErrUnanswered.Because(why)
	if err != nil {
		return p, errors.Join(lost, err)
	}
	return p, lost
}

// settle writes down an answer to Authorize. What the provider keeps can wait for
// the next news, or for the comparison of books: a shopper waits for this.
func (e *Engine) settle(ctx context.Context, w way, asked Payment, s Snapshot) (Payment, error) {
	s.FeeObject = ""
	p, err := e.noteOf(ctx, asked, s)
	if err != nil {
		return e.doubt(ctx, asked.ID, s, err)
	}
	if p.Status != StatusCanceled || s.Status == StatusCanceled {
		return p, nil
	}
	// Somebody called it off while the provider was asked.
	if s.Status != StatusFailed {
		err = e.giveBack(ctx, w, p)
	}
	if err != nil {
		return p, errors.Join(ErrCanceled, err)
	}
	return p, ErrCanceled
}

// note applies what the provider has said. A canceled payment stays canceled.
func (e *Engine) note(ctx context.Context, id string, s Snapshot) (Payment, error) {
	return e.change(ctx, id, &Ledger{Object: s.Object}, func(ctx context.Context, p *Payment) error {
		return e.learn(ctx, p, s)
	})
}

// learn is note in a unit that has p locked.
func (e *Engine) learn(ctx context.Context, p *Payment, s Snapshot) error {
	if p.Status != StatusCanceled {
		if err := p.apply(s); err != nil {
			return err
		}
	}
	return e.facts(ctx, p, s)
}

// noteOf is note for a payment that was read a moment ago: it is read again only
// when it has changed since.
func (e *Engine) noteOf(ctx context.Context, known Payment, s Snapshot) (p Payment, err error) {
	err = e.Scope().Do(ctx, func(ctx context.Context) error {
		p = known
		if err := e.learn(ctx, &p, s); err != nil {
			return err
		}
		return e.save(ctx, known, &p, &Ledger{Object: s.Object})
	})
	if errors.Is(err, ErrStale) {
		return e.note(ctx, known.ID, s)
	}
	return p, err
}

// doubt handles the error of a note. News that cannot be true is logged and
// moves nothing: the payment is unknown until somebody has looked.
func (e *Engine) doubt(ctx context.Context, id string, s Snapshot, err error) (Payment, error) {
	if !errors.Is(err, errMismatch) && !errors.Is(err, ErrTaken) {
		return Payment{}, err
	}
	e.opts.Log.ErrorContext(ctx, "payment: mismatch", "payment", id, "provider_id", s.ProviderID, "status", s.Status,
		"authorized", s.Authorized.String(), "captured", s.Captured.String(), "err", err)
	p, lost := e.unanswered(ctx, id, err, StatusCreating, StatusOpen, StatusProcessing)
	if p.ID != "" {
		lost = cmp.Or(e.seeMismatch(ctx, p, s, err), lost)
	}
	return p, lost
}

// giveBackWithin bounds how long the money of a canceled payment is waited for.
const giveBackWithin = 30 * time.Second

// giveBack makes a canceled payment impossible at its provider once more. Money
// that has been taken all the same is written down and refunded, once.
func (e *Engine) giveBack(ctx context.Context, w way, p Payment) error {
	ctx, cancel := context.WithTimeout(ctx, giveBackWithin)
	defer cancel()
	s, err := w.provider.Cancel(ctx, p)
	if err != nil {
		return ErrUnanswered.Because(err)
	}
	if s.Status == StatusCanceled || s.Status == StatusFailed {
		return nil
	}
	e.opts.Log.ErrorContext(ctx, "payment: a canceled payment has succeeded at the provider", "payment", p.ID, "order", p.OrderID,
		"status", s.Status, "captured", s.Captured.String())
	late, err := e.takeLate(ctx, p.ID, s)
	if err != nil || late == "" {
		return err
	}
	_, err = e.SendRefund(ident.As(ctx, "payment"), IDInput{ID: late})
	if errors.Is(err, ErrUnanswered) {
		return nil // SendRefunds asks again
	}
	return err
}

// takeLate writes down what a provider has taken for a canceled payment, and the
// refund of it, whose id it returns; "" when there is nothing to give back.
func (e *Engine) takeLate(ctx context.Context, id string, s Snapshot) (late string, err error) {
	_, err = e.change(ctx, id, &Ledger{Object: s.Object}, func(ctx context.Context, p *Payment) error {
		late = ""
		if err := p.fits(&s); err != nil {
			return err
		}
		p.ProviderID = cmp.Or(s.ProviderID, p.ProviderID)
		p.Authorized.Minor = max(p.Authorized.Minor, s.Authorized.Minor)
		p.Captured.Minor = max(p.Captured.Minor, s.Captured.Minor)
		if err := e.facts(ctx, p, s); err != nil {
			return err
		}
		left := p.Captured.Minor - p.Refunded.Minor - p.Refunding.Minor
		if left <= 0 {
			return nil
		}
		late = ident.DeriveID("ref", fmt.Sprintf("%s late %d", id, p.Captured.Minor))
		return once.Do(ctx, e.store, OpOpenRefund.Name, late, func() error {
			_, err := e.openRefund(ctx, p, OpenRefundInput{ID: late, PaymentID: id, Amount: money.New(left, p.Amount.Currency),
				Reason: "the payment came after its order was canceled", Force: true})
			return err
		})
	})
	return late, err
}
