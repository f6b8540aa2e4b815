package httpapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// form is what a type looks like in JSON.
type form int

const (
	formAny form = iota
	formString
	formBool
	formInt
	formUint
	formFloat
	formBytes
	formTime
	formText // a string that its type reads by itself
	formList
	formMap
	formStruct
)

var wanted = map[form]string{
	formString: "a string", formBool: "true or false", formInt: "an integer", formUint: "an integer that is not negative", formFloat: "a number",
	formBytes: "a string of base64", formTime: "a time like 2006-01-02T15:04:05Z", formText: "a string",
	formList: "a list", formMap: "an object", formStruct: "an object",
}

// jsonType is a type as the JSON reader sees it.
type jsonType struct {
	form     form
	nullable bool
	rt       reflect.Type // without pointers and Maybe
	self     bool         // reads itself: try it on the value
	elem     *jsonType    // of a list or a map
	members  map[string]*member
	once     sync.Once // fills in elem and members: types may hold themselves
}

type member struct {
	*jsonType
	required bool
}

var jsonTypes sync.Map // reflect.Type → *jsonType

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	timeType = reflect.TypeFor[time.Time]()
	selfType = reflect.TypeFor[json.Unmarshaler]()
	textType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// inner is a value that may be absent or null, such as op.Maybe.
type inner interface {
	Inner() (value any, present bool)
}

// innerOf returns the type inside of an op.Maybe.
func innerOf(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	if _, ok := reflect.TypeAssert[inner](reflect.Zero(t)); !ok {
		return nil, false
	}
	f, ok := t.FieldByName("Value")
	return f.Type, ok
}

// custom reports whether t reads itself from JSON.
func custom(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(selfType) || reflect.PointerTo(t).Implements(textType)
}

func jsonTypeOf(t reflect.Type) *jsonType {
	if got, ok := jsonTypes.Load(t); ok {
		return got.(*jsonType)
	}
	got, _ := jsonTypes.LoadOrStore(t, newJSONType(t))
	return got.(*jsonType)
}

func newJSONType(t reflect.Type) *jsonType {
	if in, ok := innerOf(t); ok {
		j := newJSONType(in)
		j.nullable = true
		return j
	}
	if t.Kind() == reflect.Pointer {
		j := newJSONType(t.Elem())
		j.nullable = true
		return j
	}
	j := &jsonType{rt: t, form: formOf(t), self: custom(t) && t != rawType}
	j.nullable = j.form == formAny
	return j
}

func formOf(t reflect.Type) form {
	switch {
	case t == rawType || t.Kind() == reflect.Interface:
		return formAny
	case t == timeType:
		return formTime
	case reflect.PointerTo(t).Implements(textType):
		return formText
	}
	switch t.Kind() {
	case reflect.String:
		return formString
	case reflect.Bool:
		return formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return formUint
	case reflect.Float32, reflect.Float64:
		return formFloat
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return formBytes
		}
		return formList
	case reflect.Map:
		return formMap
	case reflect.Struct:
		return formStruct
	default:
		panic(fmt.Sprintf("httpapi: %v has no form in JSON", t))
	}
}

// inside returns j with its elements and members known.
func (j *jsonType) inside() *jsonType {
	j.once.Do(func() {
		switch j.form {
		case formList, formMap:
			j.elem = jsonTypeOf(j.rt.Elem())
		case formStruct:
			j.members = map[string]*member{}
			for _, f := range flatten(j.rt) {
				j.members[f.JSON] = &member{jsonTypeOf(f.Type), f.Required}
			}
		default:
		}
	})
	return j
}

// bodyOf returns the type of the body of a route with these fields.
func bodyOf(fields []Field) *jsonType {
	j := &jsonType{form: formStruct, members: map[string]*member{}}
	j.once.Do(func() {})
	for _, f := range fields {
		if f.In == InBody {
			j.members[f.JSON] = &member{jsonTypeOf(f.Type), f.Required}
		}
	}
	return j
}
