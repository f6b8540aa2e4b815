package fleettest_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestPlatform has one platform whose user service signs access tokens with keys
// of its own, which logs and traces everything, and asks it what operators and
// shoppers ask. Only the payment service has a file of the test provider.
func TestPlatform(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	keys, traces := t.TempDir(), collect(t)
	if _, err := jwtauth.NewKey(keys); err != nil {
		t.Fatal(err)
	}
	f := fleettest.Prepare(t, fleettest.Options{Keys: keys, Env: []string{
		"MERCER_LOG=debug,json", "MERCER_STOREFRONT_URL=https://shop.example", "MERCER_FAKEPAY=" + filepath.Join(t.TempDir(), "nowhere", "bank.db"),
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.url, "OTEL_BSP_SCHEDULE_DELAY=100",
	}})
	f.Set("payment", "MERCER_FAKEPAY="+filepath.Join(t.TempDir(), "bank.db"))
	for _, name := range append([]string{"nats"}, f.Names()...) {
		f.Begin(name)
	}
	for _, name := range f.Names() {
		f.Ready(name)
	}
	p := running{t, f, f.Key("*"), keys}
	staff := fleettest.Staff(t, f.URL, p.key)
	mug := staff.Variant("Mug", 1499, 100_000)
	t.Run("services", p.services)
	t.Run("one request", func(t *testing.T) { p.oneRequest(t, traces, mug) })
	t.Run("files", p.files)
	t.Run("keys", func(t *testing.T) { p.signingKeys(t, mug) })
	fleettest.Audit(t, f.DSN)
	t.Run("alone", p.alone)
}

// running is a platform that runs.
type running struct {
	t     *testing.T
	fleet *fleettest.Fleet
	key   string // opens everything
	keys  string // directory of the user service's keys
}

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// field returns a text in a JSON object.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(a.body, &all); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	s, _ := all[name].(string)
	return s
}

// ask sends a request to the gateway; pairs of headers follow the body.
func (p running) ask(t *testing.T, route, body string, header ...string) answer {
	t.Helper()
	return ask(t, p.fleet.URL, route, body, header...)
}

func ask(t *testing.T, url, route, body string, header ...string) answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, data}
}

// want wants an answer with a status.
func (p running) want(t *testing.T, status int, route, body string, header ...string) answer {
	t.Helper()
	a := p.ask(t, route, body, header...)
	if a.status != status {
		t.Fatalf("%s: %d %.500s, want %d", route, a.status, a.body, status)
	}
	return a
}

// sorted returns the keys of m.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
