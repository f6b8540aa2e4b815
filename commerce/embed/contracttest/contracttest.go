// Package contracttest says what every operation of a shop must answer,
// wherever the shop is: one success and each of the errors that it declares,
// made for real by asking other operations. Nothing here looks into a store, so
// that the suite also runs against processes elsewhere.
package contracttest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Topology is a shop in one of the ways in which its parts can stand to one
// another. It offers the methods of offlinepay and of fakepay, and its default
// market is in USD. It need not be empty.
type Topology struct {
	// Caller reaches every operation of the shop. It says who asks as the
	// context does; the embedding program itself, whom a context without an actor
	// stands for, may be anybody who may do everything.
	Caller op.Caller
	// Bare reaches the accounts of the same shop where nobody can sign in: a
	// process that has not been given what that takes.
	Bare op.Caller
	// Pass lets time pass for the shop, which may mean to wait for a part of it,
	// and lets it do its work meanwhile: announce what has happened, send mails.
	Pass func(d time.Duration)
	// Heard returns what was announced so far under the name of an event, in any
	// order.
	Heard func(name string) []event.Envelope
	// PutAside makes an event a dead letter of a consumer, as if that had failed
	// to take it.
	PutAside func(ctx context.Context, consumer string, e event.Envelope) error
	// Tear makes a break, as if the books had been found not to agree.
	Tear func(ctx context.Context, b payment.Break) error
}

// trial is one thing that is done in every topology: an operation, with all
// that it must answer.
type trial struct {
	name string // of the operation, maybe with more
	run  func(w *world)
}

// cases are all that is tried, in this order: the last ones use the shop up.
func cases() []trial {
	return slices.Concat(catalogCases, inventoryCases, pricingCases, cartCases, orderCases, lifeCases, parcelCases, paymentCases, accountCases,
		signInCases, selfCases, peopleCases, storefrontCases, shopperCases, giftCardCases, promotionCases, checkoutCases, refundCases, fulfilCases, mailCases, reconCases, refusals(), lastCases)
}

// Run tries everything in the topology that open returns, and returns the names
// of what was tried, for Same.
func Run(t *testing.T, open func(t *testing.T) *Topology) (ran []string) {
	top := open(t)
	rec := &recorder{caller: top.Caller, seen: map[string]bool{}}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			ran = append(ran, c.name)
			c.run(newWorld(t, rec, top))
		})
	}
	t.Run("coverage", func(t *testing.T) {
		ran = append(ran, "coverage")
		for _, missing := range rec.missing(operations()) {
			t.Errorf("never seen: %s", missing)
		}
		for _, wrong := range rec.wrong() {
			t.Error(wrong)
		}
	})
	return ran
}

// Same fails unless as much was tried in every topology. ran has what Run has
// returned, by topology.
func Same(t *testing.T, ran map[string][]string) {
	t.Helper()
	var want []string
	for _, c := range cases() {
		want = append(want, c.name)
	}
	want = append(want, "coverage")
	for name, got := range ran {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d of %d cases, lacks %v", name, len(got), len(want), without(want, got))
		}
	}
}

func without(all, some []string) (rest []string) {
	for _, one := range all {
		if !slices.Contains(some, one) {
			rest = append(rest, one)
		}
	}
	return rest
}

// operations returns every operation that a shop has.
func operations() (all []op.Handler) {
	commerce.Register(op.RegistrarFunc(func(h op.Handler) { all = append(all, h) }), commerce.Remote(nil))
	return all
}

// declares reports whether an operation says that it may fail with this code.
// What callers, wires and machines can always do wrong is never declared.
func declares(h op.Handler, code string) bool {
	switch code {
	case fault.ErrInvalid.Code, fault.ErrMalformed.Code, fault.ErrDenied.Code, fault.ErrUnauthenticated.Code, fault.ErrUnavailable.Code:
		return true
	}
	return strings.HasPrefix(code, "request.") || slices.ContainsFunc(h.Fails, func(f *fault.Error) bool { return f.Code == code })
}
