// Package telemetry shows what the programs of Mercer do: traces, metrics and
// logs that one id holds together. It wraps the ports that work goes through
// (op.Registrar, op.Caller, event.Handler, driver.Connector), so that neither
// engines nor transports know of it.
//
// Traces go out as OTLP over HTTP, as the OTEL_* variables of the OpenTelemetry
// standard say; without them nothing is traced and nothing is paid. Metrics are
// read at /metrics in the format of Prometheus.
//
// What people get wrong: what is in a trace or a label stays for years and is
// read by many. Texts of errors, arguments of statements, paths and ids are
// neither; codes, templates and names are.
package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config says whose telemetry it is.
type Config struct {
	Service  string // "gateway", "order"; OTEL_SERVICE_NAME wins over it
	Version  string // of the program
	Instance string // tells processes of one service apart
}

// Telemetry is the tracing and the metrics of one process. It is safe for
// concurrent use.
type Telemetry struct {
	log      *slog.Logger
	provider *sdktrace.TracerProvider // nil: nothing is traced
	tracer   trace.Tracer             // nil: nothing is traced
	registry *prometheus.Registry
	meters   meters
}

// flushing is how long Shutdown may take.
const flushing = 5 * time.Second

// Start starts the telemetry of a process. Traces are on when
// OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, or
// OTEL_TRACES_EXPORTER is otlp; they are sampled as their parent is, or as
// OTEL_TRACES_SAMPLER says. It returns an error for variables that ask for what
// is not here.
func Start(ctx context.Context, c Config, log *slog.Logger) (*Telemetry, error) {
	log = cmp.Or(log, slog.Default())
	on, err := wanted(os.Getenv)
	if err != nil || !on {
		return newTelemetry(c, log, nil), err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", "err", err) }))
	about, err := describe(ctx, c)
	if err != nil {
		return nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	return newTelemetry(c, log, sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))), nil
}

// newTelemetry returns a Telemetry that traces by p, nil for not at all.
func newTelemetry(c Config, log *slog.Logger, p *sdktrace.TracerProvider) *Telemetry {
	t := &Telemetry{log: log, provider: p, registry: prometheus.NewRegistry()}
	if p != nil {
		t.tracer = p.Tracer("github.com/mercer-commerce/mercer")
	}
	t.meters = newMeters(t.registry, c)
	return t
}

// wanted reads whether traces are to go out.
func wanted(env func(string) string) (bool, error) {
	endpoint := cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), env("OTEL_EXPORTER_OTLP_ENDPOINT"))
	exporter := env("OTEL_TRACES_EXPORTER")
	switch {
	case env("OTEL_SDK_DISABLED") == "true" || exporter == "none" || exporter == "" && endpoint == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("telemetry: OTEL_TRACES_EXPORTER is %q: want otlp or none", exporter)
	}
	protocol := cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), env("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	if protocol != "http/protobuf" {
		return false, fmt.Errorf("telemetry: OTEL_EXPORTER_OTLP_PROTOCOL is %q: want http/protobuf, collectors take it at port 4318", protocol)
	}
	return true, nil
}

// describe returns what each trace says of the process. The environment wins.
func describe(ctx context.Context, c Config) (*resource.Resource, error) {
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.namespace", "mercer"), attribute.String("service.name", cmp.Or(c.Service, "mercer")),
		attribute.String("service.version", c.Version), attribute.String("service.instance.id", c.Instance),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("telemetry: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return about, nil
}

// Shutdown sends the spans that are not out yet, for 5 seconds at most, also
// when ctx has ended. Nothing is traced after it.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushing)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("telemetry: traces are lost: %w", err)
	}
	return nil
}
