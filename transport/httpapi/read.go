package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

const (
	maxDepth  = 64
	maxFaults = 100
)

var errEnough = errors.New("enough faults")

// readJSON reads a body of type t into in, strictly: no unknown fields, no
// fields twice, no value of another type, nothing after the end.
func readJSON(data []byte, t *jsonType, in any) error {
	if !utf8.Valid(data) {
		return fault.ErrMalformed.Saying("the body is not UTF-8")
	}
	if at := loneSurrogate(data); at >= 0 {
		return fault.ErrMalformed.Saying(fmt.Sprintf("the body has half of a surrogate pair at byte %d", at))
	}
	r := reader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	err := r.value(t, "", 0)
	if err == nil {
		if _, more := r.dec.Token(); more != io.EOF {
			return fault.ErrMalformed.Saying(fmt.Sprintf("the body goes on after its end at byte %d", r.dec.InputOffset()))
		}
	}
	switch {
	case err != nil && !errors.Is(err, errEnough):
		return r.broken(err)
	case len(r.items) > 0:
		return gathered(r.items, r.malformed)
	}
	if err := json.Unmarshal(data, in); err != nil {
		return fault.ErrMalformed.Because(err)
	}
	return nil
}

// gathered makes one error of items. malformed says that one of them is about
// the form, not about a value.
func gathered(items []fault.Item, malformed bool) error {
	e := fault.ErrInvalid
	if malformed {
		e = fault.ErrMalformed
	}
	e = e.Listing(items...)
	first := items[0]
	if !slices.ContainsFunc(items, func(it fault.Item) bool { return it.Code != first.Code }) {
		e.Code = first.Code
	}
	if len(items) == 1 {
		e.In, e.Param, e.Meta, e.Text = first.In, first.Param, first.Meta, first.Message
	}
	return e
}

// reader walks a body along a type.
type reader struct {
	data      []byte
	dec       *json.Decoder
	items     []fault.Item
	malformed bool
}

func (r *reader) broken(err error) error {
	at := r.dec.InputOffset()
	if syn, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syn.Offset
		if err.Error() == "unexpected end of JSON input" {
			at = int64(len(r.data))
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err, at = errors.New("it ends too early"), int64(len(r.data))
	}
	return fault.ErrMalformed.Saying(fmt.Sprintf("the body is not JSON at byte %d: %v", at, err)).With(map[string]int64{"offset": at})
}

// found notes a fault. It returns errEnough when there are many.
func (r *reader) found(f *fault.Error, at, say string) error {
	it := f.Item()
	it.In, it.Param = InBody, at
	if say != "" {
		it.Message = say
	}
	r.items = append(r.items, it)
	r.malformed = r.malformed || f.Kind != fault.Invalid
	if len(r.items) >= maxFaults {
		return errEnough
	}
	return nil
}

// value reads one value of type t at a pointer. A nil t takes anything. It
// returns an error when the body cannot be read on.
func (r *reader) value(t *jsonType, at string, depth int) error {
	if depth > maxDepth {
		return errors.New("it is nested too deeply")
	}
	start, before := r.dec.InputOffset(), len(r.items)
	tok, err := r.dec.Token()
	if err != nil {
		return err
	}
	wrong := t != nil && !t.takes(tok)
	inside := t
	if wrong || t != nil && t.form == formAny {
		inside = nil
	}
	switch tok {
	case json.Delim('{'):
		err = r.object(inside, at, depth)
	case json.Delim('['):
		err = r.list(inside, at, depth)
	}
	switch {
	case err != nil:
		return err
	case wrong:
		return r.found(ErrBadType, at, "must be "+t.want())
	case t != nil && t.self && tok != nil && len(r.items) == before:
		return r.try(t, at, r.data[start:r.dec.InputOffset()])
	}
	return nil
}

func (j *jsonType) want() string {
	if j.nullable {
		return wanted[j.form] + ", or null"
	}
	return wanted[j.form]
}

// takes reports whether a value that begins with tok can be one of type j.
func (j *jsonType) takes(tok json.Token) bool {
	if tok == nil {
		return j.nullable
	}
	switch j.form {
	case formAny:
		return true
	case formString, formText, formTime:
		_, ok := tok.(string)
		return ok
	case formBytes:
		s, ok := tok.(string)
		return ok && json.Unmarshal([]byte(strconv.Quote(s)), new([]byte)) == nil
	case formBool:
		_, ok := tok.(bool)
		return ok
	case formInt, formUint, formFloat:
		n, ok := tok.(json.Number)
		return ok && j.fits(n.String())
	case formList:
		return tok == json.Delim('[')
	default:
		return tok == json.Delim('{')
	}
}

// fits reports whether a number is one of type j, exactly: integers have
// neither a point nor an exponent.
func (j *jsonType) fits(text string) (ok bool) {
	bits := j.rt.Bits()
	var err error
	switch j.form {
	case formInt:
		_, err = strconv.ParseInt(text, 10, bits)
	case formUint:
		_, err = strconv.ParseUint(text, 10, bits)
	default:
		_, err = strconv.ParseFloat(text, bits)
	}
	return err == nil
}

// try lets a type that reads itself read raw, which begins with what separates
// it from the value before.
func (r *reader) try(t *jsonType, at string, raw []byte) error {
	raw = bytes.TrimLeft(raw, ":, \t\r\n")
	err := json.Unmarshal(raw, reflect.New(t.rt).Interface())
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return r.found(f, at, "")
	}
	return r.found(ErrBadType, at, "must be "+t.want())
}

func (r *reader) object(t *jsonType, at string, depth int) error {
	seen := map[string]bool{}
	if t != nil {
		t.inside()
	}
	for r.dec.More() {
		tok, err := r.dec.Token()
		if err != nil {
			return err
		}
		name := tok.(string) // the decoder takes no other key
		here := at + "/" + escape(name)
		if seen[name] {
			if err := r.found(ErrDuplicateField, here, ""); err != nil {
				return err
			}
		}
		seen[name] = true
		sub, known := t.member(name)
		if !known {
			if err := r.found(ErrUnknownField, here, ""); err != nil {
				return err
			}
		}
		if err := r.value(sub, here, depth+1); err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return err
	}
	return r.missing(t, at, seen)
}

// member returns the type of a member, nil for anything, and whether an object
// of type j may have it.
func (j *jsonType) member(name string) (*jsonType, bool) {
	switch {
	case j == nil:
		return nil, true
	case j.form == formMap:
		return j.elem, true
	}
	m, ok := j.members[name]
	if !ok {
		return nil, false
	}
	return m.jsonType, true
}

// missing notes the required members of t that were not seen.
func (r *reader) missing(t *jsonType, at string, seen map[string]bool) error {
	if t == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(t.members)) {
		if t.members[name].required && !seen[name] {
			if err := r.found(ErrRequired, at+"/"+escape(name), "is required"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) list(t *jsonType, at string, depth int) error {
	var elem *jsonType
	if t != nil {
		elem = t.inside().elem
	}
	for i := 0; r.dec.More(); i++ {
		if err := r.value(elem, at+"/"+strconv.Itoa(i), depth+1); err != nil {
			return err
		}
	}
	_, err := r.dec.Token()
	return err
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func escape(name string) string { return escaper.Replace(name) }

// loneSurrogate returns where data escapes half of a surrogate pair, which
// encoding/json would silently replace, or -1.
func loneSurrogate(data []byte) int {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++ // the escaped character, also when it is a backslash
		switch u := escaped(data, i); {
		case u >= 0xDC00 && u <= 0xDFFF:
			return i - 1
		case u >= 0xD800 && u <= 0xDBFF:
			if low := escaped(data, i+6); i+5 >= len(data) || data[i+5] != '\\' || low < 0xDC00 || low > 0xDFFF {
				return i - 1
			}
			i += 6
		}
	}
	return -1
}

// escaped returns the code unit of the u of a \uXXXX at i, -1 if there is none.
func escaped(data []byte, i int) int64 {
	if i+5 > len(data) || data[i] != 'u' {
		return -1
	}
	u, err := strconv.ParseUint(string(data[i+1:i+5]), 16, 32)
	if err != nil {
		return -1
	}
	return int64(u)
}
