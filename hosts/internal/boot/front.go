package boot

import (
	"net/http"
	"strings"

	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
)

// front serves what a process tells of itself, and everything else by api:
// /readyz with checks, /metrics, and the development mailbox, if mails are sent
// here. The mailbox has codes in it: only this machine and its network see it.
func (c Config) front(api http.Handler, mails bool, checks ...Check) http.Handler {
	pages := map[string]http.Handler{"/readyz": Health(checks...)}
	if c.tel != nil {
		pages["/metrics"] = c.tel.Metrics(c.MetricsToken)
	}
	if mails {
		if box := c.mailbox(); box != nil {
			pages["/dev/mail"] = nearby(box, api)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path, page := range pages {
			if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
				page.ServeHTTP(w, r)
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// nearby serves h to this machine and private networks, and others by
// elsewhere, as telemetry.Near has it.
func nearby(h, elsewhere http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if telemetry.Near(r) {
			h.ServeHTTP(w, r)
			return
		}
		elsewhere.ServeHTTP(w, r)
	})
}
