package payment

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

var short = map[rune]Status{'.': StatusCreating, 'O': StatusOpen, 'P': StatusProcessing, 'A': StatusAuthorized,
	'C': StatusCaptured, 'F': StatusFailed, 'V': StatusCanceled, '?': StatusUnknown}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// standingAt is a payment of 10.00 in a state.
func standingAt(s Status) Payment {
	p := Payment{ID: "pay_1", OrderID: "ord_1", Status: s, Amount: eur(1000), Authorized: eur(0), Captured: eur(0), Refunded: eur(0)}
	if s == StatusAuthorized || s == StatusCaptured {
		p.Authorized = eur(1000)
	}
	if s == StatusCaptured {
		p.Captured = eur(1000)
	}
	return p
}

func told(s Status) Snapshot {
	p := standingAt(s)
	return Snapshot{Status: s, ProviderID: "pi_1", Authorized: p.Authorized, Captured: p.Captured, NextAction: json.RawMessage(`{"type": "x"}`), Failure: &Failure{Code: "c"}}
}

// TestApply holds every state against every word of a provider. "!" is a
// mismatch.
func TestApply(t *testing.T) {
	const words = ".OPACFV?"
	for _, row := range []struct {
		from rune
		auth int64 // authorized before
		want string
	}{
		{'.', 0, ".OPACFV."},
		{'O', 0, "OOPACFVO"},
		{'P', 0, "POPACFVP"},
		{'A', 1000, "AAAACAVA"},
		{'C', 1000, "CCCCCCCC"},
		{'F', 0, "FFF!!FFF"},
		{'V', 0, "VVV!!VVV"},
		{'?', 0, "?OPACFV?"},
		{'?', 1000, "???AC?V?"},
	} {
		for i, word := range words {
			p := standingAt(short[row.from])
			p.Authorized = eur(row.auth)
			before := p
			err := p.apply(told(short[word]))
			want := rune(row.want[i])
			if want == '!' {
				if !errors.Is(err, errMismatch) || !reflect.DeepEqual(p, before) {
					t.Errorf("%s told %s: %v, %+v; want a mismatch", before.Status, short[word], err, p)
				}
				continue
			}
			if err != nil || p.Status != short[want] {
				t.Errorf("%s (authorized %v) told %s: %s, %v; want %s", before.Status, before.Authorized, short[word], p.Status, err, short[want])
			}
			if before.Status != p.Status && before.Status != StatusUnknown && !Transitions.Allows(before.Status, p.Status) {
				t.Errorf("%s to %s is not in the table", before.Status, p.Status)
			}
			if p.Authorized.Minor < before.Authorized.Minor || p.Captured.Minor < before.Captured.Minor {
				t.Errorf("%s told %s: money went backwards: %+v", before.Status, short[word], p)
			}
		}
	}
}

func TestApplyKeepsWhatMatters(t *testing.T) {
	for _, c := range []struct {
		status  Status
		action  string
		failure bool
	}{{StatusOpen, `{"type":"x"}`, true}, {StatusProcessing, "", true}, {StatusFailed, "", true}, {StatusAuthorized, "", false}, {StatusCaptured, "", false}} {
		p := standingAt(StatusOpen)
		p.NextAction = json.RawMessage(`{"type":"old"}`)
		if err := p.apply(told(c.status)); err != nil {
			t.Fatal(err)
		}
		if string(p.NextAction) != c.action || (p.Failure != nil) != c.failure || p.ProviderID != "pi_1" {
			t.Errorf("%s: next action %s, failure %v, provider id %q", c.status, p.NextAction, p.Failure, p.ProviderID)
		}
	}
	p := standingAt(StatusOpen)
	s := told(StatusOpen)
	s.NextAction = json.RawMessage(`{`)
	if err := p.apply(s); err != nil || p.NextAction != nil {
		t.Errorf("broken JSON became %s, %v", p.NextAction, err)
	}
	more := standingAt(StatusCaptured)
	more.Captured = eur(400)
	if err := more.apply(told(StatusCaptured)); err != nil || more.Captured != eur(1000) {
		t.Errorf("the rest of the money: %v, %v", more.Captured, err)
	}
}

func TestMismatch(t *testing.T) {
	for name, change := range map[string]func(*Snapshot){
		"less authorized":      func(s *Snapshot) { s.Authorized, s.Captured = eur(900), eur(900) },
		"more authorized":      func(s *Snapshot) { s.Authorized = eur(1001) },
		"other currency":       func(s *Snapshot) { s.Authorized, s.Captured = money.New(1000, "USD"), money.New(1000, "USD") },
		"only captured":        func(s *Snapshot) { s.Authorized, s.Captured = money.Amount{}, eur(900) },
		"more captured":        func(s *Snapshot) { s.Captured = eur(1001) },
		"less than none":       func(s *Snapshot) { s.Captured = eur(-1) },
		"nothing captured":     func(s *Snapshot) { s.Captured = money.Amount{} },
		"another id":           func(s *Snapshot) { s.ProviderID = "pi_2" },
		"canceled, with money": func(s *Snapshot) { s.Status = StatusCanceled },
		"no such state":        func(s *Snapshot) { s.Status = "succeeded" },
		"no state":             func(s *Snapshot) { s.Status = "" },
	} {
		p := standingAt(StatusOpen)
		p.ProviderID = "pi_1"
		before := p
		s := told(StatusCaptured)
		change(&s)
		if err := p.apply(s); !errors.Is(err, errMismatch) || !reflect.DeepEqual(p, before) {
			t.Errorf("%s: %v, %+v; want a mismatch and no change", name, err, p)
		}
	}
	p := standingAt(StatusOpen)
	if err := p.apply(Snapshot{Status: StatusCaptured, Captured: eur(1000)}); err != nil || p.Authorized != eur(1000) {
		t.Errorf("captured without a word of authorized: %+v, %v", p, err)
	}
}

func TestRecord(t *testing.T) {
	p := standingAt(StatusOpen)
	for _, c := range []struct {
		add, sum, owed int64
		status         Status
	}{{300, 300, 700, StatusOpen}, {699, 999, 1, StatusOpen}, {1, 1000, 0, StatusCaptured}, {500, 1500, 0, StatusCaptured}} {
		if err := p.record(eur(c.add)); err != nil || p.Captured != eur(c.sum) || p.owed() != eur(c.owed) || p.Status != c.status {
			t.Errorf("after %d: %+v, %v; want %d, %s", c.add, p, err, c.sum, c.status)
		}
	}
	if err := p.record(eur(money.MaxMinor)); !errors.Is(err, money.ErrOutOfRange) || p.Captured != eur(1500) {
		t.Errorf("too much for anybody: %v, %v", p.Captured, err)
	}
}

func TestSecretless(t *testing.T) {
	for action, want := range map[string]string{
		``:                                     ``,
		`{"type":"redirect","url":"u"}`:        `{"type":"redirect","url":"u"}`,
		`{"type":"x","client_secret":"hush"}`:  `{"client_secret":null,"type":"x"}`,
		`{"client_secret":{"a":1},"type":"x"}`: `{"client_secret":null,"type":"x"}`,
		`["client_secret"]`:                    `["client_secret"]`,
	} {
		p := Payment{NextAction: json.RawMessage(action)}
		if got := p.Secretless().(Payment).NextAction; string(got) != want {
			t.Errorf("%s is stored as %s, want %s", action, got, want)
		}
		if got := LacksSecret(json.RawMessage(want)); got != (want != action) || LacksSecret(json.RawMessage(action)) {
			t.Errorf("%s lacks a secret: %v", want, got)
		}
		if string(p.NextAction) != action {
			t.Errorf("%s has become %s", action, p.NextAction)
		}
	}
}
