package openapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

var text = object{"type": "string"}

var problemSchema = object{
	"type":        "object",
	"description": "What went wrong, as RFC 9457 writes it. Programs compare code.",
	"required":    []string{"type", "title", "status", "code", "errors"},
	"properties": object{
		"type": object{"type": "string", "format": "uri-reference"}, "title": text, "status": object{"type": "integer"}, "code": text, "detail": text,
		"in":    object{"type": "string", "enum": []string{"body", "query", "path", "header"}},
		"param": object{"type": "string", "description": "A JSON Pointer in a body, a name elsewhere."}, "request_id": text,
		"meta": object{"description": "By code."},
		"errors": object{"type": "array", "description": "Every fault of the request.", "items": object{
			"type": "object", "required": []string{"code", "message"},
			"properties": object{"code": text, "in": text, "param": text, "message": text, "meta": object{}},
		}},
	},
}

const problemType = "application/problem+json"

// commonName names the response of the transport's own faults of a status.
func commonName(status int) string { return "Problem" + strconv.Itoa(status) }

func (b *builder) commonResponses() object {
	by := map[int][]*fault.Error{}
	for _, f := range httpapi.Faults {
		if !b.common[httpapi.StatusOf(f)] {
			continue // no operation answers so
		}
		by[httpapi.StatusOf(f)] = append(by[httpapi.StatusOf(f)], f)
	}
	out := object{}
	for status, codes := range by {
		out[commonName(status)] = response(status, codes)
	}
	return out
}

// problemResponse describes a status: with the transport's faults alone it is a
// reference.
func (b *builder) problemResponse(status int, own []*fault.Error) object {
	if len(own) == 0 {
		b.common[status] = true
		return object{"$ref": "#/components/responses/" + commonName(status)}
	}
	return response(status, own)
}

func response(status int, codes []*fault.Error) object {
	examples := object{}
	for _, f := range codes {
		examples[f.Code] = object{"value": object{
			"type": httpapi.DocsPath + "#" + f.Code, "title": f.Text, "status": status, "code": f.Code, "errors": []any{},
		}}
	}
	return object{
		"description": http.StatusText(status),
		"content":     object{problemType: object{"schema": object{"$ref": refs + "Problem"}, "examples": examples}},
	}
}

// Problem is a fault of the API and the operations that declare it.
type Problem struct {
	Status     int
	Code, Text string
	Ops        []string // empty: any may
}

// Problems lists the faults of handlers and of the transport, by code.
func Problems(handlers []op.Handler) []Problem {
	by, common := map[string]*Problem{}, map[string]bool{}
	note := func(f *fault.Error, name string) {
		p := by[f.Code]
		if p == nil {
			p = &Problem{Status: httpapi.StatusOf(f), Code: f.Code, Text: f.Text}
			by[f.Code] = p
		}
		if name != "" && !common[f.Code] && !slices.Contains(p.Ops, name) {
			p.Ops = append(p.Ops, name)
		}
	}
	for _, f := range httpapi.Faults {
		note(f, "")
		common[f.Code] = true
	}
	for _, h := range handlers {
		for _, f := range h.Fails {
			note(f, h.Name)
		}
	}
	var out []Problem
	for _, p := range by {
		slices.Sort(p.Ops)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Problem) int { return cmp.Compare(a.Code, b.Code) })
	return out
}
