package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

// hostile are texts that break what is glued together instead of bound, or what
// does not look at its input.
var hostile = []string{
	`'`, `"`, `\`, `' OR '1'='1`, `'; DROP TABLE mercer_cart; --`, `1) OR SLEEP(5)#`, "`", `?`, `{cart}`, `%`, `_`, `%00`, "\x01", "é", "🥖", "\u202e", `../../etc/passwd`,
	`{{.}}`, `<script>alert(1)</script>`, `1e309`, `-1`, `99999999999999999999`, `null`, `true`, `[]`, strings.Repeat("a", 5000), strings.Repeat("é", 300),
}

// TestHostileInput sends every hostile text as every parameter and as every
// field of every body. Any answer will do but one that says that the shop broke,
// or a connection that is cut.
func TestHostileInput(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			d := document(t, "MERCER_DB="+buntest.Name(t, server), "MERCER_MIGRATE=auto")
			boss := d.staff("*")
			requests := make(chan sending)
			var senders sync.WaitGroup
			for range 8 { // each waits for the disk most of the time
				senders.Go(func() {
					for r := range requests {
						boss.survive(r)
					}
				})
			}
			sent := 0
			for _, op := range operationsOf(t, d.url) {
				for _, text := range hostile {
					for _, r := range op.requests(text) {
						sent++
						r.key = fmt.Sprintf("hostile-%018d", sent)
						requests <- r
					}
				}
			}
			close(requests)
			senders.Wait()
			boss.ask(200, "GET /v1/store", "")
			if sent < 5000 {
				t.Errorf("sent %d requests only", sent)
			}
		})
	}
}

// survive sends a request and fails if the shop breaks.
func (c caller) survive(r sending) {
	c.t.Helper()
	method, path, body := r.method, r.path, r.body
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return
	}
	req.Header = c.header.Clone()
	req.Header.Set("Idempotency-Key", r.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Errorf("%s %.200s: %v", method, path, err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 500 {
		c.t.Errorf("%s %.200s\nsent %.300s\ngot %d %.300s %v", method, path, body, resp.StatusCode, answer, err)
	}
	for _, leak := range []string{"SQL", "mercer_", "goroutine", ".go:"} {
		if resp.StatusCode >= 400 && strings.Contains(string(answer), leak) && !strings.Contains(path+body, leak) {
			c.t.Errorf("%s %.200s tells %q: %.300s", method, path, leak, answer)
		}
	}
}

// operation is one of the document.
type operation struct {
	method, path  string
	query, fields []string
}

type sending struct{ method, path, body, key string }

// requests puts text in each place of the operation, one at a time.
func (o operation) requests(text string) (out []sending) {
	parts := strings.Split(o.path, "/")
	for i, p := range parts {
		if !strings.HasPrefix(p, "{") {
			continue
		}
		hit := append([]string{}, parts...)
		hit[i] = url.PathEscape(text)
		body := ""
		if o.fields != nil {
			body = "{}"
		}
		out = append(out, sending{o.method, fill(strings.Join(hit, "/")), body, ""})
	}
	for _, q := range o.query {
		out = append(out, sending{o.method, fill(o.path) + "?" + url.QueryEscape(q) + "=" + url.QueryEscape(text), "", ""})
	}
	for _, f := range o.fields {
		for _, v := range []any{text, []string{text}, map[string]string{text: text}} {
			body, err := json.Marshal(map[string]any{f: v})
			if err != nil {
				panic(err) // texts encode
			}
			out = append(out, sending{o.method, fill(o.path), string(body), ""})
		}
	}
	return out
}

// fill puts something harmless in the places of a path that are left.
func fill(path string) string {
	for {
		before, rest, ok := strings.Cut(path, "{")
		if !ok {
			return path
		}
		_, after, _ := strings.Cut(rest, "}")
		path = before + "x" + after
	}
}

// operationsOf reads the document that a server serves.
func operationsOf(t *testing.T, base string) (out []operation) {
	t.Helper()
	resp, err := http.Get(base + "/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	type schema struct {
		Ref        string                     `json:"$ref"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string } `json:"parameters"`
			Body       *struct {
				Content map[string]struct{ Schema schema } `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
		Components struct{ Schemas map[string]schema } `json:"components"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			op := operation{method: strings.ToUpper(method), path: path}
			for _, p := range o.Parameters {
				if p.In == "query" {
					op.query = append(op.query, p.Name)
				}
			}
			if o.Body != nil {
				s := o.Body.Content["application/json"].Schema
				if s.Ref != "" {
					s = doc.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
				}
				for f := range s.Properties {
					op.fields = append(op.fields, f)
				}
			}
			out = append(out, op)
		}
	}
	if len(out) < 50 {
		t.Fatalf("the document has %d operations only", len(out))
	}
	return out
}
