package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
)

// TestEndings shows how each way to end is counted.
func TestEndings(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel := telemetry.Recorded(telemetry.Config{}, sdktrace.NewSimpleSpanProcessor(spans))
	var how func() error
	var h op.Handler
	op.Handle(tel.Registrar(op.RegistrarFunc(func(got op.Handler) { h = got })), opShow,
		func(context.Context, toyID) (op.Nothing, error) { return op.Nothing{}, how() })
	for _, tc := range []struct {
		code, status string
		how          func() error
	}{
		{"ok", "Unset", func() error { return nil }},
		{"toy.broken", "Unset", func() error { return errToy.Because(errors.New("hunter2")) }},
		{"unavailable", "Error", func() error { return fault.ErrUnavailable }},
		{"internal", "Error", func() error { return errors.New("hunter2") }},
		{"canceled", "Error", func() error { return context.Canceled }},
		{"timeout", "Error", func() error { return context.DeadlineExceeded }},
		{"internal", "Error", func() error { panic("hunter2") }},
	} {
		spans.Reset()
		before := metric(metrics(t, tel), `mercer_operations_total{code="`+tc.code+`",op="toy.show"}`)
		how = tc.how
		func() {
			defer func() { _ = recover() }()
			_, _ = h.Call(t.Context(), &toyID{})
		}()
		text := metrics(t, tel)
		if after := metric(text, `mercer_operations_total{code="`+tc.code+`",op="toy.show"}`); after == before {
			t.Errorf("%s: not counted:\n%s", tc.code, text)
		}
		if metric(text, "mercer_operations_in_flight") != "0" {
			t.Errorf("%s: is in flight for ever", tc.code)
		}
		got := spans.GetSpans()
		if len(got) != 1 || got[0].Status.Code.String() != tc.status {
			t.Errorf("%s: spans %+v, want one with status %s", tc.code, got, tc.status)
		}
		if data, _ := json.Marshal(got); bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("%s: the text of an error is in a span", tc.code)
		}
	}
}

func TestHandlerCounts(t *testing.T) {
	tel := telemetry.Recorded(telemetry.Config{}, nil)
	var seen string
	h := tel.Handler(func(ctx context.Context, e event.Envelope) error {
		seen = ident.Trace(ctx)
		if e.Key == "bad" {
			return errToy
		}
		return nil
	}, "mail")
	given := "00-" + givenTrace + "-" + givenParent + "-01"
	for _, e := range []event.Envelope{{Name: "toy.sold", Key: "a", Trace: given}, {Name: "toy.sold", Key: "bad", Trace: "garbage"}} {
		err := h(t.Context(), e)
		if (err != nil) != (e.Key == "bad") {
			t.Errorf("%s: %v", e.Key, err)
		}
		if want := map[string]string{"a": given, "bad": ""}[e.Key]; seen != want {
			t.Errorf("%s: trace %q, want %q", e.Key, seen, want)
		}
	}
	text := metrics(t, tel)
	for _, result := range []string{"ok", "error"} {
		if got := metric(text, `mercer_events_handled_total{consumer="mail",event="toy.sold",result="`+result+`"}`); got != "1" {
			t.Errorf("%s: %q, want 1", result, got)
		}
	}
	if got := metric(text, `mercer_event_duration_seconds_count{consumer="mail",event="toy.sold"}`); got != "2" {
		t.Errorf("durations of %q events, want 2", got)
	}
}

func TestBusCountsItsSubscribers(t *testing.T) {
	tel := telemetry.Recorded(telemetry.Config{}, nil)
	own := membus.New(slog.New(slog.DiscardHandler))
	b := tel.Bus(own)
	for _, group := range []string{"mail", ""} {
		if _, err := b.Subscribe(t.Context(), group, []string{"toy.sold"}, func(context.Context, event.Envelope) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	err := b.Publish(t.Context(), event.Envelope{ID: "evt_1", Name: "toy.sold", Key: "k", Seq: 1, Data: []byte("{}")})
	if err = errors.Join(err, own.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, consumer := range []string{"mail", "every process"} {
		if got := metric(metrics(t, tel), `mercer_events_handled_total{consumer="`+consumer+`",event="toy.sold",result="ok"}`); got != "1" {
			t.Errorf("%s: %q, want 1", consumer, got)
		}
	}
}

// TestParentThatCannotBeRead shows that garbage from a wire begins a new trace.
func TestParentThatCannotBeRead(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	c := telemetry.Recorded(telemetry.Config{}, sdktrace.NewSimpleSpanProcessor(spans)).Caller(new(caller))
	good := "00-" + givenTrace + "-" + givenParent + "-01"
	for _, given := range []string{"", "x", good[1:], "01" + good[2:], "00_" + good[3:], strings.ToUpper(good), good[:53] + "zz", good[:54] + "g",
		"00-" + strings.Repeat("0", 32) + good[35:], good[:36] + strings.Repeat("0", 16) + good[52:], good + "-", strings.Repeat("-", 55)} {
		spans.Reset()
		if err := c.Call(ident.WithTrace(t.Context(), given), "toy.show", nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := spans.GetSpans(); len(got) != 1 || got[0].Parent.IsValid() || !got[0].SpanContext.IsValid() {
			t.Errorf("%q: spans %+v, want one without a parent", given, got)
		}
	}
}

// metrics returns what /metrics shows to the machine itself.
func metrics(t *testing.T, tel *telemetry.Telemetry) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:5"
	w := httptest.NewRecorder()
	tel.Metrics("").ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// metric returns the value of a series, "" when there is none.
func metric(text, series string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return value
		}
	}
	return ""
}

func BenchmarkRegistrar(b *testing.B) {
	work := func(context.Context, toyID) (op.Nothing, error) { return op.Nothing{}, nil }
	ctx := ident.WithRequest(ident.With(context.Background(), ident.Actor{Kind: ident.Guest}), "req_1")
	bench := func(b *testing.B, ctx context.Context, wrap func(op.Registrar) op.Registrar) {
		var h op.Handler
		op.Handle(wrap(op.RegistrarFunc(func(got op.Handler) { h = got })), opShow, work)
		in := &toyID{}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.Call(ctx, in); err != nil {
				b.Fatal(err)
			}
		}
	}
	silent := sdktrace.NewBatchSpanProcessor(tracetest.NewNoopExporter())
	b.Run("bare", func(b *testing.B) { bench(b, ctx, func(r op.Registrar) op.Registrar { return r }) })
	b.Run("off", func(b *testing.B) { bench(b, ctx, telemetry.Recorded(telemetry.Config{}, nil).Registrar) })
	b.Run("on", func(b *testing.B) { bench(b, ctx, telemetry.Recorded(telemetry.Config{}, silent).Registrar) })
	b.Run("unsampled", func(b *testing.B) {
		bench(b, ident.WithTrace(ctx, "00-"+givenTrace+"-"+givenParent+"-00"), telemetry.Recorded(telemetry.Config{}, silent).Registrar)
	})
}
