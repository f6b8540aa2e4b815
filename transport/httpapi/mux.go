// Package httpapi serves operations as JSON over HTTP, and calls them.
//
// routes.go is the whole API on one page; everything else is one handler for
// all operations. What a handler does not do by itself (imports, pages) is
// added with Mux.Handle and goes through the same doors.
//
// What people get wrong: the contexts of requests must not end with the signal
// that stops the server, or requests in flight die with it. Serve sees to it.
package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Options change how a Mux works. The zero value serves everybody as a guest,
// without limits and for no foreign origin.
type Options struct {
	Log *slog.Logger // slog.Default()
	// Authenticator finds out who sent a bearer token. Without it nobody can.
	Authenticator ident.Authenticator
	// Generation names the state of what catalog reads show: it changes with
	// each change of it. Without it they are not cached.
	Generation func(ctx context.Context) (string, error)
	// AllowedOrigins are the origins whose pages may call: exact ones, or with
	// the port * ("http://localhost:*").
	AllowedOrigins []string
	// RateLimit bounds what one caller may send; the zero value is no limit.
	RateLimit RateLimit
	// TrustedProxies are the addresses whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Timeout is how long an operation may take, 30 seconds.
	Timeout time.Duration
	// Routes are served in place of the package's, when not nil.
	Routes []Route
	// Observe is told of each request when it is over. route is the template,
	// never the path; it is "" when no route takes the request.
	Observe func(route, method string, status int, took time.Duration)
	// Trace begins the trace of a request that a route takes. The request goes on
	// with the context that it returns; end is called once, when it is over.
	Trace func(ctx context.Context, route, method string) (_ context.Context, end func(status int))
}

// Mux is an http.Handler that operations are registered on. Register and Handle
// come before the first request.
type Mux struct {
	opts   Options
	mux    *http.ServeMux
	titles map[string]string // by code of fault
	limits *limits
	bursts *limits         // of routes that take raw bytes: machines of others send those
	raw    map[string]bool // their patterns
}

var (
	_ op.Registrar = (*Mux)(nil)
	_ http.Handler = (*Mux)(nil)
)

// New returns a Mux that serves /healthz, and /readyz as the same: a program
// that depends on others answers that itself. opts may be nil.
func New(opts *Options) *Mux {
	m := &Mux{mux: http.NewServeMux(), titles: map[string]string{}, raw: map[string]bool{}}
	if opts != nil {
		m.opts = *opts
	}
	m.opts.Log = cmp.Or(m.opts.Log, slog.Default())
	m.opts.Timeout = cmp.Or(m.opts.Timeout, 30*time.Second)
	m.limits = newLimits(m.opts.RateLimit)
	m.bursts = newLimits(m.opts.RateLimit.times(machine))
	m.learn(Faults)
	m.mux.HandleFunc("GET /healthz", m.health)
	m.mux.HandleFunc("GET /readyz", m.health)
	return m
}

// learn notes the titles of faults: what an error says may be more special.
func (m *Mux) learn(fs []*fault.Error) {
	for _, f := range fs {
		m.titles[f.Code] = f.Text
	}
}

// Handle serves pattern, as http.ServeMux reads it, with a handler that is no
// operation. It finds the caller in its context (ident), may be called by those
// who keep the rate limit, and bounds the body by itself.
func (m *Mux) Handle(pattern string, h http.Handler) { m.mux.Handle(pattern, h) }

// Register implements op.Registrar: it serves h on its routes, if it has any.
// It panics for a route that does not fit the types of the operation.
func (m *Mux) Register(h op.Handler) {
	m.learn(h.Fails)
	for _, route := range routesOf(m.opts.Routes, h.Name) {
		m.serve(route, h)
	}
}

func (m *Mux) serve(route Route, h op.Handler) {
	e := &endpoint{Mux: m, route: route, op: h, dec: newDecoder(route, h.In)}
	e.access = op.Access(cmp.Or(route.Scope, string(h.Access)))
	e.location = newLocation(route, route.Location, h.Out)
	e.moved = newMoved(route, h.Out)
	e.cookie = newCookie(h.In, h.Out)
	m.raw[route.Pattern] = e.dec.raw != nil
	m.mux.Handle(route.Pattern, e)
}

// ServeHTTP implements http.Handler.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := requestID(r.Header)
	r = r.WithContext(ident.WithTrace(ident.WithRequest(r.Context(), id), traceparent(r.Header)))
	rec := &recorder{ResponseWriter: w}
	secure(w.Header(), id)
	var who ident.Actor
	end := func(int) {}
	defer func() {
		defer func() { m.over(r, rec, who, time.Since(start), end) }() // also after an answer that is broken off
		if p := recover(); p != nil {
			m.panicked(rec, r, p)
		}
	}()
	if m.cors(rec, r) {
		return
	}
	if !clean(r.URL.Path) {
		m.Fail(rec, r, ErrNotFound)
		return
	}
	h, pattern := m.mux.Handler(r)
	r.Pattern = pattern
	switch pattern {
	case "":
		m.lost(rec, r, h)
		return
	case "GET /healthz", "GET /readyz":
		m.mux.ServeHTTP(rec, r)
		return
	}
	r, end = m.begin(r)
	who, err := m.admit(rec, r)
	if err != nil {
		m.Fail(rec, r, err)
		return
	}
	r = r.WithContext(ident.WithClient(ident.With(r.Context(), who), m.client(r)))
	m.mux.ServeHTTP(rec, r)
}

// clean reports whether a path is as a client should send it; the standard mux
// would redirect.
func clean(p string) bool {
	c := path.Clean(p)
	return p == c || p == c+"/"
}

// lost answers what no pattern matches: h knows whether other methods do.
func (m *Mux) lost(w http.ResponseWriter, r *http.Request, h http.Handler) {
	s := sink{}
	h.ServeHTTP(s, r)
	allow := http.Header(s).Get("Allow")
	if allow == "" {
		m.Fail(w, r, ErrNotFound)
		return
	}
	w.Header().Set("Allow", allow)
	m.Fail(w, r, ErrMethod)
}

// sink is a ResponseWriter that keeps the header only.
type sink http.Header

func (s sink) Header() http.Header         { return http.Header(s) }
func (s sink) Write(p []byte) (int, error) { return len(p), nil }
func (s sink) WriteHeader(int)             {}

func (m *Mux) health(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

// storeOnlyIfSaid keeps caches from what no rule lets them have.
func storeOnlyIfSaid(h http.Header) {
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
}

// write answers with v as JSON.
func write(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	storeOnlyIfSaid(h)
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", "application/json")
	data := encode(v)
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
