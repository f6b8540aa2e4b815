package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

const (
	maxHeader = 8 << 10 // of one header with a secret in it, in bytes
	maxToken  = 200     // of a cart's or an order's token
)

// requestID returns the id that the client gave its request, or a new one.
func requestID(h http.Header) string {
	id := h.Get("Request-Id")
	if id == "" || len(id) > 64 || strings.IndexFunc(id, func(c rune) bool { return !wordy(c) }) >= 0 {
		return ident.NewID("req")
	}
	return id
}

// traceparent returns the W3C traceparent of a request in the form of version
// 00, "" when there is none or it cannot be read.
func traceparent(h http.Header) string {
	values := h.Values("Traceparent")
	if len(values) != 1 || len(values[0]) < 55 {
		return ""
	}
	v := values[0]
	version, trace, parent, flags := v[:2], v[3:35], v[36:52], v[53:55]
	switch {
	case v[2] != '-' || v[35] != '-' || v[52] != '-' || !lowerHex(version+trace+parent+flags):
		return ""
	case version == "ff" || version == "00" && len(v) > 55 || len(v) > 55 && v[55] != '-':
		return ""
	case strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "":
		return ""
	case strings.ContainsAny(flags[1:], "13579bdf"):
		return "00-" + trace + "-" + parent + "-01" // of the flags only this one is known
	default:
		return "00-" + trace + "-" + parent + "-00"
	}
}

func lowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// traceID returns the id of the trace that ctx belongs to, "" when it is not
// traced.
func traceID(ctx context.Context) string {
	if parent := ident.Trace(ctx); len(parent) >= 35 {
		return parent[3:35]
	}
	return ""
}

func wordy(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// secure sets the headers of every answer. Pages loosen the policy for what
// they have inside.
func secure(h http.Header, request string) {
	h.Set("Request-Id", request)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// admit finds out who calls and whether they may call so often.
func (m *Mux) admit(w http.ResponseWriter, r *http.Request) (ident.Actor, error) {
	guest := ident.Actor{Kind: ident.Guest}
	addr := m.client(r)
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		l := m.limits
		if m.raw[r.Pattern] {
			l = m.bursts
		}
		if err := l.take(w.Header(), "addr "+addr); err != nil {
			return guest, err
		}
		return withTokens(guest, r.Header), nil
	}
	if !m.limits.has("fail " + addr) {
		return guest, m.limits.refuse(w.Header(), "fail "+addr)
	}
	who, err := m.authenticate(r, values)
	if err != nil {
		if fault.KindOf(err) == fault.Unauthenticated {
			_ = m.limits.take(w.Header(), "fail "+addr)
		}
		return guest, err
	}
	if err := m.limits.take(w.Header(), "who "+who.String()); err != nil {
		return who, err
	}
	return withTokens(who, r.Header), nil
}

func (m *Mux) authenticate(r *http.Request, values []string) (ident.Actor, error) {
	scheme, secret, _ := strings.Cut(values[0], " ")
	secret = strings.TrimSpace(secret)
	switch {
	case len(values[0]) > maxHeader:
		return ident.Actor{}, ErrHeaderTooLarge
	case len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || secret == "" || m.opts.Authenticator == nil:
		return ident.Actor{}, fault.ErrUnauthenticated
	}
	return m.opts.Authenticator.Authenticate(r.Context(), secret)
}

// withTokens adds what a guest holds in place of a name.
func withTokens(a ident.Actor, h http.Header) ident.Actor {
	a.CartToken, a.OrderToken = token(h, "Cart-Token"), token(h, "Order-Token")
	return a
}

func token(h http.Header, name string) string {
	if v := h.Get(name); len(v) <= maxToken {
		return v
	}
	return ""
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// panicked answers for a handler that panicked, if it has not answered yet.
func (m *Mux) panicked(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // p is any value, as net/http compares it
		w.status = cmp.Or(w.status, http.StatusInternalServerError)
		panic(p)
	}
	m.opts.Log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("request_id", ident.Request(r.Context())),
		slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	m.respond(w, r, fault.ErrInternal)
}

// begin begins the trace of a request, if anybody wants it.
func (m *Mux) begin(r *http.Request) (_ *http.Request, end func(status int)) {
	if m.opts.Trace == nil {
		return r, func(int) {}
	}
	ctx, end := m.opts.Trace(r.Context(), template(r), method(r.Method))
	return r.WithContext(ctx), end
}

// over tells of a request that is over.
func (m *Mux) over(r *http.Request, w *recorder, who ident.Actor, took time.Duration, end func(status int)) {
	w.status = cmp.Or(w.status, http.StatusOK) // as net/http has it
	end(w.status)
	m.access(r, w, who, took)
	if m.opts.Observe != nil {
		m.opts.Observe(template(r), method(r.Method), w.status, took)
	}
}

// access writes a line of the access log: the route's template, never the path,
// which has ids in it.
func (m *Mux) access(r *http.Request, w *recorder, who ident.Actor, took time.Duration) {
	line := []slog.Attr{slog.String("request_id", ident.Request(r.Context())), slog.String("method", method(r.Method)),
		slog.String("route", template(r)), slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took), slog.String("actor", string(who.Kind))}
	if id := traceID(r.Context()); id != "" {
		line = append(line, slog.String("trace_id", id))
	}
	m.opts.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", line...)
}

// template returns the route's template without its method.
func template(r *http.Request) string {
	if _, after, ok := strings.Cut(r.Pattern, " "); ok {
		return after
	}
	return r.Pattern
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// method keeps a made-up method out of logs.
func method(m string) string {
	if slices.Contains(methods, m) {
		return m
	}
	return "other"
}
