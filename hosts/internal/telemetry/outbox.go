package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Backlog is a question to an outbox: how many events wait to be published, how
// long the oldest has waited, and how many have been put aside as dead letters.
type Backlog func(ctx context.Context) (waiting int, oldest time.Duration, dead int, err error)

const (
	backlogBound = 2 * time.Second // of one question
	backlogKept  = 5 * time.Second // of its answer
)

// Outbox shows what ask answers, in mercer_outbox_waiting,
// mercer_outbox_oldest_seconds and mercer_dead_letters. It is asked when metrics
// are read, for 2 seconds at most and every 5 seconds at most, and must end with
// its context. When it fails they are absent and mercer_outbox_up is 0. Outbox
// is called once.
func (t *Telemetry) Outbox(ask Backlog) {
	t.registry.MustRegister(&asked{up: descUp, others: []*prometheus.Desc{descWaiting, descOldest, descDead}, log: t.log.With("of", "outbox"),
		ask: func(ctx context.Context) ([]float64, error) {
			waiting, oldest, dead, err := ask(ctx)
			return []float64{float64(waiting), oldest.Seconds(), float64(dead)}, err
		}})
}

var (
	descUp      = prometheus.NewDesc("mercer_outbox_up", "1 when the outbox answers, else 0.", nil, nil)
	descWaiting = prometheus.NewDesc("mercer_outbox_waiting", "Events that wait to be published.", nil, nil)
	descOldest  = prometheus.NewDesc("mercer_outbox_oldest_seconds", "Age of the oldest event that waits to be published.", nil, nil)
	descDead    = prometheus.NewDesc("mercer_dead_letters", "Events that consumers have put aside.", nil, nil)
)

// asked is a collector of what somebody answers.
type asked struct {
	up     *prometheus.Desc
	others []*prometheus.Desc
	ask    func(ctx context.Context) ([]float64, error) // one for each of others
	log    *slog.Logger

	mu    sync.Mutex // held by a question: who asks meanwhile gets its answer
	until time.Time
	last  []prometheus.Metric
}

// Describe implements prometheus.Collector.
func (a *asked) Describe(ch chan<- *prometheus.Desc) {
	ch <- a.up
	for _, d := range a.others {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (a *asked) Collect(ch chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !time.Now().Before(a.until) {
		a.last = a.read()
		a.until = time.Now().Add(backlogKept)
	}
	for _, m := range a.last {
		ch <- m
	}
}

func (a *asked) read() []prometheus.Metric {
	ctx, cancel := context.WithTimeout(context.Background(), backlogBound)
	defer cancel()
	values, err := a.ask(ctx)
	if err != nil {
		a.log.Warn("metrics are missing: there is no answer", "err", err)
		return []prometheus.Metric{gauge(a.up, 0)}
	}
	all := []prometheus.Metric{gauge(a.up, 1)}
	for i, v := range values {
		all = append(all, gauge(a.others[i], v))
	}
	return all
}

func gauge(d *prometheus.Desc, v float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
}
