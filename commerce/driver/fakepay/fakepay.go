// Package fakepay is a payment.Provider that moves no money: for tests and
// demonstrations. Like a real one it is a second database that nobody can roll
// back, and it declines, waits, loses answers, works late and sends signed
// notices on demand.
package fakepay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// The ids of the methods.
const (
	Card   = "fake_card"   // takes the money at once
	Manual = "fake_manual" // authorizes it first
)

// Hold is how long stock is kept for a payment.
const Hold = 15 * time.Minute

// pause is how long a Slow answer takes.
const pause = 400 * time.Millisecond

// least is what cards can be charged at least, by currency, as at real banks.
var least = map[money.Currency]int64{"USD": 50, "EUR": 50}

// Outcome is what the shopper's bank says.
type Outcome string

// The outcomes.
const (
	Approve     Outcome = ""
	Decline     Outcome = "decline"      // the shopper may try again
	HardDecline Outcome = "hard_decline" // never again
	Process     Outcome = "process"      // it is not decided yet
	AskShopper  Outcome = "ask_shopper"  // the shopper must act first
)

// Fault is what goes wrong with one call.
type Fault string

// The faults.
const (
	None       Fault = ""
	Down       Fault = "down"        // the call does not arrive
	LoseAnswer Fault = "lose_answer" // it is done, and nobody hears of it
	Late       Fault = "late"        // it is done at the next Flush, and nobody hears of it
	Slow       Fault = "slow"        // it is done at once, and its answer takes a moment
)

var errNoAnswer = errors.New("fakepay: no answer")

// Options change how a Provider behaves. The zero value approves everything.
type Options struct {
	// Decide says what the bank says of a payment, unless Set or its return URL
	// has said it.
	Decide func(p payment.Payment) Outcome
	// Fault says what goes wrong with a call ("start", "fetch", "capture",
	// "cancel"), unless Fail or its return URL has said it. It is called by many
	// goroutines.
	Fault func(call string, p payment.Payment) Fault
	// Secrets sign notices, all of them, and one is enough to verify: []{Secret}.
	Secrets []string
	// Now is the time of notices, time.Now.
	Now func() time.Time
}

// Provider is a bank that exists only here. It is safe for concurrent use.
type Provider struct {
	opts Options
	keep keeper

	mu       sync.Mutex
	outcomes map[string]Outcome
	faults   map[string][]Fault
	gates    map[string]*gate
	late     []func()
}

// gate stops the calls for a payment until it is opened.
type gate struct{ arrived, open chan struct{} }

var _ payment.Provider = (*Provider)(nil)

// New returns a Provider that forgets everything with the process. opts may be
// nil.
func New(opts *Options) *Provider { return with(newMemory(), opts) }

func with(k keeper, opts *Options) *Provider {
	p := &Provider{keep: k, outcomes: map[string]Outcome{}, faults: map[string][]Fault{}, gates: map[string]*gate{}}
	if opts != nil {
		p.opts = *opts
	}
	if p.opts.Secrets == nil {
		p.opts.Secrets = []string{Secret}
	}
	if p.opts.Now == nil {
		p.opts.Now = time.Now
	}
	return p
}

// Name implements payment.Provider.
func (p *Provider) Name() string { return "fake" }

// Methods implements payment.Provider.
func (p *Provider) Methods() []payment.Method {
	return []payment.Method{
		{ID: Card, Kind: payment.KindOffline, Name: "Test card", Hold: Hold, Minimum: least},
		{ID: Manual, Kind: payment.KindOffline, Name: "Test card, captured later", Hold: Hold, Minimum: least},
	}
}

// Start implements payment.Provider. Each call is one attempt, until one has
// an end.
func (p *Provider) Start(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	outcome := p.outcome(of)
	return p.call(ctx, "start", of, func(in *Intent) error { return in.start(of, outcome) })
}

// Fetch implements payment.Provider.
func (p *Provider) Fetch(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	return p.call(ctx, "fetch", of, nil)
}

// Capture implements payment.Provider. Like most banks it lets the rest go.
func (p *Provider) Capture(ctx context.Context, of payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	var refused *payment.Failure
	s, err := p.call(ctx, "capture", of, func(in *Intent) error {
		refused = in.capture(amount, key)
		return nil
	})
	if err == nil && refused != nil {
		s.Failure = refused
	}
	return s, err
}

// Cancel implements payment.Provider.
func (p *Provider) Cancel(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	return p.call(ctx, "cancel", of, func(in *Intent) error { in.cancel(); return nil })
}

// call is one request to the bank: it may fail on the way there and back.
func (p *Provider) call(ctx context.Context, name string, of payment.Payment, do func(*Intent) error) (payment.Snapshot, error) {
	if err := txn.Outside(ctx); err != nil {
		return payment.Snapshot{}, err
	}
	fault := p.fault(name, of)
	if err := p.wait(ctx, of.ID); err != nil {
		return payment.Snapshot{}, err
	}
	if fault == Down {
		return payment.Snapshot{}, fmt.Errorf("%w: %s %s did not arrive", errNoAnswer, name, of.ID)
	}
	if fault == Late {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.late = append(p.late, func() { _, _ = p.keep.change(of, do) })
		return payment.Snapshot{}, fmt.Errorf("%w: %s %s is on its way", errNoAnswer, name, of.ID)
	}
	in, err := p.keep.change(of, do)
	if fault == Slow {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	switch {
	case err != nil:
		return payment.Snapshot{}, err
	case fault == LoseAnswer:
		return payment.Snapshot{}, fmt.Errorf("%w: %s %s was done", errNoAnswer, name, of.ID)
	default:
		return in.snapshot(), nil
	}
}

// newIntent is an intent that has not been heard of.
func newIntent(of payment.Payment) Intent {
	none := money.Zero(of.Amount.Currency)
	return Intent{ID: ident.DeriveID("fpi", of.ID), PaymentID: of.ID, OrderID: of.OrderID, Method: of.Method, Status: payment.StatusCreating,
		Amount: of.Amount, Authorized: none, Captured: none}
}
