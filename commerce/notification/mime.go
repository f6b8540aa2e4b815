package notification

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

// MIME returns m as it goes over SMTP or into a file (RFC 5322), or the error of
// its Check.
func (m Mail) MIME() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	if err := addPart(parts, "text/plain", m.Text); err != nil {
		return nil, err
	}
	if m.HTML != "" {
		if err := addPart(parts, "text/html", m.HTML); err != nil {
			return nil, err
		}
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, h := range [][2]string{
		{"From", m.From.header()}, {"To", m.To.header()}, {"Subject", word(m.Subject)},
		{"Date", m.Date.UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + m.MessageID + ">"},
		{"Auto-Submitted", "auto-generated"}, // no holiday notice answers it
		{"MIME-Version", "1.0"}, {"Content-Type", "multipart/alternative;\r\n boundary=\"" + parts.Boundary() + `"`},
	} {
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], h[1])
	}
	out.WriteString("\r\n")
	out.Write(body.Bytes())
	return out.Bytes(), nil
}

func addPart(to *multipart.Writer, kind, text string) error {
	w, err := to.CreatePart(textproto.MIMEHeader{"Content-Type": {kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return err
	}
	qp := quotedprintable.NewWriter(w)
	if _, err := qp.Write([]byte(text)); err != nil {
		return err
	}
	return qp.Close()
}

func (a Address) header() string {
	switch {
	case a.Name == "":
		return "<" + a.Email + ">"
	case plain(a.Name):
		return (&mail.Address{Name: a.Name, Address: a.Email}).String()
	default:
		return word(a.Name) + " <" + a.Email + ">"
	}
}

// plain reports whether s can be read as it is. "=?" begins what readers decode.
func plain(s string) bool {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	return !strings.ContainsFunc(s, odd) && !strings.Contains(s, "=?")
}

// word returns s for a header: as it is, or as encoded words (RFC 2047), each
// of whole characters and so short that one fits in a line with the name of its
// header.
func word(s string) string {
	if plain(s) {
		return s
	}
	const most = 39 // bytes, which are 52 in base64
	var words []string
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > most {
				break
			}
			n += size
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, "\r\n ")
}
