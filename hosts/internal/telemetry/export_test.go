package telemetry

import (
	"log/slog"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Recorded returns a Telemetry whose spans p takes, nil for none.
func Recorded(c Config, p sdktrace.SpanProcessor, opts ...sdktrace.TracerProviderOption) *Telemetry {
	log := slog.New(slog.DiscardHandler)
	if p == nil {
		return newTelemetry(c, log, nil)
	}
	return newTelemetry(c, log, sdktrace.NewTracerProvider(append(opts, sdktrace.WithSpanProcessor(p))...))
}

var (
	Wanted  = wanted
	Scrub   = scrub
	Summary = summary
)
