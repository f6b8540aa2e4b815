package check_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

type period struct {
	From int `json:"from" minimum:"1"`
	To   int `json:"to"`
}

func (p period) Check() []fault.Item {
	if p.To < p.From {
		return []fault.Item{{Code: "x.backwards", Param: "/to", Message: "must not be before from"}}
	}
	return nil
}

type place string

func (p place) Check() []fault.Item {
	if p == "nowhere" {
		return []fault.Item{{Code: "x.nowhere", Message: "must be somewhere"}}
	}
	return nil
}

type (
	promoted struct{ period }
	replaced struct{ period }
	twice    struct {
		period
		Also
	}
	Also struct {
		N int `json:"n"`
	}
)

func (replaced) Check() []fault.Item { return nil }

func (a Also) Check() []fault.Item {
	return []fault.Item{{Code: "x.also", Param: "/n", Message: "never good"}}
}

func TestCheckMethod(t *testing.T) {
	type in struct {
		ID      string              `json:"id" path:"id"`
		When    period              `json:"when"`
		Others  []period            `json:"others"`
		Ptr     *period             `json:"ptr"`
		Maybe   op.Maybe[period]    `json:"maybe,omitzero"`
		Places  map[string]place    `json:"places"`
		Skipped period              `json:"skipped,omitzero"`
		Deep    map[string][]period `json:"deep"`
	}
	bad := period{2, 1}
	want(t, in{When: period{1, 1}})
	want(t, in{When: period{0, -1}, Others: []period{{1, 1}, bad}, Ptr: &bad, Maybe: op.Some(bad),
		Places: map[string]place{"a": "here", "b": "nowhere"}, Deep: map[string][]period{"x": {bad}}},
		"/when/from too_small", "/when/to x.backwards", "/others/1/to x.backwards", "/ptr/to x.backwards",
		"/maybe/to x.backwards", "/places/b x.nowhere", "/deep/x/0/to x.backwards")
}

func TestCheckOfEmbedded(t *testing.T) {
	want(t, promoted{period{2, 1}}, "/to x.backwards") // once, not twice
	want(t, replaced{period{2, 1}})
	if err := check.Type(reflect.TypeFor[twice]()); err == nil {
		t.Error("a Check that cannot be reached is not reported")
	}
	type both struct {
		Also
		Other struct{ Also } `json:"other"`
	}
	want(t, both{}, "/other/n x.also", "/n x.also")
}

type ambiguous struct {
	Also
	Again
}

type Again struct{ M int }

func (Again) Check() []fault.Item { return []fault.Item{{Code: "x.again", Message: "never good"}} }

func TestCheckOfTwoEmbedded(t *testing.T) {
	want(t, ambiguous{}, "/n x.also", " x.again")
}

type byPath struct {
	ID string `json:"cart_id" path:"id"`
}

func (byPath) Check() []fault.Item {
	return []fault.Item{
		{Code: "x.a", Param: "/cart_id", Message: "bad"},
		{Code: "x.b", In: "header", Param: "If-Match", Message: "bad"},
	}
}

func TestCheckNamesPlaces(t *testing.T) {
	want(t, byPath{}, "id x.a", "If-Match x.b")
	want(t, struct {
		In byPath `json:"in"`
	}{}, "/in/cart_id x.a", "If-Match x.b")
}

func TestShadowing(t *testing.T) {
	type Inner struct {
		Name string `json:"name" minLength:"5"`
		Deep string `json:"deep" maxLength:"1"`
	}
	type Mid struct{ Inner }
	type Opt struct {
		Extra string `json:"extra" minLength:"1"`
	}
	type in struct {
		Mid
		*Opt
		Name  string `json:"name" minLength:"1"`
		Named Inner  `json:"named"`
	}
	want(t, in{Name: "x", Named: Inner{Name: "12345"}})
	want(t, in{Mid: Mid{Inner{"", "dd"}}, Opt: &Opt{}}, "/name too_short", "/named/name too_short", "/extra too_short", "/deep too_long")
}

type pointerCheck struct{ N int }

func (*pointerCheck) Check() []fault.Item { return nil }

func TestBadTags(t *testing.T) {
	for _, tc := range []struct {
		v    any
		want string
	}{
		{struct {
			V string `pattern:"("`
		}{}, ".V: pattern: "},
		{struct {
			V string `minLength:"x"`
		}{}, `"x" is not a count`},
		{struct {
			V string `maxLength:"-1"`
		}{}, `"-1" is not a count`},
		{struct {
			V int `minimum:"one"`
		}{}, `"one" is not a number`},
		{struct {
			V int `minimum:"0x10"`
		}{}, "is not a number"},
		{struct {
			V int `maximum:"1e30"`
		}{}, "beyond 64 bits"},
		{struct {
			V float64 `maximum:"1e999"`
		}{}, "out of range"},
		{struct {
			V int `multipleOf:"0.5"`
		}{}, "not a positive integer"},
		{struct {
			V float64 `multipleOf:"0"`
		}{}, "not positive"},
		{struct {
			V int `enum:"1,b"`
		}{}, "not integers"},
		{struct {
			V float64 `enum:"x"`
		}{}, "not numbers"},
		{struct {
			V string `format:"emial"`
		}{}, `"emial" is not known`},
		{struct {
			V string `required:"yes"`
		}{}, "neither true nor false"},
		{struct {
			V []string `uniqueItems:"yes"`
		}{}, "neither true nor false"},
		{struct {
			V []Also `uniqueItems:"true"`
		}{}, "does not fit a list of"},
		{struct {
			V string `minimum:"1"`
		}{}, "minimum: does not fit string"},
		{struct {
			V int `minLength:"1"`
		}{}, "minLength: does not fit int"},
		{struct {
			V map[string]string `maxLength:"1"`
		}{}, "does not fit"},
		{struct {
			V [][]string `maxLength:"1"`
		}{}, "does not fit"},
		{struct {
			V op.Maybe[int] `maxItems:"1"`
		}{}, "does not fit int"},
		{struct {
			V op.Maybe[any] `maxItems:"1"`
		}{}, "does not fit interface"},
		{struct {
			V bool `enum:"true"`
		}{}, "does not fit bool"},
		{struct {
			V []struct {
				W int `minimum:"?"`
			}
		}{}, ".W: minimum"},
		{struct {
			V string `dependentRequired:"w"`
		}{}, "not enforced here"},
		{struct{ V pointerCheck }{}, "value receiver"},
	} {
		typ := reflect.TypeOf(tc.v)
		if err := check.Type(typ); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("Type(%v) = %v, want %q in it", typ, err, tc.want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Struct(%v) did not panic", typ)
				}
			}()
			_ = check.Struct(tc.v)
		}()
	}
}

func TestTypeListsAll(t *testing.T) {
	err := check.Type(reflect.TypeFor[struct {
		A string `pattern:"("`
		B int    `minimum:"x"`
	}]())
	if err == nil || !strings.Contains(err.Error(), ".A: ") || !strings.Contains(err.Error(), ".B: ") {
		t.Errorf("got %v, want both fields", err)
	}
	if err := check.Type(reflect.TypeFor[line]()); err != nil {
		t.Error(err)
	}
}

func TestConcurrentFirstUse(t *testing.T) {
	type fresh struct {
		V []line `json:"v"`
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := check.Struct(fresh{[]line{{Qty: 1}}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
