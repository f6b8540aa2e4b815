package notification

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

const (
	// batch is how many deliveries are looked up at once.
	batch = 50
	// patient is how long one attempt may take: much less than its Lease.
	patient = time.Minute
	// enough attempts that were put off, one after the other, end a run: whoever
	// is asked is away.
	enough = 3
)

// Send sends the mails that are due, one after the other, until none is left or
// ctx ends. Any number of processes may do so at a time. It returns an error
// when the database fails, or when several mails in a row had to be put off.
// What is wrong with single mails is in their deliveries.
func (e *Engine) Send(ctx context.Context) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	putOff := 0
	for {
		due, err := e.store.Due(ctx, e.now(), batch)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, d := range due {
			if err := ctx.Err(); err != nil {
				return err
			}
			state, err := e.attempt(ctx, d)
			if err != nil {
				return err
			}
			if state != StatePending {
				putOff = 0
			} else if putOff++; putOff == enough {
				return fault.ErrUnavailable.Saying("mails are put off: see their deliveries")
			}
		}
	}
}

// attempt tries to send d and returns where it stands then: StateSending when
// another process has taken it.
func (e *Engine) attempt(ctx context.Context, d Delivery) (State, error) {
	d.State, d.Attempts, d.DueAt = StateSending, d.Attempts+1, new(e.now().Add(Lease))
	if err := e.store.Save(ctx, &d); errors.Is(err, ErrStale) {
		return StateSending, nil
	} else if err != nil {
		return "", err
	}
	err := e.leave(ctx, &d)
	// What has happened out there is written down, even if ctx has ended.
	err = e.settle(context.WithoutCancel(ctx), &d, err)
	if errors.Is(err, ErrStale) {
		e.opts.Log.WarnContext(ctx, "notification: an attempt took longer than its lease", "delivery", d.ID)
		return StateSending, nil
	}
	return d.State, err
}

// leave writes the mail of d and hands it to the world. Its errors name neither
// the recipient nor the code.
func (e *Engine) leave(ctx context.Context, d *Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	m, secrets, err := e.compose(ctx, d)
	if err == nil {
		err = e.mailer.Send(ctx, m)
	}
	if err == nil {
		return nil
	}
	return outcome{err, redact(err.Error(), secrets)}
}

// outcome is an error whose text can be kept.
type outcome struct {
	cause error
	text  string
}

func (o outcome) Error() string { return o.text }
func (o outcome) Unwrap() error { return o.cause }

// maxError bounds the text of an error that is kept, in bytes.
const maxError = 500

// redact takes secrets out of the text of an error.
func redact(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.NewReplacer(s, "…", strings.ToLower(s), "…").Replace(text)
		}
	}
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "")
}

// settle writes down what came of an attempt, and announces the end of d.
func (e *Engine) settle(ctx context.Context, d *Delivery, err error) error {
	now := e.now()
	d.Error = ""
	if err != nil {
		d.Error = err.Error()
	}
	next := now.Add(pause(err, d.Attempts))
	_, silent := errors.AsType[nothing](err)
	switch {
	case err == nil:
		d.State, d.DueAt, d.SentAt = StateSent, nil, &now
	case silent && d.Attempts == 1: // later the code has ended while the mail was put off
		d.State, d.DueAt = StateVoid, nil
	case permanent(err) || next.After(d.RequestedAt.Add(Patience)):
		d.State, d.DueAt = StateFailed, nil
		e.opts.Log.WarnContext(ctx, "notification: a mail is given up", "delivery", d.ID, "kind", d.Kind, "attempts", d.Attempts, "err", d.Error)
	default:
		d.State, d.DueAt = StatePending, &next
		e.opts.Log.WarnContext(ctx, "notification: a mail is put off", "delivery", d.ID, "kind", d.Kind, "attempts", d.Attempts, "until", next, "err", d.Error)
	}
	return e.Scope().Do(ctx, func(ctx context.Context) error {
		saved := *d // this function may run again
		if err := e.store.Save(ctx, &saved); err != nil {
			return err
		}
		switch d.State {
		case StateSent:
			return e.store.Record(ctx, EventSent.New(e.opts.ID("evt"), d.ID, now, SentV1{d.ID, d.Template, d.EventID, d.About}))
		case StateFailed:
			return e.store.Record(ctx, EventFailed.New(e.opts.ID("evt"), d.ID, now, FailedV1{d.ID, cmp.Or(d.Template, d.Kind), d.EventID, d.About, reason(err), d.Attempts}))
		default:
			return nil
		}
	})
}

// permanent reports whether trying again will not change err.
func permanent(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Refused, fault.TooLarge:
		return true
	default:
		return false
	}
}

// pause returns how long to wait after a failed attempt: as long as whoever was
// asked wants it, within bounds.
func pause(err error, attempts int) time.Duration {
	return max(wait(attempts), min(fault.Wait(err), waits[len(waits)-1]))
}

// reason returns the code of err.
func reason(err error) string {
	return cmp.Or(fault.Public(err).Code, fault.ErrInternal.Code)
}

// messageID returns the Message-ID of d: the same for each attempt, another when
// somebody has asked for it again.
func (e *Engine) messageID(d *Delivery) string {
	_, host, _ := strings.Cut(e.opts.From.Email, "@")
	return fmt.Sprintf("%s.%s@%s", d.ID, strconv.Itoa(d.Resent), host)
}
