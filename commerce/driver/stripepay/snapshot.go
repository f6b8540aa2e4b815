package stripepay

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// snapshot says how an intent stands. It believes no more than the intent tells:
// whether that is the payment's money is for the engine to see.
func (p *Provider) snapshot(in *stripe.PaymentIntent, of payment.Payment) (payment.Snapshot, error) {
	var amounts [3]money.Amount
	for i, n := range []int64{in.Amount, in.AmountReceived, in.AmountCapturable} {
		var err error
		if amounts[i], err = fromStripe(n, in.Currency); err != nil {
			return payment.Snapshot{}, err
		}
	}
	whole, taken, left := amounts[0], amounts[1], amounts[2]
	s := payment.Snapshot{ProviderID: in.ID, Authorized: money.Zero(whole.Currency), Captured: taken}
	switch in.Status {
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation, stripe.PaymentIntentStatusRequiresAction:
		s.Status, s.NextAction, s.Failure = payment.StatusOpen, p.confirm(in, of), declined(in.LastPaymentError)
	case stripe.PaymentIntentStatusProcessing:
		s.Status = payment.StatusProcessing
	case stripe.PaymentIntentStatusRequiresCapture:
		s.Status, s.Authorized = payment.StatusAuthorized, money.New(left.Minor+taken.Minor, whole.Currency)
	case stripe.PaymentIntentStatusSucceeded:
		s.Status, s.Authorized = payment.StatusCaptured, whole
	case stripe.PaymentIntentStatusCanceled:
		s.Status = payment.StatusCanceled
		if !taken.IsZero() { // what had been taken before stays taken
			s.Status, s.Authorized = payment.StatusCaptured, whole
		}
	default:
		return payment.Snapshot{}, unknown("status", string(in.Status))
	}
	if in.LatestCharge != nil {
		charged(&s, in.LatestCharge, of)
	}
	return s, nil
}

// confirm is what the shopper's page needs to go on.
func (p *Provider) confirm(in *stripe.PaymentIntent, of payment.Payment) json.RawMessage {
	action, _ := json.Marshal(struct { // strings
		Type           string `json:"type"`
		ClientSecret   string `json:"client_secret"`
		PublishableKey string `json:"publishable_key"`
		ReturnURL      string `json:"return_url"`
	}{"stripe_confirm", in.ClientSecret, p.opts.PublishableKey, of.ReturnURL})
	return action
}

// declined is what became of the last attempt.
func declined(e *stripe.Error) *payment.Failure {
	if e == nil {
		return nil
	}
	return (&callError{kind: e.Type, code: string(e.Code), decline: string(e.DeclineCode), message: e.Msg}).failure()
}

// charged adds what the charge of an intent tells.
func charged(s *payment.Snapshot, c *stripe.Charge, of payment.Payment) {
	s.Object = c.ID
	if of.Captured.Minor > 0 && s.Captured.Minor > of.Captured.Minor {
		s.Object = laterCapture(c.ID, s.Captured)
	}
	if b := c.BalanceTransaction; b != nil && s.Captured.Minor > 0 {
		if s.Fee = feeOf(b); !s.Fee.IsZero() {
			s.FeeObject = b.ID
		}
	}
	d := c.PaymentMethodDetails
	switch {
	case d == nil:
	case d.Card == nil:
		s.Display = &payment.Display{Brand: string(d.Type)}
	default:
		s.Display = &payment.Display{Brand: string(d.Card.Brand), Last4: d.Card.Last4}
		if s.Status == payment.StatusAuthorized && d.Card.CaptureBefore > 0 {
			s.CaptureBefore = time.Unix(d.Card.CaptureBefore, 0).UTC()
		}
	}
}

// laterCapture is the object of a capture that was not the first of its charge:
// it tells how much was taken then.
func laterCapture(chargeID string, soFar money.Amount) string {
	return chargeID + "#" + strconv.FormatInt(soFar.Minor, 10)
}

// severalCaptures reports whether a charge can be captured more than once.
func severalCaptures(c *stripe.Charge) bool {
	if c == nil || c.PaymentMethodDetails == nil || c.PaymentMethodDetails.Card == nil {
		return false
	}
	m := c.PaymentMethodDetails.Card.Multicapture
	return m != nil && m.Status == stripe.ChargePaymentMethodDetailsCardMulticaptureStatusAvailable
}
