package fakepay

import (
	"net/url"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Asking is the parameter of a payment's return URL by which a shopper, or a test
// in another process, says what the bank does: an Outcome, or a call and its
// Fault or Outcome, or "notice" and a Delivery, or several of them:
// "https://shop.example/back?fakepay=decline",
// "…?fakepay=cancel:down,capture:slow", "…?fakepay=refund:process,notice:twice".
const Asking = "fakepay"

var outcomes = map[Outcome]bool{Decline: true, HardDecline: true, Process: true, AskShopper: true, Contest: true}

// wordsOf returns what a return URL asks for of one kind of call; for CallStart
// also what it says of no call.
func wordsOf(returnURL, call string) (out []string) {
	to, err := url.Parse(returnURL)
	if err != nil || returnURL == "" {
		return nil
	}
	for word := range strings.SplitSeq(to.Query().Get(Asking), ",") {
		on, what, ok := strings.Cut(word, ":")
		switch {
		case ok && on == call:
			out = append(out, what)
		case !ok && call == CallStart:
			out = append(out, word)
		}
	}
	return out
}

// outcome says what the bank says of a call.
func (p *Provider) outcome(call string, of payment.Payment) Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range []string{of.ID, Any} {
		if o, ok := p.outcomes[said{id, call}]; ok {
			return o
		}
	}
	words := wordsOf(of.ReturnURL, call)
	if i := slices.IndexFunc(words, func(w string) bool { return outcomes[Outcome(w)] }); i >= 0 {
		return Outcome(words[i])
	}
	switch {
	case call == CallStart && p.opts.Decide != nil:
		return p.opts.Decide(of)
	case call != CallStart && p.opts.DecideOn != nil:
		return p.opts.DecideOn(call, of)
	}
	return Approve
}

var faults = map[Fault]bool{Down: true, LoseAnswer: true, Late: true, Slow: true}

// fault says what goes wrong with a call.
func (p *Provider) fault(call string, of payment.Payment) Fault {
	if f, ok := p.nextFault(call, of.ID); ok {
		return f
	}
	for _, word := range wordsOf(of.ReturnURL, call) {
		if faults[Fault(word)] {
			return Fault(word)
		}
	}
	if p.opts.Fault != nil {
		return p.opts.Fault(call, of)
	}
	return None
}

// nextFault takes the next of the faults that were said.
func (p *Provider) nextFault(call, paymentID string) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range []string{paymentID, Any} {
		for _, on := range []string{call, ""} {
			at := said{id, on}
			if queue := p.faults[at]; len(queue) > 0 {
				p.faults[at] = queue[1:]
				return queue[0], true
			}
		}
	}
	return None, false
}
