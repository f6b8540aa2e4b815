package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/loopback"
)

type toyID struct {
	ID string `json:"id" path:"id"`
}

var (
	errToy  = fault.New(fault.Refused, "toy.broken", "the toy is broken")
	opShow  = op.Op[toyID, op.Nothing]{Name: "toy.show", Access: op.Anyone}
	opStore = op.Op[toyID, op.Nothing]{Name: "toy.store", Access: op.Anyone}
	opWho   = op.Op[toyID, op.Nothing]{Name: "toy.who", Kind: op.Query, Access: op.Inside}
)

// platform is a gateway with one service behind it, whose spans go to one place.
type platform struct {
	spans *tracetest.InMemoryExporter
	tel   *telemetry.Telemetry
	mux   *httpapi.Mux
	db    *bunstore.DB
	logs  *bytes.Buffer
}

func newPlatform(t *testing.T, opts ...sdktrace.TracerProviderOption) *platform {
	t.Helper()
	p := &platform{spans: tracetest.NewInMemoryExporter(), logs: new(bytes.Buffer)}
	p.tel = telemetry.Recorded(telemetry.Config{}, sdktrace.NewSimpleSpanProcessor(p.spans), opts...)
	log := slog.New(telemetry.Logs(slog.NewJSONHandler(p.logs, nil)))
	db, err := bunstore.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), &bunstore.Options{Connect: p.tel.Connector})
	if err != nil {
		t.Fatal(err)
	}
	p.db = db
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	wire := new(loopback.Wire)
	service := p.tel.Registrar(wire)
	op.Handle(service, opStore, func(ctx context.Context, in toyID) (op.Nothing, error) {
		log.InfoContext(ctx, "stored by the service")
		if in.ID == "broken" {
			return op.Nothing{}, errToy
		}
		return op.Nothing{}, db.Record(ctx, event.Envelope{ID: ident.NewID("evt"), Name: "toy.stored", Key: "toy_hunter2", At: time.Now(), Data: []byte(`{}`)})
	})
	op.Handle(service, opWho, func(context.Context, toyID) (op.Nothing, error) { return op.Nothing{}, nil })
	remote := p.tel.Caller(wire)
	p.mux = httpapi.New(&httpapi.Options{
		Log: log, Observe: p.tel.Observe, Trace: p.tel.Request, Routes: []httpapi.Route{{Op: "toy.show", Pattern: "POST /v1/toys/{id}"}},
		Authenticator: door{remote},
	})
	op.Handle(p.tel.Registrar(p.mux), opShow, func(ctx context.Context, in toyID) (op.Nothing, error) {
		return op.Call(ctx, remote, opStore, in)
	})
	return p
}

// door asks a service who somebody is.
type door struct{ op.Caller }

func (d door) Authenticate(ctx context.Context, _ string) (ident.Actor, error) {
	_, err := op.Call(ident.As(ctx, "door"), d.Caller, opWho, toyID{})
	return ident.Actor{Kind: ident.Staff, ID: "key_1"}, err
}

// send sends a request with header pairs.
func (p *platform) send(t *testing.T, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.mux.ServeHTTP(w, r)
	return w
}

// pending returns the events that wait in the outbox.
func (p *platform) pending(t *testing.T) (out []event.Envelope) {
	t.Helper()
	for part := range outbox.Parts {
		rows, err := bunstore.Outbox{DB: p.db}.Pending(t.Context(), part, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.Event)
		}
	}
	return out
}

// paths returns each span as the names from its root to it.
func paths(spans tracetest.SpanStubs) (out []string) {
	byID := map[trace.SpanID]tracetest.SpanStub{}
	for _, s := range spans {
		byID[s.SpanContext.SpanID()] = s
	}
	for _, s := range spans {
		names := []string{}
		for at, ok := s, true; ok; at, ok = byID[at.Parent.SpanID()] {
			names = append([]string{at.Name + " " + at.SpanKind.String()}, names...)
		}
		out = append(out, strings.Join(names, " > "))
	}
	slices.Sort(out)
	return out
}

const (
	givenTrace  = "0af7651916cd43dd8448eb211c80319c"
	givenParent = "b7ad6b7169203331"
)

func TestOneTrace(t *testing.T) {
	p := newPlatform(t)
	p.spans.Reset() // of opening the database
	w := p.send(t, "/v1/toys/ball", "Traceparent", "00-"+givenTrace+"-"+givenParent+"-01", "Authorization", "Bearer x", "Request-Id", "req_1")
	if w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, e := range p.pending(t) {
		err := p.tel.Handler(func(ctx context.Context, _ event.Envelope) error {
			_, err := p.db.Mark(ctx, "mail", "k", once.Done)
			return err
		}, "mail")(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
	}
	spans := p.spans.GetSpans()
	for _, s := range spans {
		if s.SpanContext.TraceID().String() != givenTrace {
			t.Errorf("%s is in trace %s, want %s", s.Name, s.SpanContext.TraceID(), givenTrace)
		}
	}
	const root = "POST /v1/toys/{id} server"
	const store = root + " > toy.show internal > toy.store client > toy.store server"
	got := paths(spans)
	for _, want := range []string{
		root, root + " > toy.who client", root + " > toy.who client > toy.who server", root + " > toy.show internal", store,
		store + " > INSERT mercer_outbox client", store + " > mail toy.stored consumer", store + " > mail toy.stored consumer > INSERT mercer_once client",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no span %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == "POST /v1/toys/{id}" })
	if i < 0 || spans[i].Parent.SpanID().String() != givenParent {
		t.Errorf("the parent of the request is not who sent it")
	}
	if text, _ := json.Marshal(spans); bytes.Contains(text, []byte("hunter2")) {
		t.Errorf("an argument of a statement is in a span: %s", text)
	}
}

func TestOneRequestInTheLogs(t *testing.T) {
	p := newPlatform(t)
	p.send(t, "/v1/toys/ball", "Request-Id", "req_1")
	lines := strings.Split(strings.TrimSpace(p.logs.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("logs %v, want one line of the service and one of the door", lines)
	}
	id := p.spans.GetSpans()[0].SpanContext.TraceID().String()
	for _, line := range lines {
		if strings.Count(line, `"request_id":"req_1"`) != 1 || strings.Count(line, `"trace_id":"`+id+`"`) != 1 {
			t.Errorf("%s: want request_id and trace_id %s once", line, id)
		}
	}
}

// TestSampledAsItsParent shows that a caller who does not trace is not traced,
// and that its trace goes on all the same.
func TestSampledAsItsParent(t *testing.T) {
	p := newPlatform(t)
	p.spans.Reset()
	p.send(t, "/v1/toys/ball", "Traceparent", "00-"+givenTrace+"-"+givenParent+"-00")
	if spans := p.spans.GetSpans(); len(spans) != 0 {
		t.Errorf("traced %v", paths(spans))
	}
	for _, e := range p.pending(t) {
		if !strings.HasPrefix(e.Trace, "00-"+givenTrace+"-") || !strings.HasSuffix(e.Trace, "-00") {
			t.Errorf("event has trace %q", e.Trace)
		}
	}
}

func TestMalformedParentBeginsATrace(t *testing.T) {
	p := newPlatform(t)
	p.send(t, "/v1/toys/ball", "Traceparent", "00-"+givenTrace+"-0000000000000000-01")
	for _, s := range p.spans.GetSpans() {
		if s.SpanContext.TraceID().String() == givenTrace {
			t.Errorf("%s follows a parent that is none", s.Name)
		}
	}
}

// TestBackgroundIsNotTraced shows that statements of nobody's request make no
// spans.
func TestBackgroundIsNotTraced(t *testing.T) {
	p := newPlatform(t)
	if err := p.db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.pending(t)
	if spans := p.spans.GetSpans(); len(spans) != 0 {
		t.Errorf("spans without a parent: %v", paths(spans))
	}
}

func TestPools(t *testing.T) {
	p := newPlatform(t)
	p.tel.Pools(p.db.Stats)
	err := p.db.Do(t.Context(), func(context.Context) error {
		text := metrics(t, p.tel)
		for series, want := range map[string]string{`mercer_db_connections{pool="write",state="in_use"}`: "1", `mercer_db_connections{pool="read",state="in_use"}`: "0",
			`mercer_db_connections_max{pool="write"}`: "1", `mercer_db_waits_total{pool="write"}`: "0"} {
			if got := metric(text, series); got != want {
				t.Errorf("%s = %q, want %s", series, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFaultsInSpansAndMetrics(t *testing.T) {
	p := newPlatform(t)
	if w := p.send(t, "/v1/toys/broken"); w.Code != 409 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	p.send(t, "/v1/toys/ball")
	p.send(t, "/nowhere/toy_hunter2")
	found := 0
	for _, s := range p.spans.GetSpans() {
		for _, a := range s.Attributes {
			if a.Key == "mercer.fault.code" && a.Value.AsString() == errToy.Code {
				found++
			}
		}
		if s.Status.Code.String() == "Error" {
			t.Errorf("%s is an error: %+v; a refusal is an answer", s.Name, s.Status)
		}
	}
	if found != 3 {
		t.Errorf("%d spans name the fault, want 3", found)
	}
	text := metrics(t, p.tel)
	for _, want := range []string{
		`mercer_operations_total{code="ok",op="toy.show"} 1`, `mercer_operations_total{code="toy.broken",op="toy.show"} 1`,
		`mercer_operations_total{code="toy.broken",op="toy.store"} 1`, `mercer_operation_duration_seconds_count{op="toy.store"} 2`,
		`mercer_operations_in_flight 0`,
		`mercer_http_requests_total{method="POST",route="/v1/toys/{id}",status="409"} 1`, `mercer_http_requests_total{method="POST",route="none",status="404"} 1`,
		`mercer_http_request_duration_seconds_count{method="POST",route="/v1/toys/{id}"} 2`,
	} {
		if !slices.Contains(strings.Split(text, "\n"), want) {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Error("a path is in the metrics")
	}
}

func TestStripeVersions(t *testing.T) {
	p := newPlatform(t)
	for _, version := range []string{"2026-08-26.dahlia", "2026-08-26.dahlia", ""} {
		p.tel.StripeVersion(version)
	}
	text := metrics(t, p.tel)
	for _, want := range []string{`mercer_stripe_version_mismatches_total{version="2026-08-26.dahlia"} 2`, `mercer_stripe_version_mismatches_total{version="none"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
}
