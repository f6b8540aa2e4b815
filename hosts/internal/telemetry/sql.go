package telemetry

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// Connector returns c with its statements traced, where they belong to a span
// that is sampled; it is boot.Config.Connect. A span has the text of the
// statement without its values.
func (t *Telemetry) Connector(c driver.Connector) driver.Connector {
	if t.tracer == nil {
		return c
	}
	wrapped := otelsql.WrapDriver(fixed{c},
		otelsql.WithTracerProvider(t.provider), otelsql.WithMeterProvider(noop.NewMeterProvider()),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			DisableQuery: true, OmitConnResetSession: true, OmitConnPrepare: true, OmitRows: true, OmitConnectorConnect: true,
			RecordError: func(error) bool { return false }, // its text has values in it
			SpanFilter:  sampled,
		}),
		otelsql.WithSpanNameFormatter(spanName), otelsql.WithAttributesGetter(queryText), otelsql.WithSpanErrorAttributesGetter(errorType))
	traced, err := wrapped.(driver.DriverContext).OpenConnector("")
	if err != nil {
		panic("telemetry: " + err.Error()) // fixed does not fail
	}
	return traced
}

// fixed is a driver of one connector: otelsql wraps drivers only.
type fixed struct{ driver.Connector }

// Open implements driver.Driver.
func (f fixed) Open(string) (driver.Conn, error) { return f.Connect(context.Background()) }

// OpenConnector implements driver.DriverContext.
func (f fixed) OpenConnector(string) (driver.Connector, error) { return f.Connector, nil }

func sampled(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
	return trace.SpanContextFromContext(ctx).IsSampled()
}

func spanName(_ context.Context, method otelsql.Method, query string) string {
	if query == "" {
		return string(method)
	}
	return summary(query)
}

func queryText(_ context.Context, _ otelsql.Method, query string, _ []driver.NamedValue) []attribute.KeyValue {
	if query == "" {
		return nil
	}
	return []attribute.KeyValue{attribute.String("db.query.text", scrub(query))}
}

func errorType(err error) []attribute.KeyValue {
	if errors.Is(err, driver.ErrSkip) {
		return nil
	}
	return []attribute.KeyValue{attribute.String("error.type", fmt.Sprintf("%T", err))}
}
