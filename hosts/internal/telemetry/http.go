package telemetry

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Request starts the span of an HTTP request; it is httpapi.Options.Trace.
// route is a template. end is called once, with the status of the answer.
func (t *Telemetry) Request(ctx context.Context, route, method string) (_ context.Context, end func(status int)) {
	if t.tracer == nil {
		return ctx, func(int) {}
	}
	ctx, span := t.begin(parented(ctx), method+" "+route, trace.WithSpanKind(trace.SpanKindServer))
	if span.IsRecording() {
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
			attribute.String("mercer.request_id", ident.Request(ctx)))
	}
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Metrics serves /metrics. Who asks from a loopback or private address, and not
// through a proxy, gets them; all others only with token as bearer, and never
// when token is empty. Only the address of the connection counts: headers that
// name another one are what proxies add, and take the right away.
//
// A network that hides the addresses of strangers behind a private one without
// adding a header (source NAT, a TCP load balancer) must not lead to this port.
func (t *Telemetry) Metrics(token string) http.Handler {
	metrics := promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(t.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		case Near(r) || bears(r, token):
			metrics.ServeHTTP(w, r)
		case token == "":
			http.NotFound(w, r)
		default:
			h.Set("WWW-Authenticate", `Bearer realm="metrics"`)
			http.Error(w, "say who you are", http.StatusUnauthorized)
		}
	})
}

// Near reports whether a request comes from this machine or its network, and
// from nobody else through a proxy there.
func Near(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	return peer.Addr().IsLoopback() || peer.Addr().IsPrivate()
}

// bears compares in constant time. An empty token fits nothing.
func bears(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(token))
	return token != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
