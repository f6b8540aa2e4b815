package releasedtest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/event/releasedtest"
)

func TestFaults(t *testing.T) {
	type line struct {
		N int `json:"n"`
	}
	type doc struct {
		A     string `json:"a"`
		Lines []line `json:"lines"`
		New   string `json:"new,omitempty"`
	}
	for frozen, want := range map[string]string{
		`{"a":"x","lines":[{"n":1}]}`:       "",
		`{"a":"x","b":1,"lines":[]}`:        `unknown field "b"`,
		`{"a":1}`:                           "cannot unmarshal number",
		`{"a":"x","lines":[{"n":1,"m":2}]}`: `unknown field "m"`,
	} {
		got := strings.Join(releasedtest.Faults([]byte(frozen), reflect.TypeFor[doc]()), "; ")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", frozen, got, want)
		}
	}
	type silent struct {
		A string `json:"a"`
		B int    `json:"-"`
	}
	if got := releasedtest.Faults([]byte(`{"A":"x"}`), reflect.TypeFor[silent]()); len(got) == 0 {
		t.Error("another spelling of a name is no fault")
	}
}
