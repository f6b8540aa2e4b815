package notification_test

import (
	"errors"
	"mime"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/notification"
)

func letter() notification.Mail {
	return notification.Mail{MessageID: "a.0@shop.example", From: notification.Address{Email: "shop@shop.example"}, To: notification.Address{Name: "Ann", Email: "ann@example.com"},
		Subject: "Hello", Text: "Hello\n", Date: time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 3600))}
}

func TestCheckNamesTheField(t *testing.T) {
	for field, change := range map[string]func(*notification.Mail){
		"/to/email":   func(m *notification.Mail) { m.To.Email = "Ann <ann@example.com>" },
		"/from/email": func(m *notification.Mail) { m.From.Email = "" },
		"/to/name":    func(m *notification.Mail) { m.To.Name = "a\nb" },
		"/from/name":  func(m *notification.Mail) { m.From.Name = strings.Repeat("x", 501) },
		"/message_id": func(m *notification.Mail) { m.MessageID = "<a@b>" },
		"/subject":    func(m *notification.Mail) { m.Subject = "" },
		"/text":       func(m *notification.Mail) { m.Text = "" },
	} {
		m := letter()
		change(&m)
		err := m.Check()
		if _, mimeErr := m.MIME(); !errors.Is(mimeErr, notification.ErrRejected) || !errors.Is(err, notification.ErrRejected) || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v, %v", field, err, mimeErr)
		}
	}
	if err := letter().Check(); err != nil {
		t.Error(err)
	}
}

func TestMIME(t *testing.T) {
	m := letter()
	m.Subject = strings.Repeat("日本", 60)
	data, err := m.MIME()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("line %d is %q", i, line)
		}
	}
	has(t, "the mail", string(data), "Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n", "Message-ID: <a.0@shop.example>\r\n", "From: <shop@shop.example>\r\n", "To: \"Ann\" <ann@example.com>\r\n",
		"Auto-Submitted: auto-generated\r\n", "MIME-Version: 1.0\r\n")
}

// FuzzMIME holds that whatever passes Check comes out of the headers as it went
// in, and adds no header.
func FuzzMIME(f *testing.F) {
	for _, s := range []string{"Hello", "=?x?", "a\r\nb", "\u202e", "日本", "\"a\" <b>", strings.Repeat("é", 200), "=?utf-8?q?=20?= x", " a ", "a  b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		m := letter()
		m.Subject = subject
		data, err := m.MIME()
		if err != nil {
			return
		}
		head, _, _ := strings.Cut(string(data), "\r\n\r\n")
		_, rest, _ := strings.Cut(head, "\r\nSubject: ")
		rest, _, ok := strings.Cut(rest, "\r\nDate: ")
		got, err := new(mime.WordDecoder).DecodeHeader(strings.ReplaceAll(rest, "\r\n ", " "))
		if err != nil || got != subject || !ok || strings.Count(head, "\r\n") != 8+strings.Count(rest, "\r\n") {
			t.Errorf("%q is\n%s\nand comes out as %q, %v", subject, head, got, err)
		}
	})
}
