package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/checkout"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// everything has a field of each kind, so that the test below looks at all
// rules whatever the shop happens to have.
type everything struct {
	Text   string             `json:"text" minLength:"2" maxLength:"4"`
	Code   op.Maybe[string]   `json:"code,omitzero" pattern:"^[A-Z]{2}$"`
	Mail   *string            `json:"mail,omitempty" format:"email"`
	Enum   string             `json:"enum,omitempty" enum:"a,b"`
	N      int                `json:"n" minimum:"-3" maximum:"7" multipleOf:"2"`
	M      int64              `json:"m" exclusiveMinimum:"0" exclusiveMaximum:"5"`
	List   []string           `json:"list" minItems:"1" maxItems:"3" maxLength:"2" uniqueItems:"true"`
	Maybe  op.Maybe[[]string] `json:"maybe,omitzero" maxItems:"2"`
	Map    map[string]string  `json:"map" maxProperties:"2"`
	Nested []struct {
		Deep *struct {
			At string `json:"at" format:"date"`
		} `json:"deep,omitempty"`
	} `json:"nested"`
	When time.Time `json:"when,omitzero"`
}

func inputs() map[string]reflect.Type {
	out := map[string]reflect.Type{"everything": reflect.TypeFor[everything]()}
	r := op.RegistrarFunc(func(h op.Handler) { out[h.Name] = h.In })
	catalog.Register(r, catalog.Client{})
	inventory.Register(r, inventory.Client{})
	pricing.Register(r, pricing.Client{})
	cart.Register(r, cart.Client{})
	order.Register(r, order.Client{})
	payment.Register(r, payment.Client{})
	storefront.Register(r, storefront.Client{})
	checkout.Register(r, checkout.Client{})
	fulfil.Register(r, fulfil.Client{})
	outbox.Register(r, outbox.Client{})
	notification.Register(r, notification.Client{})
	return out
}

// TestPointersAreOptional holds that the schema asks for what the reader of
// bodies asks for.
func TestPointersAreOptional(t *testing.T) {
	type input struct {
		A *string  `json:"a"`
		B string   `json:"b"`
		C []string `json:"c,omitempty"`
	}
	for _, sent := range []bool{true, false} {
		s := newSchemas(sent)
		got := s.SchemaFromRef(s.of(reflect.TypeFor[input](), "x").Ref).Required
		want := []string{"a", "b"}
		if sent {
			want = []string{"b"}
		}
		if !slices.Equal(got, want) {
			t.Errorf("sent %v: required are %v, want %v", sent, got, want)
		}
	}
}

// TestAgree sends boundary values of every field of every input through package
// check and through the schema in the document: both refuse the same.
func TestAgree(t *testing.T) {
	total := 0
	for name, in := range inputs() {
		if in == reflect.TypeFor[op.Nothing]() {
			continue
		}
		s := newSchemas(true)
		a := agreement{t: t, name: name, in: in, schemas: s, schema: s.of(in, name)}
		a.fields(in, nil, 0)
		if a.tried == 0 && name == "everything" {
			t.Errorf("%s: nothing tried", name)
		}
		total += a.tried
	}
	if total < 1000 {
		t.Errorf("%d values tried: this test looks at nothing", total)
	}
	t.Logf("%d values of %d inputs", total, len(inputs()))
}

type agreement struct {
	t       *testing.T
	name    string
	in      reflect.Type
	schemas *schemas
	schema  *huma.Schema
	tried   int
	checks  int // how many of the structs around the field have a Check
}

// fields tries every field of the struct st, which lies at path.
func (a *agreement) fields(st reflect.Type, path []string, depth int) {
	if depth > 3 || st == reflect.TypeFor[money.Amount]() { // which knows the currencies
		return
	}
	if checked(st) {
		a.checks++
		defer func() { a.checks-- }()
	}
	for _, f := range structFields(st) {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		optional := strings.Contains(opts, "omit") || f.Type.Kind() == reflect.Pointer
		here := append(slices.Clone(path), name)
		elem, at := elemOf(f.Type)
		a.checks += count(checked(elem))
		for _, v := range boundaries(f) {
			if optional && empty(v) {
				continue // package check cannot tell it from absence
			}
			a.try(here, v)
		}
		a.checks -= count(checked(elem))
		if elem.Kind() == reflect.Struct && elem != reflect.TypeFor[time.Time]() {
			a.fields(elem, append(here, at...), depth+1)
		}
	}
}

// checked reports whether t has a rule across fields.
func checked(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[interface{ Check() []fault.Item }]())
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// elemOf returns what t holds in the end, and the way there.
func elemOf(t reflect.Type) (elem reflect.Type, at []string) {
	for {
		in, isMaybe := maybe(t)
		switch {
		case isMaybe:
			t = in
		case t.Kind() == reflect.Pointer:
			t = t.Elem()
		case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
			t, at = t.Elem(), append(at, "0")
		case t.Kind() == reflect.Map:
			t, at = t.Elem(), append(at, "k")
		default:
			return t, at
		}
	}
}

func empty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	default:
		return v == "" || v == 0
	}
}

// try compares the verdicts on v at path, all else being a sample.
func (a *agreement) try(path []string, v any) {
	a.tried++
	data, err := json.Marshal(put(sample(a.in, 0), path, v))
	if err != nil {
		a.t.Fatal(err)
	}
	pointer := "/" + strings.Join(path, "/")
	byCheck := a.check(data, pointer)
	bySchema := a.validate(data, pointer)
	if byCheck != "" && bySchema == "" && a.checks > 0 {
		return // maybe a rule across fields, which no schema has
	}
	if (byCheck != "") != (bySchema != "") {
		a.t.Errorf("%s %s = %.60v: check says %q, the schema says %q", a.name, pointer, v, byCheck, bySchema)
	}
}

func (a *agreement) check(data []byte, pointer string) string {
	in := reflect.New(a.in)
	if err := json.Unmarshal(data, in.Interface()); err != nil {
		return err.Error()
	}
	f, ok := errors.AsType[*fault.Error](check.Struct(in.Interface()))
	if !ok {
		return ""
	}
	for _, it := range f.Errors {
		if strings.HasPrefix(it.Code, "request.") && (it.Param == pointer || strings.HasPrefix(it.Param, pointer+"/") || it.In != "body" && a.param(it) == pointer) {
			return it.Code
		}
	}
	return ""
}

// param returns the pointer of a field that goes by another name.
func (a *agreement) param(it fault.Item) string {
	for _, f := range structFields(a.in) {
		if f.Tag.Get(it.In) == it.Param {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return "/" + name
		}
	}
	return ""
}

func (a *agreement) validate(data []byte, pointer string) string {
	var v any
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&v); err != nil {
		a.t.Fatal(err)
	}
	res := &huma.ValidateResult{}
	huma.Validate(a.schemas, a.schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, v, res)
	for _, err := range res.Errors {
		d := err.(*huma.ErrorDetail)
		at := "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(d.Location)
		// Below an anyOf the whole is blamed.
		if at == pointer || strings.HasPrefix(at, pointer+"/") || strings.HasPrefix(pointer, at+"/") && strings.Contains(d.Message, "at least one schema") {
			return d.Message
		}
	}
	return ""
}
