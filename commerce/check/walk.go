package check

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// root walks the input of an operation. Faults are collected with pointers
// relative to the value at hand; each level puts its own name in front, so that
// a sound value costs no path.
func (p *plan) root(v reflect.Value) []fault.Item {
	for p.shape == shapePointer {
		if v.IsNil() {
			return nil
		}
		p, v = p.elem, v.Elem()
	}
	items := p.walk(v, rules{}, nil)
	for i := range items {
		it := &items[i]
		if it.In == "" {
			it.In = "body"
			p.name(it)
		}
	}
	return items
}

// name gives it the plain name of the path, query or header field it points to.
func (p *plan) name(it *fault.Item) {
	for _, f := range p.fields {
		if f.in == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(it.Param, "/"+escape(f.name)); ok && (rest == "" || rest[0] == '/') {
			it.In, it.Param = f.in, f.param
			return
		}
	}
}

// walk appends the faults of v to out.
func (p *plan) walk(v reflect.Value, r rules, out []fault.Item) []fault.Item {
	switch p.shape {
	case shapePointer:
		if !v.IsNil() {
			out = p.elem.walk(v.Elem(), r, out)
		}
		return out
	case shapeAny:
		if !v.IsValid() || v.Kind() == reflect.Interface && v.IsNil() {
			return out
		}
		return p.any(v, out)
	case shapeInner:
		if val, ok := v.Interface().(inner).Inner(); ok && val != nil {
			out = p.elem.walk(reflect.ValueOf(val), r, out)
		}
		return out
	default:
	}
	before := len(out)
	if out = p.text(v, out); len(out) > before {
		return out
	}
	for _, rule := range r.own {
		if it := rule(v); it != nil {
			out = append(out, *it)
		}
	}
	return p.check(v, p.inside(v, r, before, out))
}

// any walks a value whose type is only known now.
func (p *plan) any(v reflect.Value, out []fault.Item) []fault.Item {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	dyn, err := planOf(v.Type())
	if err != nil {
		panic(err)
	}
	return dyn.walk(v, rules{}, out)
}

// text refuses what no database and no other system will take.
func (p *plan) text(v reflect.Value, out []fault.Item) []fault.Item {
	switch p.shape {
	case shapeText:
		if s := v.String(); !sound(s) {
			out = append(out, fault.Item{Code: BadText, Message: "must be UTF-8 text without NUL"})
		}
	case shapeFloat:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			out = append(out, fault.Item{Code: BadFormat, Message: "must be a finite number"})
		}
	default:
	}
	return out
}

func sound(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// inside walks the parts of v. The elements of a list that breaks a rule of its
// own (faults since before) are left alone: there may be a million of them.
func (p *plan) inside(v reflect.Value, r rules, before int, out []fault.Item) []fault.Item {
	switch {
	case p.shape == shapeStruct:
		return p.structure(v, out)
	case len(out) > before:
		return out
	case p.shape == shapeList:
		return p.list(v, r, out)
	case p.shape == shapeMap:
		return p.entries(v, out)
	}
	return out
}

func (p *plan) structure(v reflect.Value, out []fault.Item) []fault.Item {
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := at(v, f.index)
		if !ok || f.optional != never && f.optional.absent(fv) {
			continue
		}
		before := len(out)
		out = f.plan.walk(fv, f.rules, out)
		if len(out) > before {
			under(out[before:], f.name)
		}
		if len(out) >= MaxItems {
			return out[:MaxItems]
		}
	}
	return out
}

// at returns the field of v at path, false if an embedded pointer is nil.
func at(v reflect.Value, path []int) (reflect.Value, bool) {
	for _, i := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

func (o optional) absent(v reflect.Value) bool {
	if o == whenEmpty && (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) {
		return v.Len() == 0
	}
	if o == whenSaid && v.Kind() != reflect.Pointer {
		return v.Interface().(zeroer).IsZero()
	}
	return v.IsZero()
}

func (p *plan) list(v reflect.Value, r rules, out []fault.Item) []fault.Item {
	if p.elem.idle() && len(r.elem) == 0 {
		return out
	}
	for i := range v.Len() {
		before := len(out)
		out = p.elem.walk(v.Index(i), rules{own: r.elem}, out)
		if len(out) > before {
			under(out[before:], strconv.Itoa(i))
		}
		if len(out) >= MaxItems {
			return out[:MaxItems]
		}
	}
	return out
}

// idle reports whether no value of p can be at fault by itself.
func (p *plan) idle() bool {
	return len(p.checks) == 0 && (p.shape == shapeNone || p.shape == shapeInt || p.shape == shapeUint ||
		p.shape == shapeBytes || p.shape == shapeRaw || p.shape == shapeTime)
}

func (p *plan) entries(v reflect.Value, out []fault.Item) []fault.Item {
	start := len(out)
	for it := v.MapRange(); it.Next() && len(out) < MaxItems; {
		key, before := it.Key(), len(out)
		if key.Kind() == reflect.String && !sound(key.String()) {
			out = append(out, fault.Item{Code: BadText, Message: "must have a name in UTF-8 without NUL"})
		} else {
			out = p.elem.walk(it.Value(), rules{}, out)
		}
		if len(out) > before {
			under(out[before:], strings.ToValidUTF8(fmt.Sprint(key), "\uFFFD"))
		}
	}
	slices.SortStableFunc(out[start:], func(a, b fault.Item) int { return cmp.Compare(a.Param, b.Param) })
	return out[:min(len(out), MaxItems)]
}

// check calls the Check of v and of what it embeds.
func (p *plan) check(v reflect.Value, out []fault.Item) []fault.Item {
	for _, path := range p.checks {
		if cv, ok := at(v, path); ok {
			out = append(out, cv.Interface().(checker).Check()...)
		}
	}
	return out[:min(len(out), MaxItems)]
}

// under puts the name of the part that items are about before their pointers.
// Items that name another place than the body stay.
func under(items []fault.Item, name string) {
	prefix := "/" + escape(name)
	for i := range items {
		if items[i].In == "" {
			items[i].Param = prefix + items[i].Param
		}
	}
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func escape(name string) string { return escaper.Replace(name) }
