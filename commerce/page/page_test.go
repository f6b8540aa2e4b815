package page_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/page"
)

type position struct {
	Name string `json:"n"`
	ID   int64  `json:"i"`
}

func TestCursorRoundTrip(t *testing.T) {
	for _, want := range []position{{}, {"Mug", 1}, {"Tasse äöü 🛒 \" \\ \n", 1<<63 - 1}, {"", -1}} {
		var got position
		if ok, err := page.Decode(page.Encode(want), &got); !ok || err != nil || got != want {
			t.Errorf("%+v came back as %+v, %v, %v", want, got, ok, err)
		}
	}
	got := position{"kept", 1}
	if ok, err := page.Decode("", &got); ok || err != nil || got != (position{"kept", 1}) {
		t.Errorf("no cursor: %+v, %v, %v", got, ok, err)
	}
}

func TestForeignCursor(t *testing.T) {
	for name, cursor := range map[string]string{
		"a string":         page.Encode("Mug"),
		"a number":         page.Encode(7),
		"a list":           page.Encode([]int{1}),
		"other fields":     page.Encode(map[string]any{"price": 5}),
		"other types":      page.Encode(map[string]any{"n": 5, "i": "x"}),
		"no base64":        "%%%",
		"padded":           "eyJuIjoiIn0=",
		"no JSON":          "bm90",
		"cut":              page.Encode(position{"Mug", 1})[:10],
		"two in one":       page.Encode(json.RawMessage(`{"n":"a"}`)) + page.Encode(json.RawMessage(`{"n":"b"}`)),
		"beyond the range": page.Encode(json.RawMessage(`{"i":9223372036854775808}`)),
	} {
		var got position
		ok, err := page.Decode(cursor, &got)
		if ok || !errors.Is(err, page.ErrCursor) || fault.KindOf(err).Status() != 400 {
			t.Errorf("%s: %v, %v, want ErrCursor", name, ok, err)
		}
	}
}

func TestOf(t *testing.T) {
	at := func(n int) any { return n }
	for _, tc := range []struct {
		items []int
		want  string
	}{
		{nil, `{"items":[],"next_cursor":null}`},
		{[]int{1}, `{"items":[1],"next_cursor":null}`},
		{[]int{1, 2}, `{"items":[1,2],"next_cursor":null}`},
		{[]int{1, 2, 3}, `{"items":[1,2],"next_cursor":"` + page.Encode(2) + `"}`},
	} {
		got, err := json.Marshal(page.Of(tc.items, 2, at))
		if err != nil || string(got) != tc.want {
			t.Errorf("Of(%v) = %s, %v; want %s", tc.items, got, err, tc.want)
		}
	}
}

func TestSize(t *testing.T) {
	for limit, want := range map[int]int{0: 20, 1: 1, 100: 100} {
		if got := (page.Query{Limit: limit}).Size(); got != want {
			t.Errorf("limit %d: size %d, want %d", limit, got, want)
		}
	}
}

// numbers lists 1 to last, two a page, and counts the calls.
func numbers(last int, calls *int) func(context.Context, string) (page.Page[int], error) {
	return func(_ context.Context, cursor string) (page.Page[int], error) {
		*calls++
		from := 0
		if _, err := page.Decode(cursor, &from); err != nil {
			return page.Page[int]{}, err
		}
		var items []int
		for n := from + 1; n <= last && len(items) < 3; n++ {
			items = append(items, n)
		}
		return page.Of(items, 2, func(n int) any { return n }), nil
	}
}

func TestAll(t *testing.T) {
	for last, wantCalls := range map[int]int{0: 1, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3} {
		calls, got := 0, []int{}
		for n, err := range page.All(t.Context(), numbers(last, &calls)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		want := []int{}
		for n := 1; n <= last; n++ {
			want = append(want, n)
		}
		if !slices.Equal(got, want) || calls != wantCalls {
			t.Errorf("%d items: got %v in %d calls, want %d calls", last, got, calls, wantCalls)
		}
	}
}

func TestAllStops(t *testing.T) {
	calls := 0
	for n, err := range page.All(t.Context(), numbers(100, &calls)) {
		if err != nil || n == 3 {
			break
		}
	}
	if calls != 2 {
		t.Errorf("%d pages fetched for 3 items, want 2", calls)
	}

	boom, seen := errors.New("boom"), 0
	get := func(ctx context.Context, cursor string) (page.Page[int], error) {
		if cursor != "" {
			return page.Page[int]{}, boom
		}
		return numbers(100, &calls)(ctx, cursor)
	}
	var last error
	for _, err := range page.All(t.Context(), get) {
		seen++
		last = err
	}
	if seen != 3 || !errors.Is(last, boom) {
		t.Errorf("%d turns, last error %v; want 2 items and then boom", seen, last)
	}
}

func ExampleAll() {
	colors := []string{"blue", "green", "red"}
	list := func(_ context.Context, cursor string) (page.Page[string], error) {
		from := 0
		if _, err := page.Decode(cursor, &from); err != nil {
			return page.Page[string]{}, err
		}
		return page.Of(colors[from:], 2, func(string) any { return from + 2 }), nil
	}
	for color, err := range page.All(context.Background(), list) {
		fmt.Println(color, err)
	}
	// Output:
	// blue <nil>
	// green <nil>
	// red <nil>
}
