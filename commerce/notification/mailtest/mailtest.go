// Package mailtest says what a notification.Mailer must do. The name of a case
// is the name of what a driver lacks when the case fails.
package mailtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Guards are the names of all cases.
var Guards = []string{"RoundTrip", "TextAlone", "LongText", "SameMessageID", "RefusesLineBreaks", "RefusesNoAddress", "Permanent", "Temporary",
	"Outside", "ContextEnds", "Together"}

// Subject is a Mailer under test, with a service behind it that is empty.
type Subject struct {
	Mailer notification.Mailer
	// Received returns what has come to the service, the oldest first. Date is
	// zero when the service writes its own.
	Received func(t *testing.T) []notification.Mail
	// BadAddress and BusyAddress are addresses that the service refuses for
	// good, and for now.
	BadAddress, BusyAddress string
}

var cases = map[string]func(*testing.T, Subject){
	"RoundTrip":         roundTrip, // names and subjects in any writing, what looks like code
	"TextAlone":         textAlone,
	"LongText":          longText, // long lines, lines with a dot
	"SameMessageID":     sameMessageID,
	"RefusesLineBreaks": refusesLineBreaks, // in every header
	"RefusesNoAddress":  refusesNoAddress,
	"Permanent":         permanent,
	"Temporary":         temporary,
	"Outside":           outside,     // not in a unit of work
	"ContextEnds":       contextEnds, // nothing is sent then
	"Together":          together,    // 8 at a time
}

// Run runs the suite against the subjects that open returns.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

// sample is a mail that all is well with.
func sample() notification.Mail {
	return notification.Mail{MessageID: "ntf_1.0@shop.example", From: notification.Address{Name: "Shop", Email: "no-reply@shop.example"},
		To: notification.Address{Name: "Ann", Email: "ann@example.com"}, Subject: "Your order", Text: "Hello\n", HTML: "<p>Hello</p>\n",
		Date: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
}

func send(t *testing.T, s Subject, m notification.Mail) {
	t.Helper()
	if err := s.Mailer.Send(t.Context(), m); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// arrived checks that exactly these mails have come.
func arrived(t *testing.T, s Subject, want ...notification.Mail) {
	t.Helper()
	got := s.Received(t)
	if len(got) != len(want) {
		t.Fatalf("%d mails have come, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Date.IsZero() {
			got[i].Date = want[i].Date
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("mail %d is\n%+q, want\n%+q", i, got[i], want[i])
		}
	}
}

func roundTrip(t *testing.T, s Subject) {
	var sent []notification.Mail
	for i, text := range []string{"Zoë & Søren", `"Ann" <b@c.example>, (x); \ `, "=?x?", "=?utf-8?q?evil?=", "日本語の名前 👩‍👩‍👧", "{{.}} %s <b>",
		strings.Repeat("ß", 100), "שלום", "."} {
		m := sample()
		text = strings.TrimSpace(text)
		m.MessageID = fmt.Sprintf("ntf_%d.0@shop.example", i)
		m.From.Name, m.To.Name, m.Subject = "Shop "+text, text, "Re: "+text
		m.Text, m.HTML = text+"\n=3D\n\tend\n", "<p title='"+text+"'>"+text+"</p>\n"
		send(t, s, m)
		sent = append(sent, m)
	}
	arrived(t, s, sent...)
}

func textAlone(t *testing.T, s Subject) {
	m := sample()
	m.HTML, m.To.Name = "", ""
	send(t, s, m)
	arrived(t, s, m)
}

func longText(t *testing.T, s Subject) {
	m := sample()
	m.Text = strings.Repeat("word ", 500) + "\n.\n..\n.dot\nFrom here \nend " + strings.Repeat("x", 2000) + "\n"
	m.HTML = "<p>" + strings.Repeat("é", 3000) + "</p>\n.\n"
	send(t, s, m)
	arrived(t, s, m)
}

func sameMessageID(t *testing.T, s Subject) {
	m := sample()
	send(t, s, m)
	send(t, s, m) // the first answer was lost
	got := s.Received(t)
	if len(got) == 0 {
		t.Fatal("nothing has come")
	}
	for _, one := range got { // the service may know it for the same
		if one.MessageID != m.MessageID {
			t.Errorf("message id %q, want %q", one.MessageID, m.MessageID)
		}
	}
}

func refusesLineBreaks(t *testing.T, s Subject) {
	for _, evil := range []string{"x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: all@example.com", "x\x00", "x\x7f", "x\u0085y", "x\xff"} {
		for name, change := range map[string]func(*notification.Mail){
			"subject":      func(m *notification.Mail) { m.Subject = evil },
			"recipient":    func(m *notification.Mail) { m.To.Email = "ann@example.com" + evil },
			"local part":   func(m *notification.Mail) { m.To.Email = `"` + evil + `"@example.com` },
			"name":         func(m *notification.Mail) { m.To.Name = evil },
			"sender":       func(m *notification.Mail) { m.From.Email = evil + "@example.com" },
			"sender name":  func(m *notification.Mail) { m.From.Name = evil },
			"message id":   func(m *notification.Mail) { m.MessageID = evil + "@shop.example" },
			"message host": func(m *notification.Mail) { m.MessageID = "a@" + evil },
		} {
			m := sample()
			change(&m)
			refused(t, s, fmt.Sprintf("%s with %q", name, evil), m)
		}
	}
	arrived(t, s)
}

func refusesNoAddress(t *testing.T, s Subject) {
	for _, address := range []string{"", "ann", "@example.com", "ann@", "Ann <ann@example.com>", "ann@example.com, bob@example.com", "ann@example.com>", "a b@example.com"} {
		m := sample()
		m.To.Email = address
		refused(t, s, fmt.Sprintf("address %q", address), m)
	}
	arrived(t, s)
}

func refused(t *testing.T, s Subject, what string, m notification.Mail) {
	t.Helper()
	if err := s.Mailer.Send(t.Context(), m); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%s: %v, want a fault of kind invalid", what, err)
	}
}

func permanent(t *testing.T, s Subject) {
	m := sample()
	m.To.Email = s.BadAddress
	refused(t, s, "a bad address", m)
	arrived(t, s)
	send(t, s, sample()) // the next one is none the worse
}

func temporary(t *testing.T, s Subject) {
	m := sample()
	m.To.Email = s.BusyAddress
	switch err := s.Mailer.Send(t.Context(), m); fault.KindOf(err) {
	case fault.Unavailable, fault.Throttled, fault.Internal:
	default:
		t.Errorf("a busy service: %v, want an error that is tried again", err)
	}
	arrived(t, s)
	send(t, s, sample())
}

func outside(t *testing.T, s Subject) {
	if err := s.Mailer.Send(txn.Inside(t.Context()), sample()); !errors.Is(err, txn.ErrInside) {
		t.Errorf("err = %v, want %v", err, txn.ErrInside)
	}
	arrived(t, s)
}

func contextEnds(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Mailer.Send(ctx, sample())
	if !errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Invalid {
		t.Errorf("err = %v, want %v, to be tried again", err, context.Canceled)
	}
	arrived(t, s)
}

func together(t *testing.T, s Subject) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			m := sample()
			m.MessageID = fmt.Sprintf("ntf_%d.0@shop.example", i)
			m.Text = fmt.Sprintf("%d\n", i)
			if err := s.Mailer.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range s.Received(t) {
		if m.MessageID != "ntf_"+strings.TrimSpace(m.Text)+".0@shop.example" {
			t.Errorf("mail %s has the text of %s", m.MessageID, m.Text)
		}
		seen[m.MessageID] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d of 8 mails have come", len(seen))
	}
}
