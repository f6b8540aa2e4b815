package openapi

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
)

// put returns v with x at path.
func put(v any, path []string, x any) any {
	if len(path) == 0 {
		return x
	}
	switch v := v.(type) {
	case map[string]any:
		v[path[0]] = put(v[path[0]], path[1:], x)
	case []any:
		v[0] = put(v[0], path[1:], x)
	}
	return v
}

// sample returns a value of t that keeps most rules.
func sample(t reflect.Type, depth int) any {
	if in, ok := maybe(t); ok {
		return sample(in, depth)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return sample(t.Elem(), depth)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 || depth > 16 {
			return []any{}
		}
		return []any{sample(t.Elem(), depth+1)}
	case reflect.Map:
		return map[string]any{"k": sample(t.Elem(), depth+1)}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return "2026-01-02T03:04:05Z"
		}
		out := map[string]any{}
		for _, f := range structFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && depth < 16 {
				out[name] = likely(f, depth)
			}
		}
		return out
	case reflect.Bool:
		return true
	case reflect.String:
		return "x"
	default:
		return 1
	}
}

// likely returns a value for f that keeps its rules, as far as it is simple.
func likely(f reflect.StructField, depth int) any {
	if f.Tag.Get("json") == "currency" {
		return "EUR"
	}
	if isRate(f.Type) {
		return "8.25"
	}
	if enum, _, _ := strings.Cut(f.Tag.Get("enum"), ","); enum != "" && f.Type.Kind() == reflect.String {
		return enum
	}
	if p := f.Tag.Get("pattern"); p != "" {
		i := slices.IndexFunc(words, func(w any) bool { return regexp.MustCompile(p).MatchString(w.(string)) })
		if elem, at := elemOf(f.Type); elem.Kind() == reflect.String && len(at) == 0 {
			return words[max(0, i)]
		} else if len(at) == 1 {
			return []any{words[max(0, i)]}
		}
	}
	return sample(f.Type, depth+1)
}

// isRate reports whether t is a rate, or may hold one.
func isRate(t reflect.Type) bool {
	if in, ok := maybe(t); ok {
		t = in
	}
	return t == reflect.TypeFor[money.Rate]()
}

var words = []any{"", "x", "xy", "é", "EUR", "DE", "de", "a_b", "a-b", "a b", "a@example.com", "no mail", "https://example.com/a", "ftp://x", "2026-01-02", "2026-13-02", "main", "123", "-"}

// boundaries returns values at the edges of the rules of f.
func boundaries(f reflect.StructField) (out []any) {
	elem, at := elemOf(f.Type)
	switch {
	case f.Type == reflect.TypeFor[money.Currency]() && f.Tag.Get("pattern") == "":
		return nil // the schema says more than package check, which need not look at it
	case len(at) > 1 || elem.Kind() == reflect.Struct && len(at) == 0:
		return nil
	case elem.Kind() == reflect.String:
		out = strs(f)
	case elem.Kind() == reflect.Int || elem.Kind() == reflect.Int64:
		out = numbers(f)
		if isRate(f.Type) {
			out = []any{"0", "100", "100.0001", "8.25", "1.23456", "-1", "x"}
		}
	case elem.Kind() == reflect.Bool:
		out = []any{true, false}
	}
	if len(at) == 0 {
		return out
	}
	in := out
	out = nil
	for _, v := range in {
		out = append(out, wrap(f.Type, []any{v}))
	}
	return append(out, lengths(f, elem)...)
}

func wrap(t reflect.Type, values []any) any {
	if in, ok := maybe(t); ok {
		return wrap(in, values)
	}
	if t.Kind() == reflect.Pointer {
		return wrap(t.Elem(), values)
	}
	if t.Kind() != reflect.Map {
		return values
	}
	m := map[string]any{}
	for i, v := range values {
		m["k"+strconv.Itoa(i)] = v
	}
	return m
}

func strs(f reflect.StructField) []any {
	out := slices.Clone(words)
	for _, tag := range []string{"minLength", "maxLength"} {
		n, err := strconv.Atoi(f.Tag.Get(tag))
		for d := -1; err == nil && d <= 1; d++ {
			out = append(out, strings.Repeat("é", max(0, n+d)), strings.Repeat("a", max(0, n+d)))
		}
	}
	for e := range strings.SplitSeq(f.Tag.Get("enum"), ",") {
		out = append(out, e)
	}
	return out
}

func numbers(f reflect.StructField) []any {
	out := []any{-1, 0, 1, 2, 3, 1000000}
	for _, tag := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if n, err := strconv.Atoi(f.Tag.Get(tag)); err == nil {
			out = append(out, n-1, n, n+1)
		}
	}
	return out
}

func lengths(f reflect.StructField, elem reflect.Type) (out []any) {
	for _, tag := range []string{"minItems", "maxItems", "minProperties", "maxProperties"} {
		n, err := strconv.Atoi(f.Tag.Get(tag))
		for d := -1; err == nil && n <= 600 && d <= 1; d++ { // longer lists take long and show nothing new
			values := make([]any, 0)
			for i := range max(0, n+d) {
				v := sample(elem, 0)
				if elem.Kind() == reflect.String {
					v = fmt.Sprint(i % 100)
				}
				values = append(values, v)
			}
			out = append(out, wrap(f.Type, values))
		}
	}
	return append(out, wrap(f.Type, []any{}), wrap(f.Type, []any{"x", "x"}))
}
