package fleettest_test

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// oneRequest follows a request that completes a cart, by the id and the trace
// that it came with, through the logs and the traces of all who had a part in it.
func (p running) oneRequest(t *testing.T, traces *collector, variant string) {
	const (
		request = "req_followed"
		trace   = "4bf92f3577b34da6a3ce929d0e0e4736"
		caller  = "00f067aa0ba902b7"
	)
	guest := fleettest.Staff(t, p.fleet.URL, "")
	cart := guest.Cart(shoptest.Line{Variant: variant, Quantity: 1})
	ctx := ident.WithTrace(ident.WithRequest(shoptest.Guest(t.Context(), cart), request), "00-"+trace+"-"+caller+"-01")
	if _, err := guest.Shop.Checkout.Complete(ctx, checkout.CompleteInput{ID: cart.ID, ExpectedTotal: cart.Totals.Total, Payment: checkout.Means{Method: "cash_on_delivery"}}); err != nil {
		t.Fatal(err)
	}
	for process, operation := range map[string]string{
		"gateway": "checkout.complete", "order": "checkout.complete", "product": "inventory.reserve", "payment": "payment.open", "cart": "cart.close",
	} {
		p.fleet.Until(process+" logs the request", func() bool {
			return slices.ContainsFunc(lines(t, p.fleet.Said(process)), func(l line) bool {
				return l.Request == request && l.Op == operation && l.Code == "ok" && l.Trace == trace && l.Service == process
			})
		})
	}
	p.fleet.Until("a line of the access log", func() bool {
		return slices.ContainsFunc(lines(t, p.fleet.Said("gateway")), func(l line) bool { return l.Request == request && l.Route == "/v1/carts/{id}/complete" })
	})
	p.fleet.Until("a trace from HTTP to consumers", func() bool { return len(missing(traces.of(trace), caller)) == 0 })
	for _, what := range missing(traces.of(trace), caller) {
		t.Errorf("the trace has no %s: %+v", what, traces.of(trace))
	}
}

// missing returns what a trace of a sale does not have.
func missing(spans []span, caller string) (left []string) {
	services := map[string]bool{}
	for _, s := range spans {
		services[s.service] = true
	}
	for what, is := range map[string]func(span) bool{
		"gateway below its caller": func(s span) bool {
			return s.service == "gateway" && s.parent == caller && s.name == "POST /v1/carts/{id}/complete"
		},
		"call over NATS":      func(s span) bool { return s.service == "gateway" && s.kind == client && s.name == "checkout.complete" },
		"operation over NATS": func(s span) bool { return s.service == "payment" && s.kind == server },
		"statement":           func(s span) bool { return s.service == "order" && s.sql },
		"consumer elsewhere":  func(s span) bool { return s.service == "notification" && s.kind == consumer },
		"four services":       func(span) bool { return len(services) >= 4 },
		"parent of every span": func(span) bool {
			return !slices.ContainsFunc(spans, func(s span) bool {
				return s.parent != caller && !slices.ContainsFunc(spans, func(o span) bool { return o.id == s.parent })
			})
		},
	} {
		if !slices.ContainsFunc(spans, is) {
			left = append(left, what)
		}
	}
	return left
}

// line is a line of a log.
type line struct {
	Service string `json:"service"`
	Op      string `json:"op"`
	Code    string `json:"code"`
	Route   string `json:"route"`
	Request string `json:"request_id"`
	Trace   string `json:"trace_id"`
}

func lines(t *testing.T, log string) (all []line) {
	t.Helper()
	log = log[:strings.LastIndexByte(log, '\n')+1] // the last one may be half there
	for text := range strings.Lines(log) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		all = append(all, l)
	}
	return all
}

// span is a part of a trace.
type span struct {
	service, name, id, parent string
	kind                      tracepb.Span_SpanKind
	sql                       bool
}

const (
	server   = tracepb.Span_SPAN_KIND_SERVER
	client   = tracepb.Span_SPAN_KIND_CLIENT
	consumer = tracepb.Span_SPAN_KIND_CONSUMER
)

// collector takes traces, as one of OpenTelemetry does.
type collector struct {
	url string

	mu    sync.Mutex
	spans map[string][]span // by trace
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string][]span{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		data, err := io.ReadAll(body)
		if err != nil {
			return // of a process that was killed
		}
		if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s of %s came for traces", r.URL.Path, r.Header.Get("Content-Type"))
		}
		c.take(t, data)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

// take reads an ExportTraceServiceRequest, which is a TracesData by another name.
func (c *collector) take(t *testing.T, data []byte) {
	var all tracepb.TracesData
	if err := proto.Unmarshal(data, &all); err != nil {
		t.Error(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range all.GetResourceSpans() {
		service := ""
		for _, a := range r.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range r.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				one := span{service: service, name: s.GetName(), id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()), kind: s.GetKind()}
				for _, a := range s.GetAttributes() {
					one.sql = one.sql || a.GetKey() == "db.query.text"
				}
				id := hex.EncodeToString(s.GetTraceId())
				c.spans[id] = append(c.spans[id], one)
			}
		}
	}
}

func (c *collector) of(trace string) []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans[trace])
}
