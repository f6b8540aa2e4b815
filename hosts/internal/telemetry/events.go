package telemetry

import (
	"cmp"
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Bus returns next with the handlers of its subscribers as Handler makes them:
// the group is the consumer.
func (t *Telemetry) Bus(next event.Bus) event.Bus { return bus{next, t} }

type bus struct {
	event.Bus
	t *Telemetry
}

// Subscribe implements event.Bus.
func (b bus) Subscribe(ctx context.Context, group string, names []string, fn event.Handler) (stop func(), err error) {
	return b.Bus.Subscribe(ctx, group, names, b.t.Handler(fn, cmp.Or(group, "every process")))
}

// Handler returns next with its events counted, timed and traced, as those of
// the named consumer. The work on an event belongs to the trace of what
// recorded it, also where nothing is traced here.
func (t *Telemetry) Handler(next event.Handler, consumer string) event.Handler {
	return func(ctx context.Context, e event.Envelope) (err error) {
		start := time.Now()
		if remote(e.Trace).IsValid() {
			ctx = ident.WithTrace(ctx, e.Trace)
		}
		var span trace.Span
		if t.tracer != nil {
			ctx, span = t.begin(parented(ctx), consumer+" "+e.Name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
				attribute.String("mercer.consumer", consumer), attribute.String("mercer.event", e.Name), attribute.String("mercer.event.id", e.ID)))
		}
		err = errPanicked
		defer func() {
			result := "ok"
			if err != nil {
				result = "error"
			}
			t.meters.events.WithLabelValues(consumer, e.Name, result).Inc()
			t.meters.eventTook.WithLabelValues(consumer, e.Name).Observe(time.Since(start).Seconds())
			if span != nil {
				end(span, err)
			}
		}()
		return next(ctx, e)
	}
}
