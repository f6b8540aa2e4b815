package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func TestYAML(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
	}{
		{map[string]any{"id": "x"}, "id: \"x\"\n"},
		{map[string]any{"no": nil, "Yes": true, "y": 1}, "\"Yes\": true\n\"no\": null\n\"y\": 1\n"},
		{[]any{}, " []\n"},
		{map[string]any{"items": []any{}, "meta": map[string]any{}}, "items: []\nmeta: {}\n"},
		{map[string]any{"items": []any{map[string]any{"id": "a", "tags": []any{"b", "c"}}, map[string]any{"id": "d"}}},
			"items:\n  - id: \"a\"\n    tags:\n      - \"b\"\n      - \"c\"\n  - id: \"d\"\n"},
		{[]any{[]any{1, 2}, []any{}}, "- - 1\n  - 2\n- []\n"},
		{map[string]any{"text": "a\n- b: \"c\"\u2028\u0085#"}, "text: \"a\\n- b: \\\"c\\\"\\u2028\\u0085#\"\n"},
		{map[string]any{"big": int64(9007199254740993)}, "big: 9007199254740993\n"},
		{struct {
			B string `json:"b_field"`
			A string `json:"a_field"`
		}{"1", "2"}, "b_field: \"1\"\na_field: \"2\"\n"},
	} {
		var b strings.Builder
		if err := writeYAML(&b, tc.v); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != tc.want {
			t.Errorf("%v is\n%swant\n%s", tc.v, got, tc.want)
		}
	}
}

func TestTablesAreSafe(t *testing.T) {
	list := table{head: []string{"A NAME", "B"}}
	list.add("=1+1", "-3")
	list.add("@x", "a\x1b[31m\nb")
	var b strings.Builder
	if err := writeCSV(&b, list); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "a_name,b\n'=1+1,-3\n'@x,\"a\x1b[31m\nb\"\n"; got != want {
		t.Errorf("CSV %q, want %q", got, want)
	}
	b.Reset()
	if err := writeTable(&b, list); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.ContainsRune(got, '\x1b') || strings.Count(got, "\n") != 3 {
		t.Errorf("a control character reaches the terminal: %q", got)
	}
}

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{fault.ErrInternal, 1},
		{usage("x"), 2},
		{boot.Faults{{Name: "A", Message: "b"}}, 2},
		{fault.ErrInvalid, 2},
		{fault.ErrMalformed, 2},
		{boot.ErrNoShop, 3},
		{boot.ErrServed, 4},
		{fault.New(fault.Refused, "x.y", ""), 4},
		{fault.New(fault.Stale, "x.y", ""), 4},
		{fault.ErrDenied, 5},
		{fault.ErrUnauthenticated, 5},
		{fault.ErrUnavailable, 6},
		{fault.New(fault.Throttled, "x.y", ""), 6},
		{fmt.Errorf("more: %w", errors.Join(boot.ErrNoShop, nil)), 3},
	} {
		if got := code(tc.err); got != tc.want {
			t.Errorf("%v ends with %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestNegatives(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"stock adjust MUG -3", "stock adjust MUG -- -3"},
		{"stock adjust MUG -3 --reason lost", "stock adjust MUG --reason lost -- -3"},
		{"stock adjust MUG -- -3", "stock adjust MUG -- -3"},
		{"--url http://x stock adjust MUG -3", "--url http://x stock adjust MUG -- -3"},
		{"order list -o json", "order list -o json"},
	} {
		if got := strings.Join(negatives(strings.Fields(tc.in)), " "); got != tc.want {
			t.Errorf("%s becomes %s, want %s", tc.in, got, tc.want)
		}
	}
}

// TestLocalKnowsRoutesOnly shows that a verb cannot use an operation that a
// remote shop does not serve: the scripts run every verb on a local one.
func TestLocalKnowsRoutesOnly(t *testing.T) {
	c, err := boot.Load(map[string]string{"data": t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := boot.OpenNew(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	l := newLocal(s)
	if len(l.handlers) < 40 {
		t.Errorf("%d operations, want those of the routes", len(l.handlers))
	}
	if err := l.Call(t.Context(), "inventory.reserve", nil, nil); err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("an operation without a route: %v", err)
	}
}
