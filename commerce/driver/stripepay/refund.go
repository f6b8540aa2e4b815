package stripepay

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

const refundCall = http.MethodPost + " /v1/refunds"

// Refund implements payment.Provider.
func (p *Provider) Refund(ctx context.Context, of payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.RefundSnapshot{}, err
	}
	back, err := p.refund(ctx, of, r)
	if no, ok := refusal(err); ok && no.call == refundCall {
		return payment.RefundSnapshot{RefundID: r.ID, Amount: r.Amount, Status: payment.RefundFailed, Failure: no.staffFailure()}, nil
	}
	if err != nil {
		return payment.RefundSnapshot{}, err
	}
	s, err := refunded(back)
	s.RefundID = r.ID
	return s, err
}

// refund returns the refund at Stripe and makes it if need be. A refusal of that
// call says that there is none.
func (p *Provider) refund(ctx context.Context, of payment.Payment, r payment.Refund) (*stripe.Refund, error) {
	if r.ProviderID != "" {
		return p.refunds.Get(r.ProviderID, &stripe.RefundParams{Params: stripe.Params{Context: ctx}})
	}
	in := of.ProviderID
	if in == "" {
		known, err := p.known(ctx, of)
		if errors.Is(err, errNowhere) {
			return nil, &callError{call: refundCall, status: http.StatusBadRequest, code: "not_captured", message: "Stripe does not know the payment."}
		}
		if err != nil {
			return nil, err
		}
		in = known.ID
	}
	if !p.fresh(r.SentAt) {
		if found, err := p.findRefund(ctx, in, r.ID); found != nil || err != nil {
			return found, err
		}
	}
	back, err := p.makeRefund(ctx, in, r)
	if _, refused := refusal(err); refused || spent(err) || frozen(err) && r.SendCount > 1 {
		// It may have come about all the same, under this key or when that was asked.
		found, lookErr := p.findRefund(ctx, in, r.ID)
		if found != nil {
			return found, nil
		}
		if lookErr != nil {
			return nil, lookErr
		}
	}
	if err != nil {
		return nil, err
	}
	if replayed(back.LastResponse) || r.SendCount > 1 {
		return p.refunds.Get(back.ID, &stripe.RefundParams{Params: stripe.Params{Context: ctx}})
	}
	return back, nil
}

func (p *Provider) makeRefund(ctx context.Context, intent string, r payment.Refund) (*stripe.Refund, error) {
	n, err := toStripe(r.Amount)
	if err != nil {
		return nil, &callError{call: refundCall, status: http.StatusBadRequest, code: payment.ErrNotPayable.Code, message: err.Error()}
	}
	meta := p.metadata(payment.Payment{ID: r.PaymentID, OrderID: r.OrderID})
	meta[metaRefund] = r.ID
	return p.refunds.New(&stripe.RefundParams{Params: stripe.Params{Context: ctx, IdempotencyKey: new("ref:" + r.ID)},
		PaymentIntent: &intent, Amount: &n, Metadata: meta})
}

// findRefund returns the refund of an intent that was made for this id, nil when
// there is none.
func (p *Provider) findRefund(ctx context.Context, intent, id string) (*stripe.Refund, error) {
	it := p.refunds.List(&stripe.RefundListParams{ListParams: listed(ctx), PaymentIntent: &intent})
	for it.Next() {
		if back := it.Refund(); back.Metadata[metaRefund] == id {
			return back, nil
		}
	}
	return nil, it.Err()
}

// refundsOf returns all that went back of an intent. Stripe also writes a refund
// for what is let go of an authorization: no money moves by that.
func (p *Provider) refundsOf(ctx context.Context, intent string) ([]payment.RefundSnapshot, error) {
	all := []payment.RefundSnapshot{}
	it := p.refunds.List(&stripe.RefundListParams{ListParams: listed(ctx), PaymentIntent: &intent})
	for it.Next() {
		back := it.Refund()
		if back.Metadata[metaRefund] == "" && back.Status == stripe.RefundStatusSucceeded && back.BalanceTransaction == nil {
			continue
		}
		s, err := refunded(back)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, it.Err()
}

// refunded says how a refund stands.
func refunded(r *stripe.Refund) (payment.RefundSnapshot, error) {
	amount, err := fromStripe(r.Amount, r.Currency)
	if err != nil {
		return payment.RefundSnapshot{}, err
	}
	s := payment.RefundSnapshot{RefundID: r.Metadata[metaRefund], ProviderID: r.ID, Status: payment.RefundPending, Amount: amount, At: at(r.Created)}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		s.Status = payment.RefundSucceeded
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		s.Status = payment.RefundFailed
		s.Failure = &payment.Failure{Code: cmp.Or(string(r.FailureReason), string(r.Status)), Message: "The bank did not take the refund."}
	default: // pending, or it needs somebody
	}
	return s, nil
}

// disputesOf returns the disputes of an intent that move money. An inquiry of a
// bank (warning_…) does not; a refund ends it.
func (p *Provider) disputesOf(ctx context.Context, intent string) ([]payment.Dispute, error) {
	all := []payment.Dispute{}
	it := p.disputes.List(&stripe.DisputeListParams{ListParams: listed(ctx), PaymentIntent: &intent})
	for it.Next() {
		d := it.Dispute()
		amount, err := fromStripe(d.Amount, d.Currency)
		if err != nil {
			return nil, err
		}
		one := payment.Dispute{ProviderID: d.ID, Amount: amount, Reason: string(d.Reason), At: at(d.Created)}
		switch d.Status {
		case stripe.DisputeStatusWarningNeedsResponse, stripe.DisputeStatusWarningUnderReview, stripe.DisputeStatusWarningClosed:
			continue
		case stripe.DisputeStatusWon:
			one.Status = payment.DisputeWon
		case stripe.DisputeStatusLost:
			one.Status = payment.DisputeLost
		default:
			one.Status = payment.DisputeOpen
		}
		all = append(all, one)
	}
	return all, it.Err()
}

func at(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
