package check

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

type shape int

const (
	shapeNone shape = iota // nothing to look at
	shapeText
	shapeInt
	shapeUint
	shapeFloat
	shapeBytes
	shapeRaw
	shapeTime
	shapeList
	shapeMap
	shapeStruct
	shapePointer
	shapeInner
	shapeAny
)

// plan is what there is to do for the values of one type.
type plan struct {
	shape  shape
	elem   *plan // of a pointer, a list, a map, an Inner
	fields []field
	checks [][]int // embedded structs with a Check of their own; empty path: the value itself
}

type field struct {
	name     string // JSON name
	in       string // path, query, header, or "" for the body
	param    string // name there
	index    []int
	plan     *plan
	rules    rules
	optional optional
}

// rules are the constraints of one field. elem are those of the elements.
type rules struct {
	own, elem []rule
}

type optional int

const (
	never     optional = iota // a required field
	whenZero                  // omitzero, required:"false"
	whenEmpty                 // omitempty: also a slice or map of length 0
	whenSaid                  // omitzero of a type with IsZero
)

type (
	checker interface{ Check() []fault.Item }
	inner   interface {
		Inner() (value any, present bool)
	}
	zeroer interface{ IsZero() bool }
)

var (
	checkerType = reflect.TypeFor[checker]()
	zeroerType  = reflect.TypeFor[zeroer]()
	innerType   = reflect.TypeFor[inner]()
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	timeType    = reflect.TypeFor[time.Time]()
)

type compiled struct {
	plan *plan
	err  error
}

var plans sync.Map // reflect.Type → compiled

func planOf(t reflect.Type) (*plan, error) {
	if got, ok := plans.Load(t); ok {
		c := got.(compiled)
		return c.plan, c.err
	}
	c := compiler{seen: map[reflect.Type]*plan{}}
	p := c.plan(t)
	done := compiled{p, errors.Join(c.errs...)}
	plans.Store(t, done)
	return done.plan, done.err
}

// compiler makes the plans of one type and of all types in it. seen ends the
// recursion of types that hold themselves.
type compiler struct {
	seen map[reflect.Type]*plan
	errs []error
}

func (c *compiler) fail(where, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("check: %s: %s", where, fmt.Sprintf(format, args...)))
}

func (c *compiler) plan(t reflect.Type) *plan {
	if p, ok := c.seen[t]; ok {
		return p
	}
	p := &plan{shape: shapeOf(t)}
	c.seen[t] = p
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		c.check(p, t)
	}
	switch p.shape {
	case shapePointer, shapeList, shapeMap:
		p.elem = c.plan(t.Elem())
	case shapeInner:
		p.elem = &plan{shape: shapeAny}
		if v := innerOf(t); v != nil {
			p.elem = c.plan(v)
		}
	case shapeStruct:
		c.structure(p, t)
	default:
	}
	return p
}

// check notes that t has a Check.
func (c *compiler) check(p *plan, t reflect.Type) {
	switch {
	case t.Implements(checkerType):
		p.checks = append(p.checks, []int{})
	case reflect.PointerTo(t).Implements(checkerType):
		c.fail(t.String(), "Check needs a value receiver")
	}
}

// structure adds the fields of t and of what it embeds, the outer before the
// inner, which they hide if they share a name.
func (c *compiler) structure(p *plan, t reflect.Type) {
	type level struct {
		t    reflect.Type
		path []int
	}
	seen := map[reflect.Type]bool{t: true}
	for queue := []level{{t: t}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for f := range at.t.Fields() {
			name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			st := structOf(f.Type)
			switch {
			case f.Anonymous && name == "" && st != nil:
				if seen[st] {
					continue
				}
				seen[st] = true
				path := join(at.path, f.Index[0])
				c.embedded(p, at.t, f, st, path)
				queue = append(queue, level{st, path})
			case f.IsExported():
				c.field(p, t, at.path, f, name, opts)
			}
		}
	}
}

// embedded notes the Check of st, which f embeds in t, unless it is promoted to
// t or replaced there.
func (c *compiler) embedded(p *plan, t reflect.Type, f reflect.StructField, st reflect.Type, path []int) {
	if !st.Implements(checkerType) {
		return
	}
	where := t.String() + "." + f.Name
	switch {
	case f.Type.Kind() == reflect.Pointer:
		c.fail(where, "has a Check and cannot be embedded as a pointer")
	case t.Implements(checkerType):
	case !f.IsExported():
		c.fail(where, "has a Check that cannot be reached")
	default:
		p.checks = append(p.checks, path)
	}
}

func (c *compiler) field(p *plan, root reflect.Type, at []int, f reflect.StructField, name, opts string) {
	fl := field{name: name, index: join(at, f.Index[0]), plan: c.plan(f.Type)}
	for _, in := range []string{"path", "query", "header"} {
		if v, _, _ := strings.Cut(f.Tag.Get(in), ","); v != "" && fl.in == "" {
			fl.in, fl.param = in, v
		}
	}
	if fl.name == "-" && opts == "" {
		if fl.in == "" {
			return
		}
		fl.name = fl.param
	}
	if fl.name == "" {
		fl.name = f.Name
	}
	for _, have := range p.fields {
		if have.name == fl.name {
			return
		}
	}
	where := root.String() + "." + f.Name
	fl.optional = c.optional(where, f, opts)
	fl.rules = c.rules(where, f)
	p.fields = append(p.fields, fl)
}

func (c *compiler) optional(where string, f reflect.StructField, opts string) optional {
	switch req, ok := f.Tag.Lookup("required"); {
	case ok && req == "true":
		return never
	case ok && req != "false":
		c.fail(where, "required: %q is neither true nor false", req)
	}
	options := "," + opts + ","
	switch {
	case strings.Contains(options, ",omitempty,"):
		return whenEmpty
	case strings.Contains(options, ",omitzero,") && f.Type.Implements(zeroerType) && shapeOf(f.Type) != shapeInner:
		return whenSaid
	case strings.Contains(options, ",omitzero,"), f.Tag.Get("required") == "false":
		return whenZero
	}
	return never // pointers say themselves when they are nil
}

func shapeOf(t reflect.Type) shape {
	switch {
	case t.Kind() == reflect.Pointer:
		return shapePointer
	case t.Implements(innerType):
		return shapeInner
	case t == rawType:
		return shapeRaw
	case t == timeType:
		return shapeTime
	case t.Kind() == reflect.String:
		return shapeText
	case t.Kind() == reflect.Interface:
		return shapeAny
	case reflect.PointerTo(t).Implements(textType):
		return shapeNone // a string on the wire that its type has read
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return shapeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return shapeUint
	case reflect.Float32, reflect.Float64:
		return shapeFloat
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return shapeBytes
		}
		return shapeList
	case reflect.Map:
		return shapeMap
	case reflect.Struct:
		return shapeStruct
	default:
		return shapeNone
	}
}

// innerOf returns the type of what the Inner of t holds, nil for an interface.
func innerOf(t reflect.Type) reflect.Type {
	v, _ := reflect.Zero(t).Interface().(inner).Inner()
	return reflect.TypeOf(v)
}

// structOf returns the struct that t is or points to, nil if it is none.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || shapeOf(t) != shapeStruct {
		return nil
	}
	return t
}

func join(at []int, i int) []int { return append(append([]int{}, at...), i) }
