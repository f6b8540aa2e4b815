package telemetry

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Registrar returns a Registrar that counts, times, traces and, at debug, logs
// the operations registered on it, then registers them on next. It goes around
// everything that handlers are wrapped in, or what those do is not seen.
func (t *Telemetry) Registrar(next op.Registrar) op.Registrar {
	return op.RegistrarFunc(func(h op.Handler) { next.Register(t.watched(h)) })
}

// watched returns h with its calls counted, timed and traced.
func (t *Telemetry) watched(h op.Handler) op.Handler {
	call, kind := h.Call, kindOf(h.Kind)
	took, good := t.meters.took.WithLabelValues(h.Name), t.meters.operations.WithLabelValues(h.Name, codeOf(nil))
	h.Call = func(ctx context.Context, in any) (out any, err error) {
		start := time.Now()
		t.meters.running.Inc()
		var span trace.Span
		if t.tracer != nil {
			ctx, span = t.operation(ctx, h.Name, kind)
		}
		err = errPanicked
		defer func() {
			t.meters.running.Dec()
			took.Observe(time.Since(start).Seconds())
			if err == nil {
				good.Inc()
			} else {
				t.meters.operations.WithLabelValues(h.Name, codeOf(err)).Inc()
			}
			t.tell(ctx, h.Name, err, time.Since(start))
			if span != nil {
				end(span, err)
			}
		}()
		return call(ctx, in)
	}
	return h
}

// tell logs an operation that is over, for who follows a request through
// services: only at debug, for there is one for each.
func (t *Telemetry) tell(ctx context.Context, name string, err error, took time.Duration) {
	if t.log.Enabled(ctx, slog.LevelDebug) {
		t.log.LogAttrs(ctx, slog.LevelDebug, "operation", slog.String("op", name), slog.String("code", codeOf(err)),
			slog.Duration("took", took), slog.String("actor", string(ident.From(ctx).Kind)))
	}
}

// operation starts the span of an operation: of a server when it was asked for
// by another process, else a step within one.
func (t *Telemetry) operation(ctx context.Context, name, kind string) (context.Context, trace.Span) {
	ctx = parented(ctx)
	role := trace.SpanKindServer
	if here := trace.SpanContextFromContext(ctx); here.IsValid() && !here.IsRemote() {
		role = trace.SpanKindInternal
	}
	ctx, span := t.begin(ctx, name, trace.WithSpanKind(role))
	if span.IsRecording() {
		span.SetAttributes(attribute.String("mercer.op", name), attribute.String("mercer.op.kind", kind),
			attribute.String("mercer.actor.kind", string(ident.From(ctx).Kind)), attribute.String("mercer.request_id", ident.Request(ctx)))
	}
	return ctx, span
}

func kindOf(k op.Kind) string {
	if k == op.Query {
		return "query"
	}
	return "command"
}

// Caller returns a Caller that traces the calls that go out through next.
func (t *Telemetry) Caller(next op.Caller) op.Caller {
	if t.tracer == nil {
		return next
	}
	return caller{t, next}
}

type caller struct {
	t    *Telemetry
	next op.Caller
}

// Call implements op.Caller.
func (c caller) Call(ctx context.Context, name string, in, out any) (err error) {
	ctx, span := c.t.begin(parented(ctx), name, trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(attribute.String("mercer.op", name), attribute.String("mercer.request_id", ident.Request(ctx)))
	}
	err = errPanicked
	defer func() { end(span, err) }()
	return c.next.Call(ctx, name, in, out)
}
