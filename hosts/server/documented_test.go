package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/openapi/opentest"
)

// documented is a server whose every answer is held against its own document.
type documented struct {
	*boot.Shop
	*opentest.Checker
	t    *testing.T
	url  string
	keys int // for Idempotency-Key
}

// document serves an empty shop until the test ends.
func document(t *testing.T, env ...string) *documented {
	t.Helper()
	c, err := boot.Load(nil, append([]string{"MERCER_DATA=" + t.TempDir(), "MERCER_ADDR=127.0.0.1:0", "MERCER_RATE_LIMIT=off"}, env...))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	ctx, cancel := context.WithCancel(context.Background())
	s, err := boot.Open(ctx, c, log)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	addr, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- boot.Serve(ctx, c, s, func(a string) { addr <- a }); close(addr) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	})
	a, ok := <-addr
	if !ok {
		t.FailNow() // Cleanup says why
	}
	d := &documented{Shop: s, t: t, url: boot.URL(a)}
	d.Checker = opentest.New(t, opentest.Fetch(t, d.url), nil)
	return d
}

// caller is somebody who sends requests: with headers of their own.
type caller struct {
	*documented
	header http.Header
}

// as returns a caller with some headers, in pairs.
func (d *documented) as(header ...string) caller {
	c := caller{d, http.Header{}}
	return c.with(header...)
}

// staff returns a caller with a secret key of these scopes.
func (d *documented) staff(scopes ...string) caller {
	d.t.Helper()
	k, err := d.Accounts.CreateKey(d.t.Context(), account.CreateKeyInput{Name: "test", Scopes: scopes})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.as("Authorization", "Bearer "+k.Secret)
}

// with returns c with more headers, in pairs.
func (c caller) with(header ...string) caller {
	h := c.header.Clone()
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return caller{c.documented, h}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	header http.Header
	body   any
}

// ask sends "POST /v1/carts" with a body, as JSON text, and wants a status. A
// command gets a new key, but for those of callers who have one.
func (c caller) ask(want int, what, body string) answer {
	c.t.Helper()
	method, path, _ := strings.Cut(what, " ")
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = c.header.Clone()
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if _, has := req.Header["Idempotency-Key"]; method != http.MethodGet && !has {
		c.keys++
		req.Header.Set("Idempotency-Key", fmt.Sprintf("key-%018d", c.keys)) // guests have long ones
	}
	resp, err := c.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		c.t.Fatal(err)
	}
	a := answer{t: c.t, what: what, header: resp.Header}
	if len(data) > 0 {
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		if err := dec.Decode(&a.body); err != nil {
			c.t.Fatalf("%s: %v\n%s", what, err, data)
		}
	}
	if resp.StatusCode != want {
		c.t.Errorf("%s: %d, want %d\nsent %s\ngot %s", what, resp.StatusCode, want, body, data)
	}
	return a
}

// at returns what lies at a path as "items/0/id", as text; objects as JSON.
func (a answer) at(path string) string {
	a.t.Helper()
	v := a.body
	for part := range strings.SplitSeq(path, "/") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(in) {
				a.t.Fatalf("%s: no %s in %v", a.what, path, a.body)
			}
			v = in[i]
		default:
			v = nil
		}
	}
	switch v := v.(type) {
	case nil:
		a.t.Fatalf("%s: no %s in %v", a.what, path, a.body)
	case string:
		return v
	}
	text, err := json.Marshal(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

// want compares what lies at paths, in pairs.
func (a answer) want(pairs ...string) answer {
	a.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := a.at(pairs[i]); got != pairs[i+1] {
			a.t.Errorf("%s: %s = %s, want %s", a.what, pairs[i], got, pairs[i+1])
		}
	}
	return a
}
