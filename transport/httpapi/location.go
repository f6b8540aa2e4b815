package httpapi

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// location makes an address of an output.
type location struct {
	parts  []string // text and field names in turn
	fields map[string][]int
}

// newLocation reads template, whose names in braces are fields of out. It
// panics when there is no such field.
func newLocation(route Route, template string, out reflect.Type) *location {
	if template == "" {
		return nil
	}
	l := &location{fields: map[string][]int{}}
	l.parts = strings.FieldsFunc(strings.ReplaceAll(template, "{", "}{"), func(c rune) bool { return c == '}' })
	for _, name := range params(template) {
		for _, f := range flatten(out) {
			if f.JSON == name && f.Type.Kind() == reflect.String {
				l.fields[name] = f.Path
			}
		}
		if l.fields[name] == nil {
			panic("httpapi: " + route.Pattern + ": " + out.String() + " has no " + name + " for an address")
		}
	}
	return l
}

func (l *location) of(out any) string {
	s := ""
	for _, part := range l.parts {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			part = url.PathEscape(reflect.ValueOf(out).FieldByIndex(l.fields[name]).String())
		}
		s += part
	}
	return s
}

// moved knows the names by which an output is asked for.
type moved struct {
	path  string   // of the route
	names []string // in it
	asked *location
	to    *location
}

func newMoved(route Route, out reflect.Type) *moved {
	if route.Canonical == "" {
		return nil
	}
	return &moved{path: route.Path(), names: params(route.Path()), asked: newLocation(route, route.Path(), out), to: newLocation(route, route.Canonical, out)}
}

// from returns where to ask for out in place of r, "" when r is right. A nil m
// takes every request for right.
func (m *moved) from(r *http.Request, out any) string {
	if m == nil {
		return ""
	}
	asked := m.path
	for _, name := range m.names {
		asked = strings.Replace(asked, "{"+name+"}", url.PathEscape(r.PathValue(name)), 1)
	}
	to := m.to.of(out)
	switch {
	case asked == to || asked == m.asked.of(out):
		return ""
	case r.URL.RawQuery != "":
		return to + "?" + r.URL.RawQuery
	default:
		return to
	}
}
