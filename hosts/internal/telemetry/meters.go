package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// buckets of durations, in seconds.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// meters are what is counted as it happens.
type meters struct {
	operations   *prometheus.CounterVec   // op, code
	took         *prometheus.HistogramVec // op
	running      prometheus.Gauge
	events       *prometheus.CounterVec   // consumer, event, result
	eventTook    *prometheus.HistogramVec // consumer, event
	requests     *prometheus.CounterVec   // route, method, status
	requestsTook *prometheus.HistogramVec // route, method
	versions     *prometheus.CounterVec   // version
}

func newMeters(r *prometheus.Registry, c Config) meters {
	m := meters{
		operations:   counter("mercer_operations_total", "Operations that ended, by how: ok, the code of a fault, canceled, timeout or internal.", "op", "code"),
		took:         histogram("mercer_operation_duration_seconds", "Time that operations took.", "op"),
		running:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "mercer_operations_in_flight", Help: "Operations that are under way."}),
		events:       counter("mercer_events_handled_total", "Events given to a consumer, by result: ok or error. One that failed comes again.", "consumer", "event", "result"),
		eventTook:    histogram("mercer_event_duration_seconds", "Time that consumers took for an event.", "consumer", "event"),
		requests:     counter("mercer_http_requests_total", "HTTP requests that were answered, by the template of their route.", "route", "method", "status"),
		requestsTook: histogram("mercer_http_request_duration_seconds", "Time that HTTP requests took, by the template of their route.", "route", "method"),
		versions:     counter("mercer_stripe_version_mismatches_total", "Webhooks of Stripe in another version of its API than the one that is read.", "version"),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "mercer_build_info", Help: "1, with what this process is."}, []string{"service", "version"})
	build.WithLabelValues(c.Service, c.Version).Set(1)
	r.MustRegister(m.operations, m.took, m.running, m.events, m.eventTook, m.requests, m.requestsTook, m.versions, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Observe counts and times an HTTP request; it is httpapi.Options.Observe.
// route is a template, "" for a request that no route takes.
func (t *Telemetry) Observe(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	t.meters.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	t.meters.requestsTook.WithLabelValues(route, method).Observe(took.Seconds())
}

// StripeVersion counts a webhook of Stripe in another version of the API; it is
// stripepay.Options.OnVersionMismatch. Only Stripe can make versions up: they are
// signed.
func (t *Telemetry) StripeVersion(got string) {
	if got == "" {
		got = "none"
	}
	t.meters.versions.WithLabelValues(got).Inc()
}
