package stripepay

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Capture implements payment.Provider. Where the card allows several captures the
// rest stays authorized, else it is let go. The intent remembers the key, so that
// a capture is one also after Stripe has forgotten it.
func (p *Provider) Capture(ctx context.Context, of payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.Snapshot{}, err
	}
	in, err := p.known(ctx, of)
	if errors.Is(err, errNowhere) {
		return payment.Snapshot{Status: payment.StatusCreating, Failure: notAuthorized()}, nil
	}
	if err != nil {
		return payment.Snapshot{}, err
	}
	mark := ident.DeriveID("cap", key)
	if in.Metadata[mark] != "" || in.Status != stripe.PaymentIntentStatusRequiresCapture {
		return p.settled(in, of)
	}
	n, err := toStripe(amount)
	if err != nil {
		err = &callError{status: http.StatusBadRequest, code: payment.ErrNotPayable.Code, message: err.Error()}
		return p.taken(ctx, of, in.ID, nil, err)
	}
	params := &stripe.PaymentIntentCaptureParams{Params: stripe.Params{Context: ctx, IdempotencyKey: new("cap:" + key)},
		AmountToCapture: &n, Metadata: map[string]string{mark: amount.Decimal()}}
	if severalCaptures(in.LatestCharge) {
		params.FinalCapture = new(n == in.AmountCapturable)
	}
	params.AddExpand(expanded)
	answer, err := p.intents.Capture(in.ID, params)
	return p.taken(ctx, of, in.ID, answer, err)
}

// settled is the answer to a capture of an intent from which nothing can be taken,
// or has been by this key: that much was, by this key or another.
func (p *Provider) settled(in *stripe.PaymentIntent, of payment.Payment) (payment.Snapshot, error) {
	s, err := p.snapshot(in, of)
	if err == nil && s.Captured.IsZero() {
		s.Failure = notAuthorized()
	}
	return s, err
}

func notAuthorized() *payment.Failure {
	return &payment.Failure{Code: "not_authorized", Message: "There is nothing to take."}
}

// taken says how an intent stands after a capture with this answer.
func (p *Provider) taken(ctx context.Context, of payment.Payment, id string, in *stripe.PaymentIntent, err error) (payment.Snapshot, error) {
	no, refused := refusal(err)
	if err != nil && !refused && !spent(err) {
		return payment.Snapshot{}, err
	}
	if err != nil || replayed(in.LastResponse) {
		if in, err = p.get(ctx, id); err != nil {
			return payment.Snapshot{}, err
		}
	}
	s, err := p.snapshot(in, of)
	if err == nil && refused {
		s.Failure = no.staffFailure()
	}
	return s, err
}

// Cancel implements payment.Provider. Of a payment whose id was not heard it asks
// for the intent once more: only an intent that is known to be canceled keeps a
// late Start from making another. What has been taken of an authorization stays
// taken, and the rest is let go.
func (p *Provider) Cancel(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.Snapshot{}, err
	}
	id := of.ProviderID
	if id == "" || of.Captured.Minor > 0 {
		in, err := p.intent(ctx, of)
		if errors.Is(err, errNowhere) {
			return payment.Snapshot{Status: payment.StatusCanceled}, nil
		}
		if failed := p.never(ctx, of, err); failed != nil {
			return payment.Snapshot{Status: payment.StatusFailed, Failure: failed}, nil
		}
		if err != nil {
			return payment.Snapshot{}, err
		}
		if id = in.ID; !cancelable(in) {
			return p.snapshot(in, of)
		}
		if in.AmountReceived > 0 {
			return p.release(ctx, of, id)
		}
	}
	in, err := p.cancel(ctx, id, "can:"+of.ID)
	if _, refused := refusal(err); err == nil && replayed(in.LastResponse) || refused || spent(err) {
		in, err = p.get(ctx, id)
		switch {
		case err != nil || !cancelable(in):
		case in.AmountReceived > 0:
			return p.release(ctx, of, id)
		default: // the answer is of a time when it could not be canceled
			if in, err = p.cancel(ctx, id, stripe.NewIdempotencyKey()); err != nil {
				in, err = p.get(ctx, id)
			}
		}
	}
	if err != nil {
		return payment.Snapshot{}, err
	}
	return p.snapshot(in, of)
}

// cancelable reports whether an intent can be canceled now.
func cancelable(in *stripe.PaymentIntent) bool {
	switch in.Status {
	case stripe.PaymentIntentStatusSucceeded, stripe.PaymentIntentStatusCanceled, stripe.PaymentIntentStatusProcessing:
		return false
	default:
		return true
	}
}

func (p *Provider) cancel(ctx context.Context, id, key string) (*stripe.PaymentIntent, error) {
	params := &stripe.PaymentIntentCancelParams{Params: stripe.Params{Context: ctx, IdempotencyKey: &key}}
	params.AddExpand(expanded)
	return p.intents.Cancel(id, params)
}

// release lets go what is left of an authorization of which a part was taken: a
// last capture, of nothing. Where Stripe does not allow it, it lapses by itself,
// and the answer says what was taken.
func (p *Provider) release(ctx context.Context, of payment.Payment, id string) (payment.Snapshot, error) {
	params := &stripe.PaymentIntentCaptureParams{Params: stripe.Params{Context: ctx, IdempotencyKey: new("can:" + of.ID + ":rest")},
		AmountToCapture: new(int64(0)), FinalCapture: new(true)}
	params.AddExpand(expanded)
	in, err := p.intents.Capture(id, params)
	if e, ok := refusal(err); ok {
		p.opts.Log.WarnContext(ctx, "stripepay: the rest of an authorization is not let go", "payment", of.ID, "err", e)
	}
	return p.taken(ctx, of, id, in, err)
}
