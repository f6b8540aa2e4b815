package openapi

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

const refs = "#/components/schemas/"

// schemas makes the schemas of one direction: what is sent is closed, what is
// answered may grow.
type schemas struct {
	huma.Registry
	input   bool
	aliased map[reflect.Type]bool
	fixed   map[string]bool
}

func newSchemas(input bool) *schemas {
	s := &schemas{input: input, aliased: map[reflect.Type]bool{}, fixed: map[string]bool{}}
	s.Registry = huma.NewMapRegistry(refs, func(t reflect.Type, hint string) string {
		name := nameOf(t)
		if name == "" {
			name = hint
		}
		if input && !strings.HasSuffix(name, "Input") {
			name += "Input"
		}
		return name
	})
	return s
}

// bare are the packages whose types need no other name than their own.
var bare = []string{"storefront", "checkout", "fulfil", "money", "address", "page", "op"}

// nameOf returns the name of a type in the document: order.Item is OrderItem,
// order.Order is Order, page.Page[order.Order] is OrderPage.
func nameOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, arg, generic := strings.Cut(t.Name(), "[")
	if name == "" {
		return ""
	}
	if generic {
		at, elem, _ := cutLast(strings.TrimSuffix(arg, "]"), ".")
		return qualified(at, elem) + name
	}
	return qualified(t.PkgPath(), name)
}

func qualified(pkgPath, name string) string {
	_, pkg, _ := cutLast(pkgPath, "/")
	title := strings.ToUpper(pkg[:min(1, len(pkg))]) + pkg[min(1, len(pkg)):]
	if slices.Contains(bare, pkg) || name == title || pkg == "" {
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, title+name)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// of returns the schema of t, a reference for structs.
func (s *schemas) of(t reflect.Type, hint string) *huma.Schema {
	s.alias(t, map[reflect.Type]bool{})
	out := s.Schema(t, true, hint)
	s.fix()
	return out
}

// field returns the schema of a field outside of bodies.
func (s *schemas) field(f reflect.StructField) *huma.Schema {
	s.alias(f.Type, map[reflect.Type]bool{})
	out := huma.SchemaFromField(s.Registry, f, f.Name)
	neverNull(out)
	out.Nullable, out.Description = false, "" // a parameter is there or not, and describes itself
	s.fix()
	return out
}

// body returns the schema of the fields of a route that travel in the body, nil
// when there are none.
func (s *schemas) body(route httpapi.Route, in reflect.Type) (schema *huma.Schema, required bool) {
	var fields []reflect.StructField
	for _, f := range httpapi.Fields(in, route.Pattern) {
		if f.In == httpapi.InBody {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
			required = required || f.Required
		}
	}
	if len(fields) == 0 {
		return nil, false
	}
	return s.of(reflect.StructOf(fields), nameOf(in)), required
}

// alias lets the registry see every op.Maybe below t as a pointer to what is in
// it.
func (s *schemas) alias(t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		s.alias(t.Elem(), seen)
	case reflect.Int64, reflect.String:
		if as, ok := texts[t]; ok {
			s.RegisterTypeAlias(t, as)
		}
	case reflect.Struct:
		if in, ok := maybe(t); ok && !s.aliased[t] {
			s.aliased[t] = true
			s.RegisterTypeAlias(t, reflect.PointerTo(in))
		}
		for f := range t.Fields() {
			s.alias(f.Type, seen)
		}
	default:
	}
}

// texts are the types of money whose form their Go type does not show.
var texts = map[reflect.Type]reflect.Type{
	reflect.TypeFor[money.Rate]():     reflect.TypeFor[rate](),
	reflect.TypeFor[money.Currency](): reflect.TypeFor[currency](),
}

// rate stands for money.Rate, which reads itself from text.
type rate string

// Schema implements huma.SchemaProvider.
func (rate) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "Percent, 0 to 100.", Pattern: `^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$`, Examples: []any{"8.25"}}
}

// currency stands for money.Currency.
type currency string

// Schema implements huma.SchemaProvider.
func (currency) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "ISO 4217, upper case.", Pattern: "^[A-Z]{3}$", Examples: []any{"EUR"}}
}

// maybe returns what an op.Maybe may hold.
func maybe(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	_, ok := reflect.TypeAssert[interface{ Inner() (any, bool) }](reflect.Zero(t))
	f, has := t.FieldByName("Value")
	return f.Type, ok && has
}

// fix changes what the registry does not know about our types.
func (s *schemas) fix() {
	for name, schema := range s.Map() {
		if s.fixed[name] || schema.Type != huma.TypeObject {
			continue
		}
		s.fixed[name] = true
		if !s.input && schema.AdditionalProperties == false {
			schema.AdditionalProperties = nil
		}
		neverNull(schema)
		for _, f := range structFields(s.TypeFromRef(refs + name)) {
			s.fixField(schema, f)
		}
		schema.PrecomputeMessages()
	}
}

func (s *schemas) fixField(of *huma.Schema, f reflect.StructField) {
	name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
	prop := of.Properties[name]
	if prop == nil {
		return
	}
	pointer := f.Type.Kind() == reflect.Pointer
	if s.input && pointer && f.Tag.Get("required") != "true" {
		of.Required = slices.DeleteFunc(of.Required, func(n string) bool { return n == name })
	}
	if _, isMaybe := maybe(f.Type); isMaybe || pointer && !strings.Contains(opts, "omit") {
		of.Properties[name] = nullable(prop)
	}
	if prop.Type == "" && prop.Ref == "" && prop.MaxLength != nil { // any JSON, measured in bytes
		limit := "At most " + strconv.Itoa(*prop.MaxLength) + " bytes of JSON."
		prop.Description, prop.MaxLength = strings.TrimSpace(prop.Description+" "+limit), nil
	}
}

// neverNull takes null from the lists in s, where the registry puts it.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(values)
	}
	for _, prop := range s.Properties {
		neverNull(prop)
	}
}

// nullable returns a schema that also takes null.
func nullable(s *huma.Schema) *huma.Schema {
	switch {
	case s.Ref != "":
		null := &huma.Schema{Type: "null", Enum: []any{nil}}
		return &huma.Schema{Description: s.Description, AnyOf: []*huma.Schema{{Ref: s.Ref}, null}}
	case s.Type == "":
		return s
	}
	s.Nullable = true
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
		s.Enum = append(s.Enum, nil)
	}
	return s
}

// structFields lists the fields of t and of what it embeds.
func structFields(t reflect.Type) (out []reflect.StructField) {
	for f := range t.Fields() {
		switch {
		case f.Anonymous && f.Tag.Get("json") == "" && f.Type.Kind() == reflect.Struct:
			out = append(out, structFields(f.Type)...)
		case f.IsExported():
			out = append(out, f)
		}
	}
	return out
}
