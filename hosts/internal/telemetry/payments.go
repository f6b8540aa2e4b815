package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Unsettled is a question to the payments: how long the oldest notice of a
// provider has waited to be applied, how many payments wait for an answer that
// was lost, and how many breaks wait for somebody to look at them.
type Unsettled func(ctx context.Context) (oldest time.Duration, unknown, breaks int64, err error)

// Payments shows what ask answers, in mercer_webhook_oldest_seconds,
// mercer_payments_unknown and mercer_reconciliation_breaks. It is asked as
// Outbox asks; when it fails they are absent and mercer_payments_up is 0.
// Payments is called once, by the process that has them.
func (t *Telemetry) Payments(ask Unsettled) {
	t.registry.MustRegister(&asked{up: descPaymentsUp, others: []*prometheus.Desc{descNotices, descUnknown, descBreaks}, log: t.log.With("of", "payments"),
		ask: func(ctx context.Context) ([]float64, error) {
			oldest, unknown, breaks, err := ask(ctx)
			return []float64{oldest.Seconds(), float64(unknown), float64(breaks)}, err
		}})
}

var (
	descPaymentsUp = prometheus.NewDesc("mercer_payments_up", "1 when the payments answer, else 0.", nil, nil)
	descNotices    = prometheus.NewDesc("mercer_webhook_oldest_seconds", "Age of the oldest notice of a payment provider that is not applied.", nil, nil)
	descUnknown    = prometheus.NewDesc("mercer_payments_unknown", "Payments whose provider has not answered.", nil, nil)
	descBreaks     = prometheus.NewDesc("mercer_reconciliation_breaks", "What the books do not agree on and nobody has resolved.", nil, nil)
)
