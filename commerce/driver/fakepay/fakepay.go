// Package fakepay is a payment.Provider that moves no money: for tests and
// demonstrations. Like a real one it is a second database that nobody can roll
// back, in which staff and other banks move money too; and it declines, waits,
// loses answers, works late and sends signed notices early, twice or never.
package fakepay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// The ids of the methods.
const (
	Card   = "fake_card"   // takes the money at once
	Manual = "fake_manual" // authorizes it first; one capture lets the rest go
	Multi  = "fake_multi"  // authorizes it first, and keeps the rest for more captures
)

// Hold is how long stock is kept for a payment.
const Hold = 15 * time.Minute

// Lapse is how long money stays authorized.
const Lapse = 7 * 24 * time.Hour

// pause is how long a Slow answer takes.
const pause = 400 * time.Millisecond

// least is what cards can be charged at least, by currency, as at real banks.
var least = map[money.Currency]int64{"USD": 50, "EUR": 50}

// Outcome is what the shopper's bank says.
type Outcome string

// The outcomes. A capture can be declined; a refund can be declined, or be on its
// way until SettleRefund: both once and for all.
const (
	Approve     Outcome = ""
	Decline     Outcome = "decline"      // the shopper may try again
	HardDecline Outcome = "hard_decline" // never again
	Process     Outcome = "process"      // it is not decided yet
	AskShopper  Outcome = "ask_shopper"  // the shopper must act first
	Contest     Outcome = "contest"      // approved, and disputed by the shopper at once
)

// The calls, as Options and return URLs name them.
const (
	CallStart     = "start"
	CallFetch     = "fetch"
	CallCapture   = "capture"
	CallCancel    = "cancel"
	CallRefund    = "refund"
	CallNotices   = "notices"   // for no payment
	CallMovements = "movements" // for no payment
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
// Functions are called by many goroutines.
type Options struct {
	// Decide says what the bank says of a payment, unless Set or its return URL
	// has said it. DecideOn says it of a capture or a refund.
	Decide   func(p payment.Payment) Outcome
	DecideOn func(call string, p payment.Payment) Outcome
	// Fault says what goes wrong with a call, unless Fail or the payment's return
	// URL has said it.
	Fault func(call string, p payment.Payment) Fault
	// Secrets sign notices, all of them, and one is enough to verify: []{Secret}.
	Secrets []string
	// Deliver takes notices to the shop: those that go Before while they come
	// about, all others at a Send. Delivery says how the notice of an event goes,
	// unless the payment's return URL has said it.
	Deliver  Deliver
	Delivery func(e Event) Delivery
	// Now is the time of the bank, time.Now.
	Now func() time.Time
}

// Provider is a bank that exists only here. It is safe for concurrent use.
type Provider struct {
	opts Options
	keep keeper

	mu       sync.Mutex
	outcomes map[said]Outcome
	faults   map[said][]Fault
	gates    map[string]*gate
	late     []func()
}

// said is what somebody has said about: the calls of one kind, or of any, for a
// payment.
type said struct{ paymentID, call string }

// gate stops the calls for a payment until it is opened.
type gate struct{ arrived, open chan struct{} }

var _ payment.Books = (*Provider)(nil)

// New returns a Provider that forgets everything with the process. opts may be
// nil.
func New(opts *Options) *Provider { return with(newMemory(), opts) }

func with(k keeper, opts *Options) *Provider {
	p := &Provider{keep: k, outcomes: map[said]Outcome{}, faults: map[said][]Fault{}, gates: map[string]*gate{}}
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
		{ID: Multi, Kind: payment.KindOffline, Name: "Test card, captured in parts", Hold: Hold, Minimum: least},
	}
}

// Start implements payment.Provider. Each call is one attempt, until one has
// an end.
func (p *Provider) Start(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	outcome := p.outcome(CallStart, of)
	in, err := p.call(ctx, CallStart, of, func(in *Intent, now time.Time) error { return in.start(of, outcome, now) })
	return answer(in.snapshot(), err)
}

// Fetch implements payment.Provider. It alone tells the refunds and disputes.
func (p *Provider) Fetch(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	in, err := p.call(ctx, CallFetch, of, nil)
	return answer(in.whole(), err)
}

// Capture implements payment.Provider. Like most banks it lets the rest go, but
// for the method Multi.
func (p *Provider) Capture(ctx context.Context, of payment.Payment, amount money.Amount, key string) (payment.Snapshot, error) {
	var refused *payment.Failure
	outcome := p.outcome(CallCapture, of)
	in, err := p.call(ctx, CallCapture, of, func(in *Intent, now time.Time) error {
		refused = in.capture(amount, key, outcome, now)
		return nil
	})
	s := in.snapshot()
	if err == nil && refused != nil {
		s.Failure = refused
	}
	return answer(s, err)
}

// Cancel implements payment.Provider.
func (p *Provider) Cancel(ctx context.Context, of payment.Payment) (payment.Snapshot, error) {
	in, err := p.call(ctx, CallCancel, of, func(in *Intent, _ time.Time) error { in.cancel(); return nil })
	return answer(in.snapshot(), err)
}

// Refund implements payment.Provider.
func (p *Provider) Refund(ctx context.Context, of payment.Payment, r payment.Refund) (payment.RefundSnapshot, error) {
	var back Returned
	outcome := p.outcome(CallRefund, of)
	_, err := p.call(ctx, CallRefund, of, func(in *Intent, now time.Time) error {
		back = in.refund(r.ID, r.Amount, outcome, now)
		return nil
	})
	if err != nil {
		return payment.RefundSnapshot{}, err
	}
	return back.snapshot(), nil
}

// answer is s, nothing when nobody hears of it.
func answer(s payment.Snapshot, err error) (payment.Snapshot, error) {
	if err != nil {
		return payment.Snapshot{}, err
	}
	return s, nil
}

// call is one request to the bank: it may fail on the way there and back.
func (p *Provider) call(ctx context.Context, name string, of payment.Payment, do func(*Intent, time.Time) error) (Intent, error) {
	if err := txn.Outside(ctx); err != nil {
		return Intent{}, err
	}
	fault := p.fault(name, of)
	if err := p.wait(ctx, of.ID); err != nil {
		return Intent{}, err
	}
	if fault == Down {
		return Intent{}, fmt.Errorf("%w: %s %s did not arrive", errNoAnswer, name, of.ID)
	}
	if fault == Late {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.late = append(p.late, func() { _, _ = p.change(of, do) })
		return Intent{}, fmt.Errorf("%w: %s %s is on its way", errNoAnswer, name, of.ID)
	}
	in, err := p.change(of, do)
	if fault == Slow {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	if err == nil && fault == LoseAnswer {
		err = fmt.Errorf("%w: %s %s was done", errNoAnswer, name, of.ID)
	}
	return in, err
}
