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
	t.registry.MustRegister(&backlog{ask: ask, log: t.log})
}

var (
	descUp      = prometheus.NewDesc("mercer_outbox_up", "1 when the outbox answers, else 0.", nil, nil)
	descWaiting = prometheus.NewDesc("mercer_outbox_waiting", "Events that wait to be published.", nil, nil)
	descOldest  = prometheus.NewDesc("mercer_outbox_oldest_seconds", "Age of the oldest event that waits to be published.", nil, nil)
	descDead    = prometheus.NewDesc("mercer_dead_letters", "Events that consumers have put aside.", nil, nil)
)

// backlog is a collector of what an outbox answers.
type backlog struct {
	ask Backlog
	log *slog.Logger

	mu    sync.Mutex // held by a question: who asks meanwhile gets its answer
	until time.Time
	last  []prometheus.Metric
}

// Describe implements prometheus.Collector.
func (b *backlog) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descWaiting, descOldest, descDead} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (b *backlog) Collect(ch chan<- prometheus.Metric) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !time.Now().Before(b.until) {
		b.last = b.read()
		b.until = time.Now().Add(backlogKept)
	}
	for _, m := range b.last {
		ch <- m
	}
}

func (b *backlog) read() []prometheus.Metric {
	ctx, cancel := context.WithTimeout(context.Background(), backlogBound)
	defer cancel()
	waiting, oldest, dead, err := b.ask(ctx)
	if err != nil {
		b.log.Warn("the outbox does not say how it is", "err", err)
		return []prometheus.Metric{gauge(descUp, 0)}
	}
	return []prometheus.Metric{gauge(descUp, 1), gauge(descWaiting, float64(waiting)), gauge(descOldest, oldest.Seconds()), gauge(descDead, float64(dead))}
}

func gauge(d *prometheus.Desc, v float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
}
