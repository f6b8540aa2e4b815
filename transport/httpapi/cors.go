package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

const (
	exposed = "ETag, Location, Request-Id, Retry-After, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
	asked   = "Authorization, Content-Type, Cart-Token, Order-Token, Idempotency-Key, If-Match, If-None-Match, Request-Id, Accept-Language, traceparent"
)

// cors lets pages of the allowed origins read answers. It reports whether the
// request was a preflight, which it answers.
func (m *Mux) cors(w http.ResponseWriter, r *http.Request) bool {
	if len(m.opts.AllowedOrigins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	allowed := m.allows(origin)
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", exposed)
	}
	if r.Method != http.MethodOptions || origin == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if allowed {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", asked)
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allows reports whether pages of an origin may call.
func (m *Mux) allows(origin string) bool {
	return origin != "" && slices.ContainsFunc(m.opts.AllowedOrigins, func(o string) bool { return sameOrigin(o, origin) })
}

// sameOrigin compares origins; the allowed one may end in ":*", any port.
func sameOrigin(allowed, origin string) bool {
	host, anyPort := strings.CutSuffix(allowed, ":*")
	if !anyPort {
		return strings.EqualFold(allowed, origin)
	}
	if strings.EqualFold(host, origin) {
		return true
	}
	if len(origin) <= len(host)+1 || !strings.EqualFold(origin[:len(host)], host) || origin[len(host)] != ':' {
		return false
	}
	return strings.Trim(origin[len(host)+1:], "0123456789") == ""
}
