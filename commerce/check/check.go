// Package check enforces the constraints that struct tags declare, in JSON
// Schema's words, so that a Go caller, NATS and HTTP are held to the same rules
// and OpenAPI shows them from the same source.
//
// The tags, and what they fit:
//
//	minLength maxLength pattern patternDescription   strings, and []byte as its base64 text
//	enum:"a,b"                                       strings and numbers
//	format                                           strings: see below
//	minimum maximum exclusiveMinimum
//	exclusiveMaximum multipleOf                      numbers
//	minItems maxItems uniqueItems                    slices and arrays
//	minProperties maxProperties                      maps
//	maxLength                                        json.RawMessage, in bytes
//	required:"false"                                 any field
//
// Lengths are Unicode code points. On a slice the tags of strings and numbers
// hold for each element. A tag that does not fit its field is an error of the
// program, see Type. Formats are email (one bare address), uri (absolute),
// uri-reference, hostname, ip, ipv4, ipv6, date, time and date-time; password
// only documents.
//
// What people get wrong: a Go value cannot show absence. A field is optional if
// it is a pointer, has omitempty or omitzero, or is tagged required:"false";
// when such a field holds what its JSON encoding leaves out (or nil, or zero),
// it is not checked at all. A required field is checked with whatever it holds,
// so that "" breaks minLength:"1" and 0 breaks minimum:"1".
//
// Every string must be valid UTF-8 without NUL, tagged or not. Nested and
// embedded structs, slices, map values, pointers, interfaces and types with the
// method
//
//	Inner() (value any, present bool)
//
// are walked. For rules across fields a type has the method, on its value,
//
//	Check() []fault.Item
//
// It is called wherever the type occurs, also when single fields are at fault.
// Param of its items is a JSON Pointer relative to the value ("/email"), In is
// empty. A Check that is promoted from an embedded struct is called once; one
// of the outer struct replaces it.
package check

import (
	"reflect"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Codes of the items in the error of Struct. Meta of an item holds {"limit": n},
// {"allowed": [...]}, {"pattern": "..."} or {"format": "..."}.
const (
	TooShort    = "request.too_short"
	TooLong     = "request.too_long"
	TooSmall    = "request.too_small"
	TooBig      = "request.too_big"
	TooFew      = "request.too_few"
	TooMany     = "request.too_many"
	BadPattern  = "request.bad_pattern"
	BadFormat   = "request.bad_format"
	BadText     = "request.bad_text" // not UTF-8, or with NUL
	NotAllowed  = "request.not_allowed"
	NotUnique   = "request.not_unique"
	NotMultiple = "request.not_multiple"
)

// MaxItems is how many faults Struct lists before it stops looking.
const MaxItems = 100

// Struct returns nil if v, a struct or a pointer to one, keeps its constraints,
// and otherwise fault.ErrInvalid with all faults (at most MaxItems). A single
// fault is also named by In and Param of the error itself. Fields tagged path,
// query or header at the top level go by that name, all others by a JSON
// Pointer. Struct panics if a tag of v's type is wrong, see Type.
func Struct(v any) error {
	if v == nil {
		return nil
	}
	p, err := planOf(reflect.TypeOf(v))
	if err != nil {
		panic(err)
	}
	items := p.root(reflect.ValueOf(v))
	if len(items) == 0 {
		return nil
	}
	e := fault.ErrInvalid.Listing(items...)
	if len(items) == 1 {
		e.In, e.Param = items[0].In, items[0].Param
	}
	return e
}

// Type returns what is wrong with the tags of t and of the types in it, nil
// when all is well. Tests call it for the input of every operation.
func Type(t reflect.Type) error {
	_, err := planOf(t)
	return err
}
