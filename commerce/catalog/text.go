package catalog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// Codes of the items in the error about a product that contradicts itself.
const (
	codeValues   = "catalog.wrong_values"    // not one value for each option
	codeDouble   = "catalog.not_unique"      // a second one with the same identity
	codeNoValues = "catalog.unknown_values"  // no variant has these values
	codeMetadata = "catalog.not_an_object"   // metadata
	codeOneOnly  = "catalog.variants_differ" // several variants without options
)

const maxMetadata = 16 << 10

// isPlain reports whether s shows all of itself: it is valid UTF-8 without
// control characters, directions and characters of no width, so that two keys
// that look alike in this way are the same.
func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, isHidden)
}

func isHidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// faults collects what is wrong with one input.
type faults []fault.Item

func (f *faults) add(code, pointer, message string) {
	*f = append(*f, fault.Item{Code: code, In: "body", Param: pointer, Message: message})
}

// plain notes a key that hides something.
func (f *faults) plain(pointer, s string) {
	if !isPlain(s) {
		f.add(check.BadText, pointer, "has control characters or characters of no width")
	}
}

func (f faults) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return fault.ErrInvalid.At(f[0].Param).Listing(f...)
	default:
		return fault.ErrInvalid.Listing(f...)
	}
}

// object returns raw with its keys in order and without spaces, so that equal
// objects are equal bytes; "{}" for none.
func (f *faults) object(pointer string, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		return json.RawMessage("{}")
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // numbers stay as they were written
	err := d.Decode(&m)
	if err != nil || m == nil || d.More() {
		f.add(codeMetadata, pointer, "is not a JSON object")
		return raw
	}
	out, err := json.Marshal(m)
	if err != nil || len(out) > maxMetadata {
		f.add(check.TooLong, pointer, "is longer than 16 kB")
	}
	return out
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// at joins the parts of a JSON Pointer: "/variants/3/sku".
func at(parts ...any) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		switch p := p.(type) {
		case int:
			b.WriteString(strconv.Itoa(p))
		case string:
			b.WriteString(escape.Replace(p))
		}
	}
	return b.String()
}
