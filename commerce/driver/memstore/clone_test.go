package memstore

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

type leaf struct {
	N    int
	Raw  json.RawMessage
	Next *leaf
}

type tree struct {
	Name  string
	At    time.Time
	Two   [2]leaf
	List  []leaf
	By    map[string][]string
	Any   any
	None  []string
	Empty []string
}

// TestClone holds that a copy is equal, and that nothing that is done to it is
// seen in what it was made of.
func TestClone(t *testing.T) {
	made := func() tree {
		return tree{Name: "a", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Two: [2]leaf{{Next: &leaf{N: 1}}, {}}, List: []leaf{{N: 2, Raw: json.RawMessage(`{}`)}},
			By: map[string][]string{"x": {"y"}}, Any: map[string]any{"k": []any{"v", 1.5, nil}}, Empty: []string{}}
	}
	was := made()
	got := clone(was)
	if !reflect.DeepEqual(got, was) {
		t.Fatalf("the copy is %+v, want %+v", got, was)
	}
	got.Two[0].Next.N = 9
	got.List[0].N, got.List[0].Raw[0] = 9, '['
	got.By["x"][0], got.By["z"] = "9", nil
	got.Any.(map[string]any)["k"].([]any)[0] = 9
	if want := made(); !reflect.DeepEqual(was, want) {
		t.Errorf("what was copied is %+v, want %+v", was, want)
	}
}
