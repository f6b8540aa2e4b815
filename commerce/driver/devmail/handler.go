package devmail

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{"pieces": pieces,
	"when": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }}).Parse(pageText))

const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// mailPolicy keeps what is in a mail from doing anything but being looked at;
	// its links open elsewhere.
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'"
)

// Handler returns the pages of the mailbox, for GET /dev/mail and all below.
func (b *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, page := range map[string]func(r *http.Request) (view, error){
		"GET /dev/mail": b.list, "GET /dev/mail/{$}": b.list, "GET /dev/mail/{id}": b.one,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v, err := page(r)
			var body bytes.Buffer
			if err == nil {
				err = pages.Execute(&body, v)
			}
			answer(w, "text/html; charset=utf-8", pagePolicy, body.Bytes(), err)
		})
	}
	mux.HandleFunc("GET /dev/mail/{id}/html", func(w http.ResponseWriter, r *http.Request) {
		l, err := b.Letter(r.PathValue("id"))
		answer(w, "text/html; charset=utf-8", mailPolicy, []byte(l.Mail.HTML), err)
	})
	mux.HandleFunc("GET /dev/mail/{id}/source", func(w http.ResponseWriter, r *http.Request) {
		l, err := b.Letter(r.PathValue("id"))
		answer(w, "text/plain; charset=utf-8", mailPolicy, l.Raw, err)
	})
	return mux
}

func answer(w http.ResponseWriter, kind, policy string, body []byte, err error) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", policy)
	switch {
	case errors.Is(err, ErrNotFound):
		http.Error(w, "no such mail", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		h.Set("Content-Type", kind)
		_, _ = w.Write(body) // whoever asked has gone
	}
}

// view is what the page shows: a list, or one mail.
type view struct {
	Letters []Letter
	One     *Letter
	Headers string
}

func (b *Mailbox) list(*http.Request) (view, error) {
	all, err := b.Letters()
	return view{Letters: all}, err
}

func (b *Mailbox) one(r *http.Request) (view, error) {
	l, err := b.Letter(r.PathValue("id"))
	headers, _, _ := strings.Cut(string(l.Raw), "\r\n\r\n")
	return view{One: &l, Headers: headers}, err
}

// piece is a part of a text, or a link in it.
type piece struct {
	Text string
	Link bool
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// pieces cuts text at its links.
func pieces(text string) (all []piece) {
	for at := 0; ; {
		i := link.FindStringIndex(text[at:])
		if i == nil {
			return append(all, piece{text[at:], false})
		}
		all = append(all, piece{text[at : at+i[0]], false}, piece{text[at+i[0] : at+i[1]], true})
		at += i[1]
	}
}
