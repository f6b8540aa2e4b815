package devmail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/notification"
)

// Letter is a mail that has come in.
type Letter struct {
	ID   string
	Mail notification.Mail
	Raw  []byte // as it came, with all headers
}

// read takes a mail apart.
func read(data []byte) (Letter, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Raw: data}
	m := &l.Mail
	from, fromErr := readAddress(msg.Header.Get("From"))
	to, toErr := readAddress(msg.Header.Get("To"))
	subject, subjectErr := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	date, dateErr := msg.Header.Date()
	if err := errors.Join(fromErr, toErr, subjectErr, dateErr); err != nil {
		return Letter{}, err
	}
	m.From, m.To, m.Subject, m.Date = from, to, subject, date.UTC()
	m.MessageID = strings.Trim(msg.Header.Get("Message-Id"), "<>")
	return l, readParts(msg, m)
}

func readAddress(header string) (notification.Address, error) {
	a, err := mail.ParseAddress(header)
	if err != nil {
		return notification.Address{}, err
	}
	return notification.Address{Name: a.Name, Email: a.Address}, nil
}

// readParts reads the parts of msg into m.
func readParts(msg *mail.Message, m *notification.Mail) error {
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			m.Text = unix(text)
		case "text/html":
			m.HTML = unix(text)
		default:
			return fmt.Errorf("a part is %q", kind)
		}
	}
}

// unix returns text with the line ends that programs use.
func unix(text []byte) string { return strings.ReplaceAll(string(text), "\r\n", "\n") }
