package fakepay

import "context"

// Any, in place of a payment's id, stands for every payment that is not named.
const Any = ""

// Set says what the bank says of a payment from now on.
func (p *Provider) Set(paymentID string, o Outcome) { p.SetOn(CallStart, paymentID, o) }

// SetOn says what the bank says from now on of one kind of call for a payment:
// CallStart, CallCapture or CallRefund.
func (p *Provider) SetOn(call, paymentID string, o Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes[said{paymentID, call}] = o
}

// Fail says what goes wrong with the next calls for a payment, one fault for
// each call, after those that are said already.
func (p *Provider) Fail(paymentID string, faults ...Fault) { p.FailOn("", paymentID, faults...) }

// FailOn is Fail for the next calls of one kind. What Fail has said comes after.
func (p *Provider) FailOn(call, paymentID string, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := said{paymentID, call}
	p.faults[at] = append(p.faults[at], faults...)
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
