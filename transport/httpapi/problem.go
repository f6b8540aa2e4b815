package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// problem is a fault as RFC 9457 writes it.
type problem struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Code      string          `json:"code"`
	Detail    string          `json:"detail,omitempty"`
	In        string          `json:"in,omitempty"`
	Param     string          `json:"param,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Meta      json.RawMessage `json:"meta,omitempty"`
	Errors    []fault.Item    `json:"errors"`
}

// DocsPath is the page that explains problems; the type of each is an anchor
// on it.
const DocsPath = "/docs/problems"

// Fail answers with err: what is a fault is told, all else is logged once and
// answered without detail. Handlers that are no operations end with it.
func (m *Mux) Fail(w http.ResponseWriter, r *http.Request, err error) {
	m.respond(w, r, m.public(r.Context(), err))
}

func (m *Mux) respond(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	h := w.Header()
	switch status := StatusOf(f); status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="mercer"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", "1")
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	h.Set("Content-Type", "application/problem+json")
	data := encode(m.problem(f, ident.Request(r.Context())))
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(StatusOf(f))
	_, _ = w.Write(data)
}

// public returns the fault to show of err.
func (m *Mux) public(ctx context.Context, err error) *fault.Error {
	_, known := errors.AsType[*fault.Error](err)
	switch {
	case !known && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)):
		m.opts.Log.WarnContext(ctx, "request gave up", "request_id", ident.Request(ctx), "err", err)
		return fault.ErrUnavailable
	case fault.KindOf(err) == fault.Internal:
		m.opts.Log.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request_id", ident.Request(ctx)), slog.Any("err", err))
		return fault.ErrInternal
	default:
		return fault.Public(err)
	}
}

func (m *Mux) problem(f *fault.Error, request string) problem {
	p := problem{
		Type: DocsPath + "#" + f.Code, Title: f.Text, Status: StatusOf(f), Code: f.Code, In: f.In, Param: f.Param,
		RequestID: request, Meta: f.Meta, Errors: f.Errors,
	}
	if title, ok := m.titles[f.Code]; ok {
		p.Title = title
	}
	switch {
	case f.Text != p.Title:
		p.Detail = f.Text
	case len(f.Errors) == 1:
		p.Detail = f.Errors[0].Message
	}
	if p.Errors == nil {
		p.Errors = []fault.Item{}
	}
	return p
}

// fault turns a problem back into what it was made of.
func (p problem) fault(status int, retryAfter string) *fault.Error {
	f := &fault.Error{Kind: kindOf(status, p.Code), Code: p.Code, Text: p.Title, In: p.In, Param: p.Param, Meta: p.Meta, Errors: p.Errors}
	if p.Detail != "" {
		f.Text = p.Detail
	}
	if len(f.Errors) == 0 {
		f.Errors = nil
	}
	f.RetryAfter, _ = strconv.Atoi(retryAfter)
	return f
}

var kinds = map[int]fault.Kind{
	400: fault.Malformed, 401: fault.Unauthenticated, 403: fault.Denied, 404: fault.NotFound, 405: fault.Malformed, 409: fault.Refused, 412: fault.Stale,
	413: fault.TooLarge, 415: fault.WrongType, 422: fault.Invalid, 429: fault.Throttled, 431: fault.Malformed, 500: fault.Internal,
	502: fault.Unavailable, 503: fault.Unavailable, 504: fault.Unavailable,
}

// kindOf returns the kind of an answer. 409 is two kinds; what is under way
// elsewhere is the one to send again.
func kindOf(status int, code string) fault.Kind {
	if code == "idempotency.in_flight" {
		return fault.Conflict
	}
	if k, ok := kinds[status]; ok {
		return k
	}
	if status >= 500 {
		return fault.Internal
	}
	return fault.Malformed
}

// encode writes v as JSON that a page may show as it is: no escapes for HTML.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("httpapi: " + err.Error())
	}
	return b.Bytes()
}
