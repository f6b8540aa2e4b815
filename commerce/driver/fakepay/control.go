package fakepay

import (
	"context"
	"net/url"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Asking is the parameter of a payment's return URL by which a shopper, or a test
// in another process, says what the bank does: an Outcome, or a call and its
// Fault, or several of them: "https://shop.example/back?fakepay=decline",
// "…?fakepay=cancel:down,capture:slow".
const Asking = "fakepay"

var outcomes = map[Outcome]bool{Decline: true, HardDecline: true, Process: true, AskShopper: true}

// asked returns what the return URL of a payment asks for.
func asked(of payment.Payment) []string {
	to, err := url.Parse(of.ReturnURL)
	if err != nil || of.ReturnURL == "" {
		return nil
	}
	return strings.Split(to.Query().Get(Asking), ",")
}

// Any, in place of a payment's id, stands for every payment that is not named.
const Any = ""

// Set says what the bank says of a payment from now on.
func (p *Provider) Set(paymentID string, o Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes[paymentID] = o
}

// Fail says what goes wrong with the next calls for a payment, one fault for
// each call, after those that are said already.
func (p *Provider) Fail(paymentID string, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[paymentID] = append(p.faults[paymentID], faults...)
}

// Stop makes the calls for a payment wait until open is called or their context
// ends. arrived is closed when the first of them waits.
func (p *Provider) Stop(paymentID string) (arrived <-chan struct{}, open func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := &gate{make(chan struct{}), make(chan struct{})}
	p.gates[paymentID] = g
	return g.arrived, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gates[paymentID] == g {
			delete(p.gates, paymentID)
			close(g.open)
		}
	}
}

// Flush does what arrived Late, in the order in which it was sent, and returns
// how many calls that were.
func (p *Provider) Flush() int {
	p.mu.Lock()
	late := p.late
	p.late = nil
	p.mu.Unlock()
	for _, do := range late {
		do()
	}
	return len(late)
}

// Confirm is the shopper who acts, or the bank that decides, while an intent is
// open or processing. It reports whether there was one.
func (p *Provider) Confirm(paymentID string, o Outcome) (bool, error) {
	done := false
	_, err := p.keep.change(payment.Payment{ID: paymentID}, func(in *Intent) error {
		done = in.Status == payment.StatusOpen || in.Status == payment.StatusProcessing
		if done {
			in.Attempts++
			in.decide(o)
		}
		return nil
	})
	return done && err == nil, err
}

// Intents returns all that the bank knows, by payment id. There is one intent
// for a payment, however often it was started.
func (p *Provider) Intents() ([]Intent, error) { return p.keep.all() }

// Intent returns what the bank knows of one payment, false when that is nothing.
func (p *Provider) Intent(paymentID string) (Intent, bool, error) {
	all, err := p.keep.all()
	for _, in := range all {
		if in.PaymentID == paymentID {
			return in, true, err
		}
	}
	return Intent{}, false, err
}

// Chargeable returns how many intents of an order have taken money or still
// can. More than one is a customer who pays twice.
func (p *Provider) Chargeable(orderID string) (n int, err error) {
	all, err := p.keep.all()
	for _, in := range all {
		if in.OrderID == orderID && in.Chargeable() {
			n++
		}
	}
	return n, err
}

// Taken returns the money that was taken for an order in currency c.
func (p *Provider) Taken(orderID string, c money.Currency) (money.Amount, error) {
	sum := money.Zero(c)
	all, err := p.keep.all()
	for _, in := range all {
		if in.OrderID == orderID && in.Captured.Currency == c {
			sum.Minor += in.Captured.Minor
		}
	}
	return sum, err
}

func (p *Provider) outcome(of payment.Payment) Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range []string{of.ID, Any} {
		if o, ok := p.outcomes[id]; ok {
			return o
		}
	}
	for _, word := range asked(of) {
		if outcomes[Outcome(word)] {
			return Outcome(word)
		}
	}
	if p.opts.Decide != nil {
		return p.opts.Decide(of)
	}
	return Approve
}

func (p *Provider) fault(call string, of payment.Payment) Fault {
	p.mu.Lock()
	for _, id := range []string{of.ID, Any} {
		if queue := p.faults[id]; len(queue) > 0 {
			p.faults[id] = queue[1:]
			p.mu.Unlock()
			return queue[0]
		}
	}
	p.mu.Unlock()
	for _, word := range asked(of) {
		if on, what, ok := strings.Cut(word, ":"); ok && on == call {
			return Fault(what)
		}
	}
	if p.opts.Fault != nil {
		return p.opts.Fault(call, of)
	}
	return None
}

// wait stands at the gate of a payment.
func (p *Provider) wait(ctx context.Context, paymentID string) error {
	p.mu.Lock()
	g := p.gates[paymentID]
	if g == nil {
		g = p.gates[Any]
	}
	if g == nil {
		p.mu.Unlock()
		return ctx.Err()
	}
	select {
	case <-g.arrived:
	default:
		close(g.arrived)
	}
	p.mu.Unlock()
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
