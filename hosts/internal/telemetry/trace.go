package telemetry

import (
	"context"
	"encoding/hex"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// begin starts a span below the work of ctx, which parented has looked at, and
// puts it where both OpenTelemetry and ident find it. It must not be called when
// nothing is traced.
func (t *Telemetry) begin(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	ctx, span := t.tracer.Start(ctx, name, opts...)
	return ident.WithTrace(ctx, traceparent(span.SpanContext())), span
}

// parented makes the work that ident names the parent of spans. It wins over
// what OpenTelemetry finds: only ident crosses wires.
func parented(ctx context.Context) context.Context {
	named := remote(ident.Trace(ctx))
	here := trace.SpanContextFromContext(ctx)
	if !named.IsValid() || here.SpanID() == named.SpanID() && here.TraceID() == named.TraceID() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, named)
}

// remote reads a traceparent of version 00. What cannot be read is not valid.
func remote(parent string) trace.SpanContext {
	if len(parent) != 55 || parent[:3] != "00-" || parent[35] != '-' || parent[52] != '-' {
		return trace.SpanContext{}
	}
	id, err1 := trace.TraceIDFromHex(parent[3:35])
	span, err2 := trace.SpanIDFromHex(parent[36:52])
	flags, err3 := hex.DecodeString(parent[53:])
	if err1 != nil || err2 != nil || err3 != nil {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true})
}

// traceparent writes a span as W3C wants it.
func traceparent(c trace.SpanContext) string {
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + (c.TraceFlags() & trace.FlagsSampled).String()
}

// errPanicked stands for a call that panicked.
var errPanicked = errors.New("panic")

// codeOf names how a call ended, for a label: "ok", the code of a fault,
// "canceled" or "timeout" when the caller's time was over, or "internal".
func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Code
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return fault.ErrInternal.Code
	}
}

// end ends a span with how its work ended. Only what the shop is to blame for
// is an error: a refusal is an answer.
func end(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		kind := fault.KindOf(err)
		span.SetAttributes(attribute.String("mercer.fault.code", codeOf(err)), attribute.String("mercer.fault.kind", string(kind)))
		if kind == fault.Internal || kind == fault.Unavailable {
			span.SetStatus(codes.Error, codeOf(err))
		}
	}
	span.End()
}
