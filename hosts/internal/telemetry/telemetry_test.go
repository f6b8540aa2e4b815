package telemetry_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
)

func TestWanted(t *testing.T) {
	for _, tc := range []struct {
		env  string
		want bool
		bad  string
	}{
		{"", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", true, ""},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/v1/traces", true, ""},
		{"OTEL_TRACES_EXPORTER=otlp", true, ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318", false, ""},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, ""},
		{"OTEL_TRACES_EXPORTER=zipkin", false, "OTEL_TRACES_EXPORTER"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_EXPORTER_OTLP_PROTOCOL=grpc", false, "http/protobuf"},
	} {
		env := map[string]string{}
		for one := range strings.FieldsSeq(tc.env) {
			name, value, _ := strings.Cut(one, "=")
			env[name] = value
		}
		got, err := telemetry.Wanted(func(name string) string { return env[name] })
		if got != tc.want || (err != nil) != (tc.bad != "") || err != nil && !strings.Contains(err.Error(), tc.bad) {
			t.Errorf("%s: %v, %v; want %v, %q", tc.env, got, err, tc.want, tc.bad)
		}
	}
}

// quietEnv unsets what the machine of the test may have set.
func quietEnv(t *testing.T) {
	t.Helper()
	for _, name := range []string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_TRACES_SAMPLER", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"} {
		t.Setenv(name, "")
	}
}

func TestOffIsTransparent(t *testing.T) {
	quietEnv(t)
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if next := (*caller)(nil); tel.Caller(next) != op.Caller(next) {
		t.Error("calls go through more than they must")
	}
	if tel.Connector(nil) != nil {
		t.Error("statements go through more than they must")
	}
	if ctx, end := tel.Request(t.Context(), "/v1", "GET"); ctx != t.Context() {
		t.Error("a request has another context")
	} else {
		end(200)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := metric(metrics(t, tel), `mercer_build_info{service="order",version=""}`); got != "1" {
		t.Errorf("mercer_build_info = %q, want 1", got)
	}
}

type caller struct{}

func (*caller) Call(context.Context, string, any, any) error { return nil }

// TestSpansReachTheCollector shows that the last spans of a process are out when
// Shutdown returns, also when it was stopped by a signal.
func TestSpansReachTheCollector(t *testing.T) {
	var got atomic.Pointer[string]
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(r.Body); err != nil {
				t.Error(err)
				return
			}
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		got.Store(new(r.URL.Path + string(data)))
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer collector.Close()
	quietEnv(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	t.Setenv("OTEL_SERVICE_NAME", "shop-two")
	ctx, stop := context.WithCancel(t.Context())
	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "order", Version: "v1.2.3", Instance: "one"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tel.Caller(new(caller)).Call(ctx, "toy.show", nil, nil); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := tel.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	sent := got.Load()
	if sent == nil {
		t.Fatal("nothing came")
	}
	for _, want := range []string{"/v1/traces", "toy.show", "service.name", "shop-two", "v1.2.3", "one", "deployment.environment.name"} {
		if !strings.Contains(*sent, want) {
			t.Errorf("%s is not in what came: %q", want, *sent)
		}
	}
	if strings.Contains(*sent, "order") {
		t.Error("OTEL_SERVICE_NAME does not win")
	}
}

func TestWrongVariablesAreTold(t *testing.T) {
	quietEnv(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "zipkin")
	if _, err := telemetry.Start(t.Context(), telemetry.Config{}, nil); err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_EXPORTER") {
		t.Errorf("error %v, want one that names the variable", err)
	}
}

func TestMetricsAreNotForStrangers(t *testing.T) {
	const token = "0123456789"
	tel := telemetry.Recorded(telemetry.Config{}, nil)
	for _, tc := range []struct {
		name, peer, token, header, value string
		want                             int
	}{
		{"this machine", "127.0.0.1:1", "", "", "", 200},
		{"this machine, IPv6", "[::1]:1", token, "", "", 200},
		{"private", "10.1.2.3:1", token, "", "", 200},
		{"private in IPv6 form", "[::ffff:192.168.1.1]:1", "", "", "", 200},
		{"unique local", "[fd00::1]:1", "", "", "", 200},
		{"stranger", "203.0.113.1:1", "", "", "", 404},
		{"stranger, IPv6", "[2001:db8::1]:1", "", "", "", 404},
		{"stranger beside 172.16/12", "172.32.0.1:1", "", "", "", 404},
		{"no address", "@", "", "", "", 404},
		{"claims to be near", "203.0.113.1:1", "", "X-Forwarded-For", "127.0.0.1", 404},
		{"through a proxy", "10.1.2.3:1", "", "X-Forwarded-For", "203.0.113.1", 404},
		{"through a proxy that says nothing", "10.1.2.3:1", "", "X-Forwarded-For", "", 404},
		{"through another proxy", "127.0.0.1:1", "", "Forwarded", "for=203.0.113.1", 404},
		{"through a third", "127.0.0.1:1", "", "X-Real-Ip", "203.0.113.1", 404},
		{"through a proxy, with token", "10.1.2.3:1", token, "X-Forwarded-For", "203.0.113.1", 401},
		{"stranger without token", "203.0.113.1:1", token, "", "", 401},
		{"stranger with token", "203.0.113.1:1", token, "Authorization", "Bearer " + token, 200},
		{"lower case", "203.0.113.1:1", token, "Authorization", "bearer " + token, 200},
		{"another token", "203.0.113.1:1", token, "Authorization", "Bearer " + token + "x", 401},
		{"another scheme", "203.0.113.1:1", token, "Authorization", "Basic " + token, 401},
		{"empty token", "203.0.113.1:1", "", "Authorization", "Bearer ", 404},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = tc.peer
		if tc.header != "" {
			r.Header.Set(tc.header, tc.value)
		}
		w := httptest.NewRecorder()
		tel.Metrics(tc.token).ServeHTTP(w, r)
		if w.Code != tc.want || strings.Contains(w.Body.String(), "go_goroutines") != (tc.want == 200) {
			t.Errorf("%s: %d %.80q, want %d", tc.name, w.Code, w.Body, tc.want)
		}
	}
	w := httptest.NewRecorder()
	tel.Metrics("").ServeHTTP(w, httptest.NewRequest("POST", "/metrics", nil))
	if w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d %v, want 405", w.Code, w.Header())
	}
}

func TestOutboxIsAskedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, fail := 0, false
		tel := telemetry.Recorded(telemetry.Config{}, nil)
		tel.Outbox(func(ctx context.Context) (int, time.Duration, int, error) {
			asked++
			if fail {
				<-ctx.Done()
				return 0, 0, 0, errors.Join(ctx.Err(), errors.New("hunter2"))
			}
			return 3, 1500 * time.Millisecond, asked, nil
		})
		for range 5 {
			text := metrics(t, tel)
			for series, want := range map[string]string{"mercer_outbox_up": "1", "mercer_outbox_waiting": "3", "mercer_outbox_oldest_seconds": "1.5", "mercer_dead_letters": "1"} {
				if got := metric(text, series); got != want {
					t.Errorf("%s = %q, want %s", series, got, want)
				}
			}
			time.Sleep(time.Second - 1) // of the bubble's clock
		}
		if asked != 1 {
			t.Errorf("asked %d times in 5 seconds, want once", asked)
		}
		time.Sleep(time.Second)
		fail = true
		start := time.Now()
		text := metrics(t, tel)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("waited %v for an outbox that says nothing, want 2s", took)
		}
		if metric(text, "mercer_outbox_up") != "0" || metric(text, "mercer_outbox_waiting") != "" || strings.Contains(text, "hunter2") {
			t.Errorf("an outbox that fails shows as\n%s", text)
		}
	})
}

func TestPaymentsShow(t *testing.T) {
	tel := telemetry.Recorded(telemetry.Config{}, nil)
	tel.Payments(func(context.Context) (time.Duration, int64, int64, error) { return 90 * time.Second, 2, 3, nil })
	tel.Outbox(func(context.Context) (int, time.Duration, int, error) { return 0, 0, 0, nil }) // beside each other
	text := metrics(t, tel)
	for series, want := range map[string]string{"mercer_payments_up": "1", "mercer_webhook_oldest_seconds": "90", "mercer_payments_unknown": "2",
		"mercer_reconciliation_breaks": "3", "mercer_outbox_up": "1"} {
		if got := metric(text, series); got != want {
			t.Errorf("%s = %q, want %s", series, got, want)
		}
	}
	tel = telemetry.Recorded(telemetry.Config{}, nil)
	tel.Payments(func(context.Context) (time.Duration, int64, int64, error) { return 0, 0, 0, errors.New("hunter2") })
	if text := metrics(t, tel); metric(text, "mercer_payments_up") != "0" || metric(text, "mercer_payments_unknown") != "" || strings.Contains(text, "hunter2") {
		t.Errorf("payments that do not answer show as\n%s", text)
	}
}
