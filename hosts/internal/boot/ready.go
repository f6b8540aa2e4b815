package boot

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// readiness answers /readyz: whether the server can serve, and how each thing
// that it depends on is. It says nothing that a stranger should not know.
func readiness(db *bunstore.DB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		answer := struct {
			Status string            `json:"status"`
			Checks map[string]string `json:"checks"`
		}{"ok", map[string]string{"database": "ok", "migrations": "ok"}}
		status := http.StatusOK
		note := func(what string, err error) {
			if err != nil {
				answer.Status, answer.Checks[what], status = "unavailable", "unavailable", http.StatusServiceUnavailable
			}
		}
		note("database", db.Ping(ctx))
		note("migrations", db.Current(ctx))
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if status != http.StatusOK {
			h.Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
}
