package notification

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Mail is a letter, ready to be sent.
type Mail struct {
	// MessageID is unique to what is to arrive once, without angle brackets. A
	// second try has the same.
	MessageID string
	From      Address
	To        Address
	Subject   string
	Text      string
	HTML      string // "" for a mail of text alone
	Date      time.Time
}

// Address is a person with a mailbox. Name may be empty.
type Address struct {
	Name  string
	Email string
}

// maxHeader bounds names and subjects, in bytes.
const maxHeader = 500

// Check returns ErrRejected, naming the field, for a mail that no server may be
// given: an address that is none, a header with a line break or another control
// character, no text.
func (m Mail) Check() error {
	for field, a := range map[string]Address{"/from": m.From, "/to": m.To} {
		if parsed, err := mail.ParseAddress(a.Email); err != nil || parsed.Address != a.Email || !header(a.Email) {
			return ErrRejected.Saying("this is not an address of one mailbox").At(field + "/email")
		}
		if !header(a.Name) {
			return ErrRejected.Saying("a name is one line of text").At(field + "/name")
		}
	}
	if !messageID(m.MessageID) {
		return ErrRejected.Saying("a message id looks like left@right").At("/message_id")
	}
	if m.Subject == "" || !header(m.Subject) {
		return ErrRejected.Saying("a subject is one line of text").At("/subject")
	}
	if m.Text == "" || !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML) {
		return ErrRejected.Saying("a mail has a text").At("/text")
	}
	return nil
}

// header reports whether s can stand in a header: one line, no control
// characters.
func header(s string) bool {
	return len(s) <= maxHeader && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func messageID(s string) bool {
	left, right, ok := strings.Cut(s, "@")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>@()[]\\,;:\"", r) }
	return ok && left != "" && right != "" && len(s) <= 200 && !strings.ContainsFunc(left+right, odd)
}
