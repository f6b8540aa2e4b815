package check

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// A rule returns what is wrong with v, nil when it is kept.
type rule func(v reflect.Value) *fault.Item

// A maker makes the rule of a tag with this text.
type maker func(text string) (rule, error)

// tags is the vocabulary, in the order in which faults are listed.
var tags = []string{
	"minLength", "maxLength", "pattern", "enum", "format",
	"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf",
	"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
}

// foreign are tags that huma enforces and this package does not.
var foreign = []string{"dependentRequired", "timeFormat"}

// listTags are about a list itself; all others on it are about its elements.
var listTags = map[string]maker{"minItems": minItems, "maxItems": maxItems}

var makers = map[shape]map[string]maker{
	shapeText:  {"minLength": minLength, "maxLength": maxLength, "enum": textEnum, "format": format},
	shapeBytes: {"minLength": minBase64, "maxLength": maxBase64},
	shapeRaw:   {"maxLength": maxRaw},
	shapeTime:  {"format": only("date-time")},
	shapeMap:   {"minProperties": minProperties, "maxProperties": maxProperties},
	shapeInt:   intMakers,
	shapeUint:  intMakers,
	shapeFloat: {
		"minimum": floatBound("minimum"), "exclusiveMinimum": floatBound("exclusiveMinimum"),
		"maximum": floatBound("maximum"), "exclusiveMaximum": floatBound("exclusiveMaximum"),
		"multipleOf": floatMultiple, "enum": floatEnum, "format": documents,
	},
}

var intMakers = map[string]maker{
	"minimum": intBound("minimum"), "exclusiveMinimum": intBound("exclusiveMinimum"),
	"maximum": intBound("maximum"), "exclusiveMaximum": intBound("exclusiveMaximum"),
	"multipleOf": intMultiple, "enum": intEnum, "format": documents,
}

// rules reads the tags of a field.
func (c *compiler) rules(where string, f reflect.StructField) (r rules) {
	for _, tag := range foreign {
		if f.Tag.Get(tag) != "" {
			c.fail(where, "%s is not enforced here, write a Check", tag)
		}
	}
	t := bare(f.Type)
	list := shapeOf(t) == shapeList
	for _, tag := range tags {
		text := f.Tag.Get(tag)
		if text == "" {
			continue
		}
		made, err := ruleOf(t, tag, text, f.Tag.Get("patternDescription"))
		switch _, own := listTags[tag]; {
		case err != nil:
			c.fail(where, "%s: %v", tag, err)
		case made == nil:
		case list && !own && tag != "uniqueItems":
			r.elem = append(r.elem, made)
		default:
			r.own = append(r.own, made)
		}
	}
	return r
}

// ruleOf makes the rule of one tag on a field of type t, nil if the tag asks for
// nothing.
func ruleOf(t reflect.Type, tag, text, description string) (rule, error) {
	s := shapeOf(t)
	if s == shapeList {
		if m, ok := listTags[tag]; ok {
			return m(text)
		}
		if tag == "uniqueItems" {
			return unique(t.Elem(), text)
		}
		t = bare(t.Elem())
		s = shapeOf(t)
	}
	if tag == "pattern" && s == shapeText {
		return pattern(text, description)
	}
	m, ok := makers[s][tag]
	if !ok {
		return nil, fmt.Errorf("does not fit %v", t)
	}
	return m(text)
}

// bare returns what t is about, without pointers and Inner.
func bare(t reflect.Type) reflect.Type {
	for {
		switch shapeOf(t) {
		case shapePointer:
			t = t.Elem()
		case shapeInner:
			in := innerOf(t)
			if in == nil {
				return reflect.TypeFor[any]()
			}
			t = in
		default:
			return t
		}
	}
}

func size(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a count", text)
	}
	return n, nil
}

// sized makes a rule that measures v in units. TooLong and TooMany make the tag
// the upper limit, all other codes the lower one.
func sized(text, code string, measure func(reflect.Value) int, unit string) (rule, error) {
	n, err := size(text)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		unit = plurals[unit]
	}
	most, say := code == TooLong || code == TooMany, "must have at least %d %s, has %d"
	if most {
		say = "must have at most %d %s, has %d"
	}
	meta := encode(map[string]int{"limit": n})
	return func(v reflect.Value) *fault.Item {
		got := measure(v)
		if got == n || most == (got < n) {
			return nil
		}
		return &fault.Item{Code: code, Message: fmt.Sprintf(say, n, unit, got), Meta: meta}
	}, nil
}

var plurals = map[string]string{
	"character": "characters", "character of base64": "characters of base64",
	"byte": "bytes", "item": "items", "entry": "entries",
}

func runes(v reflect.Value) int  { return utf8.RuneCountInString(v.String()) }
func length(v reflect.Value) int { return v.Len() }
func base(v reflect.Value) int   { return base64.StdEncoding.EncodedLen(v.Len()) }

func minLength(text string) (rule, error) {
	return sized(text, TooShort, runes, "character")
}

func maxLength(text string) (rule, error) {
	return sized(text, TooLong, runes, "character")
}

func minBase64(text string) (rule, error) {
	return sized(text, TooShort, base, "character of base64")
}

func maxBase64(text string) (rule, error) {
	return sized(text, TooLong, base, "character of base64")
}

func maxRaw(text string) (rule, error) {
	return sized(text, TooLong, length, "byte")
}

func minItems(text string) (rule, error) {
	return sized(text, TooFew, length, "item")
}

func maxItems(text string) (rule, error) {
	return sized(text, TooMany, length, "item")
}

func minProperties(text string) (rule, error) {
	return sized(text, TooFew, length, "entry")
}

func maxProperties(text string) (rule, error) {
	return sized(text, TooMany, length, "entry")
}

func pattern(text, description string) (rule, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	say, meta := "must match "+text, encode(map[string]string{"pattern": text})
	if description != "" {
		say = "must be " + description
	}
	return func(v reflect.Value) *fault.Item {
		if re.MatchString(v.String()) {
			return nil
		}
		return &fault.Item{Code: BadPattern, Message: say, Meta: meta}
	}, nil
}

func textEnum(text string) (rule, error) {
	allowed := strings.Split(text, ",")
	return among(text, allowed, func(v reflect.Value) bool { return slices.Contains(allowed, v.String()) })
}

func intEnum(text string) (rule, error) {
	var allowed []int64
	if err := json.Unmarshal([]byte("["+text+"]"), &allowed); err != nil {
		return nil, fmt.Errorf("%q are not integers", text)
	}
	return among(text, allowed, func(v reflect.Value) bool {
		n, fits := whole(v)
		return fits && slices.Contains(allowed, n)
	})
}

func floatEnum(text string) (rule, error) {
	var allowed []float64
	if err := json.Unmarshal([]byte("["+text+"]"), &allowed); err != nil {
		return nil, fmt.Errorf("%q are not numbers", text)
	}
	return among(text, allowed, func(v reflect.Value) bool { return slices.Contains(allowed, v.Float()) })
}

func among(text string, allowed any, has func(reflect.Value) bool) (rule, error) {
	say := "must be one of " + strings.ReplaceAll(text, ",", ", ")
	meta := encode(map[string]any{"allowed": allowed})
	return func(v reflect.Value) *fault.Item {
		if has(v) {
			return nil
		}
		return &fault.Item{Code: NotAllowed, Message: say, Meta: meta}
	}, nil
}

// unique makes the rule of uniqueItems, for elements that are scalars.
func unique(elem reflect.Type, text string) (rule, error) {
	if text == "false" {
		return nil, nil
	}
	if text != "true" {
		return nil, fmt.Errorf("%q is neither true nor false", text)
	}
	switch shapeOf(elem) {
	case shapeText, shapeInt, shapeUint, shapeFloat:
	default:
		return nil, fmt.Errorf("does not fit a list of %v", elem)
	}
	return func(v reflect.Value) *fault.Item {
		i, j, found := twin(v)
		if !found {
			return nil
		}
		return &fault.Item{Code: NotUnique, Message: fmt.Sprintf("must not repeat items: %d and %d are equal", i, j)}
	}, nil
}

// twin returns the first two equal elements. A short list is compared in place,
// which allocates nothing.
func twin(v reflect.Value) (i, j int, found bool) {
	const short = 16
	n := v.Len()
	if n > short {
		return twinOfMany(v)
	}
	for j := range n {
		for i := range j {
			if v.Index(i).Equal(v.Index(j)) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

func twinOfMany(v reflect.Value) (i, j int, found bool) {
	first := make(map[any]int, v.Len())
	for j := range v.Len() {
		item := v.Index(j).Interface()
		if i, ok := first[item]; ok {
			return i, j, true
		}
		first[item] = j
	}
	return 0, 0, false
}

func encode(meta any) json.RawMessage {
	data, err := json.Marshal(meta)
	if err != nil {
		panic("check: " + err.Error()) // tags are strings and numbers
	}
	return data
}

// whole returns the integer in v, false if it is beyond int64.
func whole(v reflect.Value) (int64, bool) {
	if v.CanInt() {
		return v.Int(), true
	}
	n := v.Uint()
	return int64(n & math.MaxInt64), n <= math.MaxInt64
}
