package boot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// Check is one thing that a process depends on.
type Check struct {
	Name string // "database"
	// Probe returns why it is not there, nil when it is. It must end with ctx and
	// may not change anything.
	Probe func(ctx context.Context) error
	// Optional: the process serves what it can without it.
	Optional bool
}

const (
	probing    = 2 * time.Second // of one probe
	healthKept = time.Second     // of an answer
)

// Health answers /readyz: 200 when every check passes that is not optional, else 503 with
// Retry-After, and how each is: "ok", "unavailable", or "busy" when it is there and
// takes no more for the moment. A process that is busy stays ready: without it the
// others would be busier still. It says nothing that a stranger should not know: why a check fails is logged, when it begins to.
// Probes run side by side for 2 seconds at most, and once a second at most
// however many ask.
func Health(checks ...Check) http.Handler { return &health{checks: checks} }

type health struct {
	checks []Check

	mu    sync.Mutex // held by a round of probes: who asks meanwhile gets its answer
	until time.Time
	last  healthAnswer
}

// healthAnswer is how a process is.
type healthAnswer struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks"`
}

const (
	wordOK          = "ok"
	wordUnavailable = "unavailable"
	wordBusy        = "busy"
)

// ServeHTTP implements http.Handler.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, status := h.ask(r.Context()), http.StatusOK
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	if answer.Status != wordOK {
		status = http.StatusServiceUnavailable
		head.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (h *health) ask(ctx context.Context) healthAnswer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !time.Now().Before(h.until) {
		// Who asked first may hang up; the others want an answer all the same.
		h.last = h.probe(context.WithoutCancel(ctx))
		h.until = time.Now().Add(healthKept)
	}
	return h.last
}

func (h *health) probe(ctx context.Context) healthAnswer {
	faults := make([]error, len(h.checks))
	var wg sync.WaitGroup
	for i, c := range h.checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, probing)
			defer cancel()
			faults[i] = c.Probe(ctx)
		})
	}
	wg.Wait()
	answer := healthAnswer{wordOK, map[string]string{}}
	for i, c := range h.checks {
		word := wordOK
		switch {
		case errors.Is(faults[i], bunstore.ErrBusy):
			word = wordBusy
		case faults[i] != nil:
			word = wordUnavailable
			if !c.Optional {
				answer.Status = wordUnavailable
			}
		}
		answer.Checks[c.Name] = word
		h.tell(ctx, c.Name, word, faults[i])
	}
	return answer
}

// tell logs a check that is not as it was.
func (h *health) tell(ctx context.Context, name, word string, err error) {
	before := h.last.Checks[name]
	switch {
	case before == word:
	case err != nil:
		slog.WarnContext(ctx, "not ready", "check", name, "err", err)
	case before != "":
		slog.InfoContext(ctx, "ready again", "check", name)
	}
}
