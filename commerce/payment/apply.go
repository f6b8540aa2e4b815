package payment

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// errMismatch says that what a provider tells is not of this payment, or
// contradicts what is known for certain.
var errMismatch = errors.New("payment: mismatch")

func mismatch(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errMismatch, fmt.Sprintf(format, args...))
}

// final reports whether news of a provider can no longer move p.
func (p Payment) final() bool { return p.Status == StatusCaptured || p.Over() }

// standing is the state that p is known to have reached: an unknown payment
// that was authorized does not become open again.
func (p Payment) standing() Status {
	if p.Status == StatusUnknown && p.Authorized.Minor > 0 {
		return StatusAuthorized
	}
	return p.Status
}

// owed returns what is still to be captured, nothing when it is overpaid.
func (p Payment) owed() money.Amount {
	return money.New(max(0, p.Amount.Minor-p.Captured.Minor), p.Amount.Currency)
}

// apply changes p to how it stands at its provider. It only goes forward: news
// that is older than what is known changes nothing. It returns errMismatch, and
// changes nothing, for news that cannot be of this payment.
func (p *Payment) apply(s Snapshot) error {
	if err := p.fits(&s); err != nil {
		return err
	}
	switch from := p.standing(); {
	case s.Status == StatusCreating || s.Status == StatusUnknown:
		return nil // no evidence of anything
	case p.Over() && (s.Status == StatusAuthorized || s.Status == StatusCaptured):
		return mismatch("%s at the provider, %s here", s.Status, p.Status)
	case p.Status == StatusCaptured && s.Status != StatusCaptured,
		from != s.Status && !Transitions.Allows(from, s.Status):
		return nil
	}
	if p.Over() {
		return nil
	}
	p.Status = s.Status
	if s.ProviderID != "" {
		p.ProviderID = s.ProviderID
	}
	p.NextAction, p.Failure = nil, s.Failure
	switch p.Status {
	case StatusOpen:
		p.NextAction = compact(s.NextAction)
	case StatusAuthorized, StatusCaptured:
		p.Failure = nil
		p.Authorized.Minor = max(p.Authorized.Minor, s.Authorized.Minor)
		p.Captured.Minor = max(p.Captured.Minor, s.Captured.Minor)
	default: // says nothing of money
	}
	return nil
}

// compact returns raw as it comes back from a store, nil when it is no JSON, so
// that equal news changes nothing.
func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	data, err := json.Marshal(raw)
	if err != nil {
		return nil
	}
	return data
}

// fits fills in what s may leave out and returns errMismatch unless s can be of
// p: the same id, the same currency, the whole amount.
func (p Payment) fits(s *Snapshot) error {
	for _, a := range []*money.Amount{&s.Authorized, &s.Captured} {
		if a.Minor == 0 {
			*a = money.Zero(p.Amount.Currency)
		}
		if a.Currency != p.Amount.Currency {
			return mismatch("%v at the provider, %v owed", *a, p.Amount)
		}
	}
	if s.Authorized.IsZero() {
		s.Authorized = s.Captured
	}
	settled := s.Status == StatusAuthorized || s.Status == StatusCaptured
	_, known := Transitions[s.Status]
	switch {
	case !known && s.Status != StatusFailed && s.Status != StatusCanceled:
		return mismatch("the provider says %q", s.Status)
	case s.ProviderID != "" && p.ProviderID != "" && s.ProviderID != p.ProviderID:
		return mismatch("%s at the provider, %s here", s.ProviderID, p.ProviderID)
	case settled && s.Authorized != p.Amount:
		return mismatch("%v authorized, %v owed", s.Authorized, p.Amount)
	case s.Captured.IsNegative() || s.Captured.Minor > s.Authorized.Minor:
		return mismatch("%v captured of %v", s.Captured, s.Authorized)
	case s.Status == StatusCaptured && s.Captured.IsZero():
		return mismatch("captured, but nothing")
	case !settled && s.Captured.Minor > 0:
		return mismatch("%s, but %v captured", s.Status, s.Captured)
	}
	return nil
}

// record adds money that came by another way, as staff say.
func (p *Payment) record(amount money.Amount) error {
	sum, err := p.Captured.Add(amount)
	if err != nil {
		return err
	}
	if err := sum.Bound(); err != nil {
		return err
	}
	p.Captured = sum
	if sum.Minor >= p.Amount.Minor {
		p.Status, p.NextAction = StatusCaptured, nil
	}
	return nil
}
