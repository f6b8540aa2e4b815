package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// cached sets what caches may do with the answer of a catalog read, and answers
// 304 when the client has it. Only anonymous answers are public: who is signed
// in may see other prices.
func (e *endpoint) cached(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	if r.Header.Get("Authorization") != "" {
		h.Set("Cache-Control", "private, no-store")
		return false
	}
	if e.opts.Generation == nil {
		return false
	}
	gen, err := e.opts.Generation(r.Context())
	if err != nil {
		e.opts.Log.WarnContext(r.Context(), "catalog reads are not cached", "err", err)
		return false
	}
	// The generation is read before the answer is made: a tag may be older than
	// its answer, never newer.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", gen, r.URL.RequestURI(), r.Header.Values("Accept-Language")))
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", e.route.Cache)
	h.Add("Vary", "Accept-Language")
	h.Add("Vary", "Authorization")
	if !holds(r.Header.Values("If-None-Match"), tag) {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// holds reports whether an If-None-Match names tag.
func holds(values []string, tag string) bool {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			one = strings.TrimSpace(one)
			if strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
