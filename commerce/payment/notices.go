package payment

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

const (
	// batch is how many notices are looked up at once.
	batch = 50
	// fetchWithin bounds how long a provider is asked for one payment.
	fetchWithin = 30 * time.Second
	// firstPause is how long a notice is put off at first; then twice as long
	// each time, at most lastPause.
	firstPause, lastPause = time.Minute, 6 * time.Hour
	// givenUpAfter is how long a notice is tried.
	givenUpAfter = 3 * 24 * time.Hour
	// strangeFor is how long a payment that only its provider's id names may be
	// on its way: the id is written down when Start has answered.
	strangeFor = time.Hour
)

// errStrange says that no payment has the provider's id that a notice names.
var errStrange = errors.New("payment: no payment has this id at the provider")

// Apply does what the kept notices are about, those that are due, until none is
// left or ctx ends: it fetches the payment from its provider and writes down how
// it stands, as Authorize does, in one unit with the end of the notice. Any
// number of processes may do so at a time. What cannot be done now is put off,
// and given up after three days. It returns an error when the database fails.
func (e *Engine) Apply(ctx context.Context) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	ctx = ident.As(ctx, "payment")
	for {
		due, err := e.store.DueNotices(ctx, e.now(), batch)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, r := range due {
			if err := e.attempt(ctx, r); err != nil {
				return err
			}
		}
	}
}

// attempt does what r is about, or puts it off.
func (e *Engine) attempt(ctx context.Context, r Received) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := e.follow(ctx, r)
	switch {
	case err == nil, errors.Is(err, ErrStale): // somebody else has done it, or is at it
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	err = e.putOff(ctx, r, err)
	if errors.Is(err, ErrStale) {
		return nil
	}
	return err
}

// follow brings the payment of r up to date and ends r.
func (e *Engine) follow(ctx context.Context, r Received) error {
	p, err := e.noticed(ctx, r)
	switch {
	case errors.Is(err, ErrNotFound) && r.PaymentID == "" && e.now().Before(r.ReceivedAt.Add(strangeFor)):
		return errStrange
	case errors.Is(err, ErrNotFound), err == nil && p.Provider != r.Provider:
		return e.end(ctx, r, NoticeIgnored)
	case err != nil:
		return err
	}
	w, err := e.wayOf(p)
	if err != nil {
		return err
	}
	if w.offline() {
		return e.end(ctx, r, NoticeDone)
	}
	asking, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	s, err := w.provider.Fetch(asking, p)
	if err != nil {
		return ErrUnanswered.Because(err)
	}
	return e.bring(context.WithoutCancel(ctx), w, p, s, r)
}

// noticed returns the payment that r is about, or ErrNotFound.
func (e *Engine) noticed(ctx context.Context, r Received) (Payment, error) {
	if r.PaymentID != "" {
		return e.store.Payment(ctx, r.PaymentID)
	}
	return e.store.OfProvider(ctx, r.Provider, r.ProviderID)
}

// bring writes down that p stands as s says, and ends r, as one unit.
func (e *Engine) bring(ctx context.Context, w way, p Payment, s Snapshot, r Received) error {
	if p.Status == StatusCanceled && s.alive() {
		if err := e.giveBack(ctx, w, p); err != nil {
			return err
		}
		return e.end(ctx, r, NoticeDone)
	}
	err := e.Scope().Do(ctx, func(ctx context.Context) error {
		now, err := e.note(ctx, p.ID, s)
		if err != nil {
			return err
		}
		if now.Status == StatusCanceled && s.alive() {
			return ErrCanceled // meanwhile: the next attempt gives the money back
		}
		return e.end(ctx, r, NoticeDone)
	})
	if err != nil {
		_, err = e.doubt(ctx, p.ID, s, err)
	}
	return err
}

// alive reports whether money was, is or can still be taken.
func (s Snapshot) alive() bool {
	switch s.Status {
	case StatusOpen, StatusProcessing, StatusAuthorized, StatusCaptured:
		return true
	default:
		return false
	}
}

// end writes down that r is over.
func (e *Engine) end(ctx context.Context, r Received, state NoticeState) error {
	r.State, r.DueAt, r.Error = state, time.Time{}, ""
	return e.store.SaveNotice(ctx, r)
}

// putOff writes down why r could not be done, and when it is tried again.
func (e *Engine) putOff(ctx context.Context, r Received, why error) error {
	const most = 500 // bytes
	text := why.Error()
	r.Error = strings.ToValidUTF8(text[:min(len(text), most)], "")
	r.DueAt = e.now().Add(pause(r.Attempts))
	level := e.opts.Log.WarnContext
	if r.DueAt.After(r.ReceivedAt.Add(givenUpAfter)) {
		r.State, r.DueAt = NoticeFailed, time.Time{}
		level = e.opts.Log.ErrorContext
	}
	level(ctx, "payment: a notice cannot be applied", "provider", r.Provider, "event", r.ID, "type", r.Type, "state", r.State,
		"attempts", r.Attempts+1, "err", why)
	return e.store.SaveNotice(ctx, r)
}

// pause is how long to wait after so many attempts, and one more.
func pause(attempts int) time.Duration {
	return min(firstPause<<min(attempts, 20), lastPause)
}
