package stripepay

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// errNowhere says that Stripe has never heard of a payment whose key is too old
// to ask for it again.
var errNowhere = errors.New("stripepay: the payment never arrived")

// Start implements payment.Provider: it makes the intent that the shopper
// confirms, or finds it.
func (p *Provider) Start(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.Snapshot{}, err
	}
	in, err := p.intent(ctx, of)
	if failed := p.never(ctx, of, err); failed != nil {
		return payment.Snapshot{Status: payment.StatusFailed, Failure: failed}, nil
	}
	if err != nil {
		return payment.Snapshot{}, err
	}
	return p.snapshot(in, of)
}

// Fetch implements payment.Provider. Refunds and disputes are asked for when
// there is money that they can be of.
func (p *Provider) Fetch(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.Snapshot{}, err
	}
	in, err := p.known(ctx, of)
	switch {
	case errors.Is(err, errNowhere):
		return payment.Snapshot{Status: payment.StatusCreating}, nil
	case err != nil:
		return payment.Snapshot{}, err
	}
	s, err := p.snapshot(in, of)
	if err != nil || in.AmountReceived == 0 {
		return s, err
	}
	if s.Refunds, err = p.refundsOf(ctx, in.ID); err != nil {
		return payment.Snapshot{}, err
	}
	if s.Disputes, err = p.disputesOf(ctx, in.ID); err != nil {
		return payment.Snapshot{}, err
	}
	return s, nil
}

// intent returns the intent of a payment and makes it if need be. A refusal to
// make it is a *callError, and errNowhere is for one that it is too late for.
func (p *Provider) intent(ctx context.Context, of payment.Payment) (*stripe.PaymentIntent, error) {
	if of.ProviderID != "" || !p.fresh(of.SentAt) {
		return p.known(ctx, of)
	}
	in, err := p.create(ctx, of)
	if spent(err) || frozen(err) && of.SendCount > 1 {
		found, lookErr := p.lookUp(ctx, of)
		if found != nil {
			return found, nil
		}
		if lookErr != nil && !errors.Is(lookErr, errNowhere) {
			err = errors.Join(err, lookErr)
		}
	}
	if err != nil {
		return nil, err
	}
	if replayed(in.LastResponse) || of.SendCount > 1 {
		return p.get(ctx, in.ID)
	}
	return in, nil
}

// known returns the intent of a payment, or errNowhere.
func (p *Provider) known(ctx context.Context, of payment.Payment) (*stripe.PaymentIntent, error) {
	if of.ProviderID != "" {
		return p.get(ctx, of.ProviderID)
	}
	return p.lookUp(ctx, of)
}

func (p *Provider) get(ctx context.Context, id string) (*stripe.PaymentIntent, error) {
	params := &stripe.PaymentIntentParams{Params: stripe.Params{Context: ctx}}
	params.AddExpand(expanded)
	return p.intents.Get(id, params)
}

const createCall = http.MethodPost + " /v1/payment_intents"

// create makes the intent of a payment, once for each key. Everything in it is
// of the payment's row, which does not change, or an option.
func (p *Provider) create(ctx context.Context, of payment.Payment) (*stripe.PaymentIntent, error) {
	amount, err := toStripe(of.Amount)
	if err != nil {
		return nil, &callError{call: createCall, status: http.StatusBadRequest, code: payment.ErrNotPayable.Code, message: err.Error()}
	}
	params := &stripe.PaymentIntentParams{
		Params:                  stripe.Params{Context: ctx, IdempotencyKey: new("pi:" + of.ID)},
		Amount:                  &amount,
		Currency:                new(strings.ToLower(string(of.Amount.Currency))),
		AutomaticPaymentMethods: &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: new(true)},
		CaptureMethod:           new(string(stripe.PaymentIntentCaptureMethodAutomatic)),
		Metadata:                p.metadata(of),
	}
	if p.opts.Manual {
		params.CaptureMethod = new(string(stripe.PaymentIntentCaptureMethodManual))
		params.PaymentMethodOptions = &stripe.PaymentIntentPaymentMethodOptionsParams{Card: &stripe.PaymentIntentPaymentMethodOptionsCardParams{
			RequestMulticapture: new(string(stripe.PaymentIntentPaymentMethodOptionsCardRequestMulticaptureIfAvailable))}}
	}
	if p.opts.StatementDescriptorSuffix != "" {
		params.StatementDescriptorSuffix = &p.opts.StatementDescriptorSuffix
	}
	params.AddExpand(expanded)
	return p.intents.New(params)
}

// never says why there is no intent and will never be one, nil when err is
// something else. It logs what is not the shopper's.
func (p *Provider) never(ctx context.Context, of payment.Payment, err error) *payment.Failure {
	if errors.Is(err, errNowhere) {
		return &payment.Failure{Code: "never_arrived", Message: "The payment did not reach the bank."}
	}
	e, ok := refusal(err)
	if !ok || e.call != createCall {
		return nil
	}
	if e.kind != stripe.ErrorTypeCard {
		p.opts.Log.WarnContext(ctx, "stripepay: a payment is refused", "payment", of.ID, "err", e)
	}
	return e.failure()
}

const (
	// around is how far before its sending an intent is looked for, for clocks
	// that differ; and keys are of no use a day after it.
	around, after = time.Hour, 25 * time.Hour
	// indexed is how long Stripe's search may take to know of an intent.
	indexed = time.Hour
)

// lookUp finds the intent of a payment whose id was not heard, or returns
// errNowhere.
func (p *Provider) lookUp(ctx context.Context, of payment.Payment) (*stripe.PaymentIntent, error) {
	now := p.opts.Now()
	sent := cmp.Or(of.SentAt, of.CreatedAt, now)
	if now.Sub(sent) > indexed {
		if id := p.search(ctx, of.ID); id != "" {
			return p.get(ctx, id)
		}
	}
	params := &stripe.PaymentIntentListParams{ListParams: listed(ctx),
		CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: sent.Add(-around).Unix(), LesserThanOrEqual: sent.Add(after).Unix()}}
	it := p.intents.List(params)
	for it.Next() {
		if in := it.PaymentIntent(); in.Metadata[metaPayment] == of.ID {
			return p.get(ctx, in.ID)
		}
	}
	if err := it.Err(); err != nil {
		return nil, err
	}
	return nil, errNowhere
}

// search asks Stripe's index, which may not know yet, and which not every
// account has: what it does not find is looked for all the same.
func (p *Provider) search(ctx context.Context, paymentID string) string {
	params := &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Context: ctx, Limit: new(int64(1)), Single: true,
		Query: "metadata['" + metaPayment + "']:" + strconv.Quote(paymentID)}}
	it := p.intents.Search(params)
	for it.Next() {
		if in := it.PaymentIntent(); in.Metadata[metaPayment] == paymentID {
			return in.ID
		}
	}
	return ""
}

func listed(ctx context.Context) stripe.ListParams {
	return stripe.ListParams{Context: ctx, Limit: new(int64(100))}
}
