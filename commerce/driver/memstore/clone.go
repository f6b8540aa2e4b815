package memstore

import (
	"reflect"
	"sync"
	"time"
)

// clone returns a copy of v, which was decoded from JSON, that shares no memory
// with it.
func clone[V any](v V) V {
	detach(reflect.ValueOf(&v).Elem())
	return v
}

// detach gives v, which can be set, memory of its own.
func detach(v reflect.Value) {
	if flat(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				detach(f)
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			v.Set(detachedPointer(v))
		}
	case reflect.Slice:
		if !v.IsNil() {
			own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(own, v)
			detachAll(own)
			v.Set(own)
		}
	case reflect.Array:
		detachAll(v)
	case reflect.Map:
		if !v.IsNil() {
			v.Set(detachedMap(v))
		}
	default: // nothing that JSON makes
	}
}

func detachedPointer(v reflect.Value) reflect.Value {
	own := reflect.New(v.Elem().Type())
	own.Elem().Set(v.Elem())
	detach(own.Elem())
	if v.Kind() == reflect.Interface {
		return own.Elem()
	}
	return own
}

func detachAll(list reflect.Value) {
	if flat(list.Type().Elem()) {
		return
	}
	for i := range list.Len() {
		detach(list.Index(i))
	}
}

func detachedMap(v reflect.Value) reflect.Value {
	own := reflect.MakeMapWithSize(v.Type(), v.Len())
	for key, value := range v.Seq2() {
		copied := reflect.New(v.Type().Elem()).Elem()
		copied.Set(value)
		detach(copied)
		own.SetMapIndex(key, copied)
	}
	return own
}

// flats remembers which types are flat.
var flats sync.Map

// flat reports whether copying a value of t copies all of it that can change.
func flat(t reflect.Type) bool {
	if known, ok := flats.Load(t); ok {
		return known.(bool)
	}
	is := t == reflect.TypeFor[time.Time]()
	switch t.Kind() {
	case reflect.Struct:
		all := true
		for f := range t.Fields() {
			all = all && flat(f.Type)
		}
		is = is || all
	case reflect.Array:
		is = flat(t.Elem())
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default:
		is = true
	}
	flats.Store(t, is)
	return is
}
