package check_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// codes returns what is wrong with v as "param code", in order.
func codes(t *testing.T, v any) []string {
	t.Helper()
	err := check.Struct(v)
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != fault.Invalid || !errors.Is(err, fault.ErrInvalid) {
		t.Fatalf("error %v is not fault.ErrInvalid", err)
	}
	var out []string
	for _, it := range e.Errors {
		if it.Message == "" || it.In == "" {
			t.Errorf("item %+v lacks a message or a place", it)
		}
		out = append(out, it.Param+" "+strings.TrimPrefix(it.Code, "request."))
	}
	return out
}

func want(t *testing.T, v any, want ...string) {
	t.Helper()
	if got := codes(t, v); !slices.Equal(got, want) {
		t.Errorf("%T%+v:\n got %q\nwant %q", v, v, got, want)
	}
}

func TestText(t *testing.T) {
	type in struct {
		V string `json:"v" minLength:"2" maxLength:"4"`
	}
	for v, bad := range map[string]string{
		"": "too_short", "a": "too_short", "ab": "", "abcd": "", "abcde": "too_long",
		"ä": "too_short", "äö": "", "日本語字": "", "日本語字x": "too_long", "🛒🛒": "",
		"e\u0301e\u0301e": "too_long", // combining marks are code points
		"a\x00b":          "bad_text", "\xff\xfe": "bad_text", "\xed\xa0\x80": "bad_text",
	} {
		if bad == "" {
			want(t, in{v})
		} else {
			want(t, in{v}, "/v "+bad)
		}
	}
	type untagged struct{ V, W string }
	want(t, untagged{"", "fine"})
	want(t, untagged{"a\x00", "\xc3("}, "/V bad_text", "/W bad_text")
}

func TestPatternAndEnum(t *testing.T) {
	type status string
	type in struct {
		Country  string `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"two capital letters"`
		Status   status `json:"status" enum:"open,closed"`
		Priority int    `json:"priority" enum:"1,3"`
	}
	want(t, in{"DE", "open", 3})
	want(t, in{"", "", 0}, "/country bad_pattern", "/status not_allowed", "/priority not_allowed")
	want(t, in{"DEU", "OPEN", 2}, "/country bad_pattern", "/status not_allowed", "/priority not_allowed")
	want(t, in{"DE\n", "open,closed", 13}, "/country bad_pattern", "/status not_allowed", "/priority not_allowed")
}

func TestIntegers(t *testing.T) {
	type in struct {
		Min int    `minimum:"1"`
		Max int64  `maximum:"10"`
		Ex  int8   `exclusiveMinimum:"0" exclusiveMaximum:"10"`
		Mul uint   `multipleOf:"5"`
		Neg int    `multipleOf:"5"`
		Far int64  `maximum:"9223372036854775806"`
		Big uint64 `maximum:"10"`
	}
	good := in{Min: 1, Max: 10, Ex: 1}
	for name, tc := range map[string]struct {
		change func(*in)
		want   []string
	}{
		"bounds":            {func(*in) {}, nil},
		"min-1":             {func(v *in) { v.Min = 0 }, []string{"/Min too_small"}},
		"min+1":             {func(v *in) { v.Min = 2 }, nil},
		"min least":         {func(v *in) { v.Min = math.MinInt }, []string{"/Min too_small"}},
		"max-1":             {func(v *in) { v.Max = 9 }, nil},
		"max+1":             {func(v *in) { v.Max = 11 }, []string{"/Max too_big"}},
		"ex min":            {func(v *in) { v.Ex = 0 }, []string{"/Ex too_small"}},
		"ex max-1":          {func(v *in) { v.Ex = 9 }, nil},
		"ex max":            {func(v *in) { v.Ex = 10 }, []string{"/Ex too_big"}},
		"multiple":          {func(v *in) { v.Mul = 10 }, nil},
		"not multiple":      {func(v *in) { v.Mul = 11 }, []string{"/Mul not_multiple"}},
		"signed":            {func(v *in) { v.Neg = -10 }, nil},
		"signed, between":   {func(v *in) { v.Neg = -11 }, []string{"/Neg not_multiple"}},
		"far":               {func(v *in) { v.Far = math.MaxInt64 - 1 }, nil},
		"far+1 is no float": {func(v *in) { v.Far = math.MaxInt64 }, []string{"/Far too_big"}},
		"beyond int64":      {func(v *in) { v.Big = math.MaxUint64 }, []string{"/Big too_big"}},
		"beyond int64 by 1": {func(v *in) { v.Big = 1 << 63 }, []string{"/Big too_big"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := good
			tc.change(&v)
			want(t, v, tc.want...)
		})
	}
}

func TestFractionsOfIntegers(t *testing.T) {
	type in struct {
		V int `minimum:"-1.5" maximum:"1.5e0"`
	}
	for v := -3; v <= 3; v++ {
		switch {
		case v < -1:
			want(t, in{v}, "/V too_small")
		case v > 1:
			want(t, in{v}, "/V too_big")
		default:
			want(t, in{v})
		}
	}
}

func TestFloats(t *testing.T) {
	type in struct {
		V float64 `minimum:"0.5" maximum:"2.5" multipleOf:"0.5"`
		X float32 `exclusiveMinimum:"-1" exclusiveMaximum:"1"`
		E float64 `json:"E,omitempty" enum:"1.5,2"`
	}
	want(t, in{V: 0.5, X: 0.5, E: 1.5})
	want(t, in{V: 2.5, X: -0.5})
	want(t, in{V: 0, X: -1, E: 1}, "/V too_small", "/X too_small", "/E not_allowed")
	want(t, in{V: 2.75, X: 1}, "/V too_big", "/V not_multiple", "/X too_big")
	want(t, in{V: math.NaN(), X: float32(math.Inf(1))}, "/V bad_format", "/X bad_format")
}

func TestLists(t *testing.T) {
	type in struct {
		Tags []string  `json:"tags" minItems:"1" maxItems:"3" uniqueItems:"true" minLength:"1" maxLength:"2"`
		Nums *[]int    `json:"nums" maxItems:"2" minimum:"1"`
		Fix  [2]string `json:"fix" maxLength:"1"`
	}
	want(t, in{Tags: []string{"a"}})
	want(t, in{Tags: []string{"a", "b", "cc"}, Nums: &[]int{1, 2}, Fix: [2]string{"x", "y"}})
	want(t, in{}, "/tags too_few")
	want(t, in{Tags: []string{}}, "/tags too_few")
	want(t, in{Tags: []string{"a", "b", "c", "toolong"}}, "/tags too_many")
	want(t, in{Tags: []string{"a", "b", "a"}}, "/tags not_unique")
	want(t, in{Tags: []string{"a", "", "ccc"}}, "/tags/1 too_short", "/tags/2 too_long")
	want(t, in{Tags: []string{"a"}, Nums: &[]int{0, 1}, Fix: [2]string{"", "xx"}}, "/nums/0 too_small", "/fix/1 too_long")
	want(t, in{Tags: []string{"a"}, Nums: &[]int{1, 2, 3}}, "/nums too_many")

	type many struct {
		V []int `json:"v" uniqueItems:"true"`
	}
	long := make([]int, 40)
	for i := range long {
		long[i] = i
	}
	want(t, many{long})
	long[39] = 0
	want(t, many{long}, "/v not_unique")
}

func TestMapsBytesRaw(t *testing.T) {
	type in struct {
		Meta map[string]string `json:"meta" minProperties:"1" maxProperties:"2"`
		Raw  json.RawMessage   `json:"raw" maxLength:"4"`
		Blob []byte            `json:"blob" minLength:"4" maxLength:"8"`
		Any  any               `json:"any"`
	}
	good := func() in { return in{Meta: map[string]string{"a": "b"}, Blob: []byte("abc")} }
	want(t, good())
	v := good()
	v.Meta, v.Raw, v.Blob = nil, json.RawMessage("12345"), nil
	want(t, v, "/meta too_few", "/raw too_long", "/blob too_short")
	v = good()
	v.Meta, v.Raw, v.Blob = map[string]string{"a": "", "b": "", "c": ""}, json.RawMessage("\xff\x00ab"), make([]byte, 7)
	want(t, v, "/meta too_many", "/blob too_long")
	v = good()
	v.Meta = map[string]string{"a/b~c": "\x00", "k\xff": ""}
	want(t, v, "/meta/a~1b~0c bad_text", "/meta/k\uFFFD bad_text")
	v = good()
	v.Any = map[string]any{"list": []any{"ok", 1.5, nil, "\x00"}}
	want(t, v, "/any/list/3 bad_text")
}

func TestFormats(t *testing.T) {
	type in struct {
		Email string    `json:"email,omitempty" format:"email"`
		URI   string    `json:"uri,omitempty" format:"uri"`
		Day   string    `json:"day,omitempty" format:"date"`
		At    time.Time `json:"at" format:"date-time"`
		N     int64     `json:"n" format:"int64"`
	}
	want(t, in{})
	want(t, in{Email: "a@example.com", URI: "https://x.test/a?b", Day: "2024-02-29"})
	want(t, in{Email: "Ann <a@example.com>", URI: "/a", Day: "2023-02-29"},
		"/email bad_format", "/uri bad_format", "/day bad_format")
	want(t, in{Email: "a@b\r\nBcc: c@d.e", URI: "http://[", Day: "today"},
		"/email bad_format", "/uri bad_format", "/day bad_format")
}

func TestOptional(t *testing.T) {
	type in struct {
		Required  string    `json:"required" minLength:"1"`
		OmitEmpty string    `json:"omit_empty,omitempty" minLength:"2"`
		List      []int     `json:"list,omitempty" minItems:"1"`
		OmitZero  int       `json:"omit_zero,omitzero" minimum:"2"`
		Pointer   *int      `json:"pointer" minimum:"1"`
		Deep      **string  `json:"deep,omitempty" minLength:"1"`
		Tagged    string    `json:"tagged" required:"false" enum:"a"`
		Forced    int       `json:"forced,omitempty" required:"true" minimum:"1"`
		Time      time.Time `json:"time,omitzero"`
	}
	want(t, in{}, "/required too_short", "/forced too_small")
	want(t, in{Required: "x", Forced: 1, List: []int{}})
	empty := new("")
	want(t, in{Required: "x", Forced: 1, OmitEmpty: "a", OmitZero: 1, Pointer: new(0), Deep: &empty, Tagged: "b"},
		"/omit_empty too_short", "/omit_zero too_small", "/pointer too_small", "/deep too_short", "/tagged not_allowed")
}

// amount is zero, for omitzero, in any currency.
type amount struct {
	N        int    `json:"n"`
	Currency string `json:"currency" minLength:"3"`
}

func (a amount) IsZero() bool { return a.N == 0 }

func TestOmitZeroAsksTheType(t *testing.T) {
	type in struct {
		Fee amount `json:"fee,omitzero"`
	}
	want(t, in{amount{0, "X"}})
	want(t, in{amount{1, "X"}}, "/fee/currency too_short")
}

type line struct {
	Qty  int     `json:"qty" minimum:"1"`
	Note *string `json:"note,omitempty" maxLength:"3"`
	Sub  []line  `json:"sub,omitempty" maxItems:"2"`
}

func TestNested(t *testing.T) {
	type in struct {
		Lines []line           `json:"lines"`
		ByID  map[string]*line `json:"by_id"`
		One   **line           `json:"one"`
	}
	ptr := &line{Qty: 0}
	want(t, &in{
		Lines: []line{{Qty: 1}, {Qty: 0, Note: new("long"), Sub: []line{{Qty: 1, Sub: []line{{Qty: -1}}}}}},
		ByID:  map[string]*line{"a": nil, "b": {Qty: 1}, "c": {}},
		One:   &ptr,
	}, "/lines/1/qty too_small", "/lines/1/note too_long", "/lines/1/sub/0/sub/0/qty too_small", "/by_id/c/qty too_small", "/one/qty too_small")
	want(t, (*in)(nil))
	if err := check.Struct(nil); err != nil {
		t.Error(err)
	}
}

func TestMaybe(t *testing.T) {
	type in struct {
		Name op.Maybe[string]   `json:"name,omitzero" minLength:"1" maxLength:"3"`
		Qty  op.Maybe[*int]     `json:"qty,omitzero" minimum:"1"`
		Tags op.Maybe[[]string] `json:"tags,omitzero" maxItems:"1" maxLength:"1"`
		Line op.Maybe[line]     `json:"line,omitzero"`
		Any  op.Maybe[any]      `json:"any,omitzero"`
	}
	want(t, in{})
	var null in
	if err := json.Unmarshal([]byte(`{"name":null,"qty":null,"tags":null,"line":null,"any":null}`), &null); err != nil {
		t.Fatal(err)
	}
	want(t, null)
	want(t, in{Name: op.Some("abc"), Qty: op.Some(new(1)), Tags: op.Some([]string{"a"}), Line: op.Some(line{Qty: 1})})
	want(t, in{Name: op.Some(""), Qty: op.Some(new(0)), Tags: op.Some([]string{"aa"}), Line: op.Some(line{}), Any: op.Some[any]("\x00")},
		"/name too_short", "/qty too_small", "/tags/0 too_long", "/line/qty too_small", "/any bad_text")
	want(t, in{Name: op.Some("abcd"), Tags: op.Some([]string{"a", "b"})}, "/name too_long", "/tags too_many")
}

func TestPlaces(t *testing.T) {
	type in struct {
		page.Query
		ID     string   `json:"cart_id" path:"id" minLength:"3"`
		Sort   []string `json:"sort,omitempty" query:"sort,explode" maxLength:"2"`
		Match  string   `json:"-" header:"If-Match" maxLength:"1"`
		Hidden string   `json:"-" maxLength:"1"`
		Name   string   `json:"name" minLength:"1"`
	}
	err := check.Struct(in{Query: page.Query{Limit: 101}, ID: "x", Sort: []string{"ok", "long"}, Match: "ab", Hidden: "hidden"})
	e, _ := errors.AsType[*fault.Error](err)
	var got []string
	for _, it := range e.Errors {
		got = append(got, it.In+" "+it.Param)
	}
	if want := []string{"path id", "query sort", "header If-Match", "body /name", "query limit"}; !slices.Equal(got, want) {
		t.Errorf("places %q, want %q", got, want)
	}
	if e.Param != "" || e.In != "" {
		t.Errorf("five faults, but the error itself is about %s %s", e.In, e.Param)
	}
}

func TestPageQuery(t *testing.T) {
	type in struct{ page.Query }
	for limit, code := range map[int]string{-1: "too_small", 0: "", 1: "", 100: "", 101: "too_big"} {
		v := in{page.Query{Limit: limit}}
		if code == "" {
			want(t, v)
		} else {
			want(t, v, "limit "+code)
		}
	}
	want(t, in{page.Query{Cursor: strings.Repeat("x", 1000)}})
	want(t, in{page.Query{Cursor: strings.Repeat("x", 1001)}}, "cursor too_long")
}

func TestSingleFault(t *testing.T) {
	err := check.Struct(struct {
		Lines []line `json:"lines"`
	}{[]line{{Qty: 0}}})
	e, _ := errors.AsType[*fault.Error](err)
	want := fault.Item{Code: check.TooSmall, In: "body", Param: "/lines/0/qty", Message: "must be at least 1, is 0", Meta: json.RawMessage(`{"limit":1}`)}
	if e.In != "body" || e.Param != "/lines/0/qty" || e.Kind.Status() != 422 || !reflect.DeepEqual(e.Errors, []fault.Item{want}) {
		t.Errorf("got %+v", e)
	}
}

func TestManyFaults(t *testing.T) {
	for _, v := range []any{
		struct{ V []line }{make([]line, 5000)},
		struct{ V [][]line }{[][]line{make([]line, 99), make([]line, 99)}},
		struct{ V map[int]line }{map[int]line{}},
	} {
		if m, ok := v.(struct{ V map[int]line }); ok {
			for i := range 5000 {
				m.V[i] = line{}
			}
		}
		if got := len(codes(t, v)); got != check.MaxItems {
			t.Errorf("%T: %d faults listed, want %d", v, got, check.MaxItems)
		}
	}
}

// counted counts how often it is looked at.
type counted struct{ n *int }

func (c counted) Check() []fault.Item {
	*c.n++
	return []fault.Item{{Code: "x.bad", Message: "never good"}}
}

func TestManyFaultsStopTheWalk(t *testing.T) {
	n, list, entries := 0, []counted{}, map[int]counted{}
	for i := range 5000 {
		list, entries[i] = append(list, counted{&n}), counted{&n}
	}
	for _, v := range []any{struct{ V []counted }{list}, struct{ V map[int]counted }{entries}} {
		n = 0
		if codes(t, v); n != check.MaxItems {
			t.Errorf("%T: %d elements looked at, want %d", v, n, check.MaxItems)
		}
	}
}

func TestFaultsOfMapsAreInOrder(t *testing.T) {
	type in struct {
		First string         `json:"first" minLength:"1"`
		V     map[string]int `json:"v"`
		W     map[string]line
	}
	v, bad := in{W: map[string]line{}}, []string{"/first too_short"}
	for key := range strings.SplitSeq("abcdefghijklmnopqrst", "") {
		v.W[key] = line{}
		bad = append(bad, "/W/"+key+"/qty too_small")
	}
	want(t, v, bad...)
}
