package stripepay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/stripe/stripe-go/v76"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// errUnreadable is an answer that is not of the API: a page of a proxy, or the
// half of an answer. What it says is not repeated, it may hold secrets.
var errUnreadable = errors.New("an answer that cannot be read")

// callError is a call without the answer that it was made for. It can be logged,
// which stripe.Error cannot: that has the secrets of shoppers in it.
type callError struct {
	call    string // "POST /v1/refunds"
	status  int    // 0: nothing came back that can be read
	kind    stripe.ErrorType
	code    string
	decline string
	param   string
	message string
	request string // Stripe's id of it
	advice  string // of Stripe, whether to try again: "true", "false" or ""
	cause   error  // of status 0
}

// errorOf returns the *callError of what stripe-go says, nil for nil.
func errorOf(call string, err error) error {
	if err == nil {
		return nil
	}
	said, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		cause := errUnreadable
		if broken, ok := errors.AsType[*url.Error](err); ok {
			cause = broken
		}
		return &callError{call: call, cause: cause}
	}
	e := &callError{call: call, status: said.HTTPStatusCode, kind: said.Type, code: string(said.Code), decline: string(said.DeclineCode),
		param: said.Param, message: said.Msg, request: said.RequestID}
	if said.LastResponse != nil {
		e.advice = said.LastResponse.Header.Get("Stripe-Should-Retry")
	}
	return e
}

func (e *callError) Error() string {
	s := "stripepay: " + e.call
	if e.status == 0 {
		return fmt.Sprintf("%s: %v", s, e.cause)
	}
	s += fmt.Sprintf(": %d %s", e.status, e.kind)
	for _, part := range []struct{ name, value string }{{"", e.code}, {"param ", e.param}, {"", e.message}, {"request ", e.request}} {
		if part.value != "" {
			s += ", " + part.name + part.value
		}
	}
	return s
}

func (e *callError) Unwrap() error { return e.cause }

// unanswered reports whether nobody knows what became of the call.
func (e *callError) unanswered() bool {
	return e.status == 0 || e.status >= http.StatusInternalServerError
}

// refused reports whether Stripe has understood the call and said no, so that
// nothing came of it. A key that was used with other parameters says nothing:
// something may have come of those. Neither does a missing permission, or an
// object that is not in this account: that is for the operator.
func (e *callError) refused() bool {
	return (e.status == http.StatusBadRequest || e.status == http.StatusPaymentRequired) && e.kind != stripe.ErrorTypeIdempotency
}

// again reports whether the same call may have another answer in a moment. An
// answer of 500 to a POST is kept under its key: asking again repeats it.
func (e *callError) again(method string) bool {
	switch {
	case e.advice != "":
		return e.advice == "true"
	case e.status == 0:
		return !errors.Is(e.cause, context.Canceled)
	case e.status == http.StatusInternalServerError:
		return method == http.MethodGet
	default:
		return e.status == http.StatusConflict || e.status == http.StatusTooManyRequests || e.unanswered()
	}
}

// refusal returns e if it is a refusal by Stripe.
func refusal(err error) (e *callError, ok bool) {
	e, ok = errors.AsType[*callError](err)
	return e, ok && e.refused()
}

// spent reports whether err says that an idempotency key was used with other
// parameters: something was asked for under it, by another release or setting of
// the shop.
func spent(err error) bool {
	e, ok := errors.AsType[*callError](err)
	return ok && e.kind == stripe.ErrorTypeIdempotency
}

// frozen reports whether err is an answer that Stripe may keep under its key, and
// which says nothing of what was done.
func frozen(err error) bool {
	e, ok := errors.AsType[*callError](err)
	return ok && e.status >= http.StatusInternalServerError
}

// failure is what a shopper may hear of a refusal: Stripe's words about a card
// are for them, all others are for whoever runs the shop.
func (e *callError) failure() *payment.Failure {
	f := &payment.Failure{Code: e.code, Message: "The payment could not be made.", DeclineCode: e.decline}
	if e.kind == stripe.ErrorTypeCard {
		f.Message = e.message
	}
	if f.Code == "" {
		f.Code = string(e.kind)
	}
	return f
}

// staffFailure is failure for what only staff ask for.
func (e *callError) staffFailure() *payment.Failure {
	f := e.failure()
	if e.message != "" {
		f.Message = e.message
	}
	return f
}
