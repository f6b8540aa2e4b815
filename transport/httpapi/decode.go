package httpapi

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// MaxBody is how long the body of an operation may be, in bytes. Uploads and
// imports have limits of their own.
const MaxBody = 1 << 20

// decoder reads the requests of one route.
type decoder struct {
	route  Route
	fields []Field
	body   *jsonType
	raw    *Field // that takes the whole body, nil for JSON
}

func newDecoder(route Route, in reflect.Type) *decoder {
	d := &decoder{route: route, fields: Fields(in, route.Pattern)}
	for i, f := range d.fields {
		if !readable(f) {
			panic(fmt.Sprintf("httpapi: %v.%s cannot be read from a %s", in, f.Name, f.In))
		}
		if f.In == InRaw {
			d.raw = &d.fields[i]
		}
	}
	d.body = bodyOf(d.fields)
	return d
}

// readable reports whether f can be read from where it is.
func readable(f Field) bool {
	switch f.In {
	case InBody:
		return true
	case InRaw:
		return f.Type == reflect.TypeFor[[]byte]() && rawLimit(f) > 0
	default:
		return settable(f.Type) || f.Type == reflect.TypeFor[map[string][]string]()
	}
}

// settable reports whether set knows how to read a t.
func settable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	j := newJSONType(t)
	return j.form == formString || j.form == formBool || j.form == formInt || j.form == formTime || j.form == formText
}

// decode fills in, a pointer, from a request. Each field has one place.
func (d *decoder) decode(w http.ResponseWriter, r *http.Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	if d.raw != nil {
		data, err := readAll(w, r, rawLimit(*d.raw))
		if err != nil {
			return err
		}
		v.FieldByIndex(d.raw.Path).SetBytes(data)
	} else if d.route.HasBody() || r.ContentLength > 0 && r.Method == http.MethodDelete {
		if err := d.readBody(w, r, in); err != nil {
			return err
		}
	}
	var items []fault.Item
	for _, f := range d.fields {
		switch f.In {
		case InPath:
			if set(v.FieldByIndex(f.Path), []string{r.PathValue(f.Param)}) != "" {
				return ErrNotFound
			}
		case InHeader:
			if f.Param == "*" {
				all, err := passed(r.Header)
				if err != nil {
					return err
				}
				v.FieldByIndex(f.Path).Set(reflect.ValueOf(all))
				continue
			}
			items = append(items, readHeader(v.FieldByIndex(f.Path), f, r.Header.Values(f.Param))...)
		}
	}
	items = append(items, d.readQuery(v, r.URL.RawQuery)...)
	if len(items) > 0 {
		return gathered(items, true)
	}
	return nil
}

func (d *decoder) readBody(w http.ResponseWriter, r *http.Request, in any) error {
	data, err := readAll(w, r, MaxBody)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		data = []byte("{}")
	} else if err := d.checkType(r.Header); err != nil {
		return err
	}
	return readJSON(data, d.body, in)
}

// readAll reads a body of at most limit bytes.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := ErrTooLarge.With(map[string]int64{"limit": limit})
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if err != nil {
		return nil, fault.ErrMalformed.Saying("the body did not arrive").Because(err)
	}
	return data, nil
}

func (d *decoder) checkType(h http.Header) error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	good := media == "application/json" || media == "application/merge-patch+json" && d.route.Method() == http.MethodPatch
	charset := params["charset"]
	if err != nil || !good || charset != "" && !strings.EqualFold(charset, "utf-8") || h.Get("Content-Encoding") != "" {
		return ErrWrongType
	}
	return nil
}

// set reads texts into v, which is settable, and returns what is wanted
// instead, or "".
func set(v reflect.Value, texts []string) (want string) {
	if v.Kind() == reflect.Slice {
		for _, text := range texts {
			elem := reflect.New(v.Type().Elem()).Elem()
			if want := set(elem, []string{text}); want != "" {
				return want
			}
			v.Set(reflect.Append(v, elem))
		}
		return ""
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	j, text := jsonTypeOf(v.Type()), texts[0]
	switch j.form {
	case formString:
		v.SetString(text)
	case formBool:
		if text != "true" && text != "false" {
			return wanted[formBool]
		}
		v.SetBool(text == "true")
	case formInt:
		n, err := strconv.ParseInt(text, 10, j.rt.Bits())
		if err != nil || strings.HasPrefix(text, "+") {
			return wanted[formInt]
		}
		v.SetInt(n)
	default:
		if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
			return wanted[j.form]
		}
	}
	return ""
}

// readHeader reads a header. If-Match names a version: "v7", also weak or
// without quotes; * is 0, any version.
func readHeader(v reflect.Value, f Field, values []string) []fault.Item {
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 {
		return []fault.Item{item(ErrRepeated, InHeader, f.Param, "")}
	}
	text := strings.TrimSpace(values[0])
	want := "an entity tag such as \"v7\""
	if !strings.EqualFold(f.Param, "If-Match") {
		want = set(v, []string{text})
	} else if n, ok := version(text); ok {
		v.SetInt(n)
		want = ""
	}
	if want != "" {
		return []fault.Item{item(ErrBadType, InHeader, f.Param, "must be "+want)}
	}
	return nil
}

func version(tag string) (n int64, ok bool) {
	if tag == "*" {
		return 0, true
	}
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) > 1 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		tag = tag[1 : len(tag)-1]
	}
	digits, ok := strings.CutPrefix(tag, "v")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && digits[0] >= '0' && digits[0] <= '9'
}

func item(f *fault.Error, in, param, say string) fault.Item {
	it := f.Item()
	it.In, it.Param = in, param
	if say != "" {
		it.Message = say
	}
	return it
}

// readQuery reads the query into the fields of v. Lists are repeated or
// separated by commas; a comma inside of a value is written %2C.
func (d *decoder) readQuery(v reflect.Value, raw string) (items []fault.Item) {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || strings.Contains(part, ";") {
			return append(items, item(fault.ErrMalformed, InQuery, strings.ToValidUTF8(rawName, "?"), "the query cannot be read"))
		}
		it := d.readParam(v, name, rawValue, seen)
		if it != nil {
			items = append(items, *it)
		}
		if len(items) >= maxFaults {
			break
		}
	}
	return items
}

func (d *decoder) readParam(v reflect.Value, name, rawValue string, seen map[string]bool) *fault.Item {
	i := slices.IndexFunc(d.fields, func(f Field) bool {
		_, ok := f.matches(name)
		return f.In == InQuery && ok
	})
	if i < 0 {
		return new(item(ErrUnknownParam, InQuery, strings.ToValidUTF8(name, "?"), ""))
	}
	f := d.fields[i]
	rest, _ := f.matches(name)
	list := f.Type.Kind() == reflect.Slice
	if seen[name] && !list && f.Type.Kind() != reflect.Map {
		return new(item(ErrRepeated, InQuery, name, ""))
	}
	seen[name] = true
	texts, err := unescape(rawValue, list)
	if err != nil {
		return new(item(fault.ErrMalformed, InQuery, name, "the query cannot be read"))
	}
	fv := v.FieldByIndex(f.Path)
	if f.Type.Kind() == reflect.Map {
		m, _ := reflect.TypeAssert[map[string][]string](fv)
		if m == nil {
			m = map[string][]string{}
			fv.Set(reflect.ValueOf(m))
		}
		m[rest] = append(m[rest], texts...)
		return nil
	}
	if want := set(fv, texts); want != "" {
		return new(item(ErrBadType, InQuery, name, "must be "+want))
	}
	return nil
}

// matches reports whether f is the field of a query parameter, and what the
// star in its tag stands for.
func (f Field) matches(name string) (rest string, ok bool) {
	before, after, star := strings.Cut(f.Param, "*")
	if !star {
		return "", name == f.Param
	}
	rest, ok = strings.CutPrefix(name, before)
	if !ok {
		return "", false
	}
	rest, ok = strings.CutSuffix(rest, after)
	return rest, ok && rest != ""
}

func unescape(raw string, list bool) (texts []string, err error) {
	parts := []string{raw}
	if list {
		parts = strings.Split(raw, ",")
	}
	for _, part := range parts {
		text, err := url.QueryUnescape(part)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}
