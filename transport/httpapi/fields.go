package httpapi

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Places where a field of an input is taken from.
const (
	InPath   = "path"
	InQuery  = "query"
	InHeader = "header"
	InBody   = "body"
	InRaw    = "raw" // the whole body as it is
)

// Field is one field of an operation's input as a route takes it.
type Field struct {
	reflect.StructField
	Path     []int  // from the input to the field, through what it embeds
	JSON     string // name in JSON
	In       string // InPath, InQuery, InHeader, InBody or InRaw
	Param    string // name there; * of headers is all of them
	Required bool
}

// Fields returns the fields that a route with this pattern takes from requests,
// embedded structs flattened as encoding/json does. A field with the tag path,
// query or header comes from there and from nowhere else; a name in braces that
// no path tag has is the field of that JSON name; the rest is the body's. A
// []byte with the tag body:"raw" is the whole body as it is, of any content type
// and at most as long as its maxLength, which counts base64; a map with the tag
// header:"*" has all headers but those that are about the connection or name the
// caller. It panics when a name in braces has no field, or a path tag no name in braces.
func Fields(in reflect.Type, pattern string) []Field {
	fields := flatten(in)
	for _, name := range params(pattern) {
		if slices.ContainsFunc(fields, func(f Field) bool { return f.In == InPath && f.Param == name }) {
			continue
		}
		i := slices.IndexFunc(fields, func(f Field) bool { return f.In == InBody && f.JSON == name })
		if i < 0 {
			panic(fmt.Sprintf("httpapi: %s: %v has no field for {%s}", pattern, in, name))
		}
		fields[i].In, fields[i].Required = InPath, true
	}
	for _, f := range fields {
		if f.In == InPath && !slices.Contains(params(pattern), f.Param) {
			panic(fmt.Sprintf("httpapi: %s has no {%s} for %v", pattern, f.Param, in))
		}
	}
	return fields
}

// flatten lists the fields of t and of what it embeds, outer before inner.
func flatten(t reflect.Type) (out []Field) {
	type level struct {
		t    reflect.Type
		path []int
	}
	for queue := []level{{t: t}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for f := range at.t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			path := append(slices.Clone(at.path), f.Index[0])
			switch {
			case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct && !custom(f.Type):
				queue = append(queue, level{f.Type, path})
			case f.IsExported() && name != "-":
				fl := fieldOf(f, path, name)
				if !slices.ContainsFunc(out, func(have Field) bool { return have.JSON == fl.JSON }) {
					out = append(out, fl)
				}
			}
		}
	}
	return out
}

func fieldOf(f reflect.StructField, path []int, name string) Field {
	if name == "" {
		name = f.Name
	}
	fl := Field{StructField: f, Path: path, JSON: name, In: InBody, Param: name, Required: required(f)}
	for _, in := range []string{InPath, InQuery, InHeader} {
		if v := f.Tag.Get(in); v != "" && fl.In == InBody {
			fl.In, fl.Param = in, v
		}
	}
	if f.Tag.Get("body") == InRaw {
		fl.In = InRaw
	}
	fl.Required = fl.Required || fl.In == InPath
	return fl
}

// required reads the tags as package check does.
func required(f reflect.StructField) bool {
	if v, ok := f.Tag.Lookup("required"); ok {
		return v == "true"
	}
	_, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
	return f.Type.Kind() != reflect.Pointer && !slices.ContainsFunc(strings.Split(opts, ","), func(o string) bool {
		return o == "omitempty" || o == "omitzero"
	})
}
