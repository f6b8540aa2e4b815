package notification_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/notification"
)

// welcome returns the mail that somebody with a name gets.
func welcome(t *testing.T, name, locale string) notification.Mail {
	t.Helper()
	s := open(t)
	c := ann()
	c.Name, c.Locale = name, locale
	s.accounts.knows("chl_1", c)
	s.registered()
	s.send()
	return s.wantMails(1)[0]
}

func TestHostileNames(t *testing.T) {
	for name, greeted := range map[string]string{
		"Ann":                                 "Ann",
		"Zoë O'Brien-Müller":                  "Zoë O'Brien-Müller",
		"山田 太郎":                               "山田 太郎",
		"<script>alert(1)<script>":            "<script>alert(1)<script>",
		"{{.Code}} {{.}}":                     "{{.Code}} {{.}}", // no word looks like a host
		"a\r\nBcc: all\x00 \x1b[2J":           "a Bcc: all [2J",
		"=?utf-8?q?evil?=":                    "=?utf-8?q?evil?=",
		"\u202eevil\u2066x\u200f\ufeff\u00ad": "evilx",
		"👩‍👩‍👧":                               "👩‍👩‍👧",
		"  \t ":                               "",
		"\xff\xfeAnn":                         "Ann",
		"https://evil.test":                   "",
		"win at evil.test":                    "",
		"evil。test":                           "",
		"<b>bold</b>":                         "",
		"call@evil":                           "",
		strings.Repeat("long name ", 100):     strings.TrimSpace(strings.Repeat("long name ", 10)),
	} {
		m := welcome(t, name, "en")
		if greeted == "{{.Code}} {{.}}" {
			greeted = "" // ".}}" ends in braces, so that the dot is inside
		}
		if got := strings.TrimSpace(m.To.Name); got != greeted {
			t.Errorf("%q is %q in the address, want %q", name, got, greeted)
		}
		line, _, _ := strings.Cut(m.Text, "\n")
		if want := strings.TrimRight("Hello "+strings.TrimSpace(greeted), " ") + ","; strings.Replace(line, " ,", ",", 1) != want {
			t.Errorf("%q is greeted with %q, want %q", name, line, want)
		}
		odd := func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) && r != '\u200d'
		}
		if strings.ContainsFunc(m.Text+m.HTML+m.Subject+m.To.Name, odd) || strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<b>") {
			t.Errorf("%q is in\n%s\n%s", name, m.Text, m.HTML)
		}
	}
}

func TestHostileOrders(t *testing.T) {
	s := open(t)
	s.handle(happened("evt_1", "order.shipped", `{"number":"1\r\nBcc: x@y.example <b>","email":"bob@example.com","locale":"../../en",
		"tracking":[{"carrier":"<img src=x onerror=alert(1)>","number":"\u202e{{.}}","url":"javascript:alert(1)"},{"carrier":"Post","number":"1","url":"https://x.example/\"><script>"}]}`))
	s.send()
	m := s.wantMails(1)[0]
	if m.Subject != "Your order 1 Bcc: x@y.example <b> is on its way" {
		t.Errorf("subject %q", m.Subject)
	}
	for _, bad := range []string{"<img", "<script", "javascript:", "\u202e", `example/"`} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("the HTML has %q:\n%s", bad, m.HTML)
		}
	}
	if strings.Contains(m.Text, "javascript:") {
		t.Errorf("the text links to a script:\n%s", m.Text)
	}
}

func TestLocales(t *testing.T) {
	for locale, want := range map[string]string{"de": "Willkommen", "de-AT": "Willkommen", "DE-ch": "Willkommen", "en-GB": "Welcome", "": "Welcome", "fr": "Welcome", "-": "Welcome"} {
		if m := welcome(t, "Ann", locale); !strings.HasPrefix(m.Subject, want) {
			t.Errorf("%q: %s", locale, m.Subject)
		}
	}
}

// sendWith sends one mail with these templates.
func sendWith(t *testing.T, files fstest.MapFS, locale string) notification.Mail {
	t.Helper()
	templates, err := notification.ParseTemplates(files)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t)
	c := ann()
	c.Locale = ""
	s.accounts.knows("chl_1", c)
	s.Engine = notification.New(memstore.Notifications{DB: s.db}, s.accounts, s.box, &notification.Options{Templates: templates, Locale: locale})
	s.handle(happened("evt_1", "account.registered", `{"challenge":"chl_1"}`))
	s.send()
	return s.wantMails(1)[0]
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestOwnTemplates(t *testing.T) {
	files := fstest.MapFS{
		"en/welcome.txt":  file("Hi\t from {{.Shop}}\n\nCode {{.Code}}, {{.Name}}\n"),
		"fr/welcome.txt":  file("Bonjour\n\nCode : {{.Code}}\n"),
		"fr/welcome.html": file("<p>Bonjour {{.Name}}</p>"),
		"fr/footer.html":  file("à bientôt"),
		"layout.html":     file(`<!DOCTYPE html><title>own</title>{{define "button"}}{{end}}{{define "code"}}{{.Code}}{{end}}{{define "facts"}}{{end}}{{template "content" .}}{{template "footer" .}}`),
		"en/unknown.txt":  file("{{.Nonsense"), // no kind: not looked at
	}
	m := sendWith(t, files, "")
	if m.Subject != "Hi from Mercer" || m.Text != "Code "+code+", Ann\n" || m.From != (notification.Address{Name: "Mercer", Email: "no-reply@localhost"}) {
		t.Errorf("%s: %s", m.Subject, m.Text)
	}
	has(t, "own layout", m.HTML, "<title>own</title>", "Welcome to Mercer", code, "Sent by Mercer")
	if m := sendWith(t, files, "fr"); m.Subject != "Bonjour" || !strings.Contains(m.HTML, "<p>Bonjour Ann</p>à bientôt") {
		t.Errorf("%s: %s", m.Subject, m.HTML)
	}
	if m := sendWith(t, files, "de"); !strings.HasPrefix(m.Subject, "Willkommen") {
		t.Errorf("the built-in locale says %s", m.Subject)
	}
}

func TestBrokenTemplates(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"syntax":       {"en/welcome.txt": file("{{.Shop")},
		"field":        {"en/welcome.txt": file("Hello\n\n{{.Nonsense}}")},
		"no text":      {"en/welcome.txt": file("Hello\n")},
		"no subject":   {"en/welcome.txt": file("\nHello\n")},
		"no HTML":      {"fr/welcome.txt": file("Bonjour\n\nAnn\n")},
		"HTML":         {"en/welcome.html": file("<p {{.Nonsense}}>")},
		"HTML context": {"en/welcome.html": file("<a href='{{if .Link}}'>{{end}}")},
		"layout":       {"layout.html": file("{{template \"nothing\" .}}")},
	} {
		if _, err := notification.ParseTemplates(files); err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), "template") {
			t.Errorf("%s: %v does not say where", name, err)
		}
	}
}

func TestWithoutAStorefront(t *testing.T) {
	s := open(t)
	s.Engine = notification.New(memstore.Notifications{DB: s.db}, s.accounts, s.box, nil)
	s.registered()
	s.send()
	m := s.wantMails(1)[0]
	if strings.Contains(m.Text, "#code") || strings.Contains(m.HTML, "href") {
		t.Errorf("there is a link to nowhere:\n%s\n%s", m.Text, m.HTML)
	}
	has(t, "the mail", m.Text, code, "Enter this code:")
}

var _ notification.Mailer = (*devmail.Mailbox)(nil)
