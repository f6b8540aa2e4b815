// Package openapi describes the HTTP API: an OpenAPI 3.1 document from the
// routes and the types of the operations, and pages that show it.
package openapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// Info is what the document says of the API as a whole.
type Info struct {
	Title       string // "Mercer"
	Version     string // of the program
	Description string
	Server      string // base URL, "/" when empty
	Streams     []Stream
}

type object = map[string]any

// Document returns the document as indented JSON, the same for the same input.
// Routes whose operation is not among handlers are left out.
func Document(routes []httpapi.Route, handlers []op.Handler, info Info) []byte {
	b := builder{in: newSchemas(true), out: newSchemas(false), paths: map[string]object{}, tags: map[string]bool{}, ids: map[string]bool{}, common: map[int]bool{}}
	for _, route := range routes {
		i := slices.IndexFunc(handlers, func(h op.Handler) bool { return h.Name == route.Op })
		if i < 0 {
			continue
		}
		b.place(route, b.operation(route, handlers[i]))
	}
	for _, s := range info.Streams {
		b.place(s.Route, b.stream(s))
	}
	data, err := json.MarshalIndent(b.document(info), "", " ")
	if err != nil {
		panic("openapi: " + err.Error()) // all of it is ours
	}
	return append(data, '\n')
}

type builder struct {
	in, out *schemas
	paths   map[string]object
	tags    map[string]bool
	ids     map[string]bool
	common  map[int]bool // statuses that refer to a common response
}

func (b *builder) document(info Info) object {
	components := object{}
	for _, s := range []*schemas{b.in, b.out} {
		for name, schema := range s.Map() {
			components[name] = schema
		}
	}
	components["Problem"] = problemSchema
	var tags []object
	for _, name := range slices.Sorted(maps.Keys(b.tags)) {
		tags = append(tags, object{"name": name, "description": aboutTag(name)})
	}
	server := info.Server
	if server == "" {
		server = "/"
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": info.Title, "version": info.Version, "description": info.Description, "license": object{"name": "MIT", "identifier": "MIT"}},
		"servers": []object{{"url": server}},
		"tags":    tags,
		"paths":   b.paths,
		"components": object{
			"schemas":         components,
			"responses":       b.commonResponses(),
			"securitySchemes": securitySchemes,
		},
	}
}

func (b *builder) operation(route httpapi.Route, h op.Handler) object {
	tag := tagOf(route)
	b.tags[tag] = true
	o := object{
		"operationId": b.id(route), "summary": h.Doc, "tags": []string{tag},
		"parameters": b.parameters(route, h), "responses": b.responses(route, h), "security": security(route, h),
	}
	o["description"] = h.Doc
	if scope := scopeOf(route, h); scope != "" {
		o["description"] = h.Doc + "\n\nNeeds the scope `" + scope + "`."
	}
	if !route.HasBody() {
		return o
	}
	if takesRaw(route, h) {
		bytes := object{"description": "The bytes as they are."}
		o["requestBody"] = object{"required": true, "content": object{"*/*": object{"schema": bytes}}}
		return o
	}
	if schema, required := b.in.body(route, h.In); schema != nil {
		content := object{"application/json": object{"schema": schema}}
		if route.Method() == http.MethodPatch {
			content["application/merge-patch+json"] = object{"schema": schema}
		}
		o["requestBody"] = object{"required": required, "content": content}
	}
	return o
}

// takesRaw reports whether the body of a route is handed on as it is.
func takesRaw(route httpapi.Route, h op.Handler) bool {
	return slices.ContainsFunc(httpapi.Fields(h.In, route.Pattern), func(f httpapi.Field) bool { return f.In == httpapi.InRaw })
}

// id returns the name of the operation; on its second route it is the staff's.
func (b *builder) id(route httpapi.Route) string {
	id := route.Op
	for b.ids[id] {
		id = "admin." + id
	}
	b.ids[id] = true
	return id
}

func tagOf(route httpapi.Route) string {
	path, admin := strings.CutPrefix(route.Path(), "/v1/admin/")
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	if admin {
		return "admin/" + tag
	}
	return tag
}

// aboutTag says whom the operations of a tag are for.
func aboutTag(tag string) string {
	if area, ok := strings.CutPrefix(tag, "admin/"); ok {
		return "For the staff: " + strings.ReplaceAll(area, "-", " ") + "."
	}
	if tag == "webhooks" {
		return "For payment providers: webhooks."
	}
	return "For shoppers: " + tag + "."
}

func scopeOf(route httpapi.Route, h op.Handler) string {
	if route.Scope != "" {
		return route.Scope
	}
	return h.Access.Scope()
}

var securitySchemes = object{
	"bearer":      object{"type": "http", "scheme": "bearer", "description": "A secret key (sk_…) or an access token."},
	"cart_token":  object{"type": "apiKey", "in": "header", "name": "Cart-Token", "description": "The token from the answer that made the cart."},
	"order_token": object{"type": "apiKey", "in": "header", "name": "Order-Token", "description": "The access_token from the answer that placed the order."},
}

func security(route httpapi.Route, h op.Handler) []object {
	bearer := object{"bearer": []string{}}
	switch {
	case scopeOf(route, h) != "":
		return []object{bearer}
	case h.Access == op.Anyone:
		return []object{{}, bearer}
	case strings.HasPrefix(route.Path(), "/v1/carts/"):
		return []object{bearer, {"cart_token": []string{}}}
	case strings.HasPrefix(route.Path(), "/v1/orders/"):
		return []object{bearer, {"order_token": []string{}}}
	default:
		return []object{bearer}
	}
}

func (b *builder) parameters(route httpapi.Route, h op.Handler) []object {
	out := []object{}
	for _, f := range httpapi.Fields(h.In, route.Pattern) {
		if f.In == httpapi.InBody || f.In == httpapi.InRaw || f.In == httpapi.InHeader && f.Param == "*" {
			continue
		}
		p := object{"name": f.Param, "in": f.In, "required": f.Required && (f.In == httpapi.InPath || f.Type.Kind() == reflect.Slice)}
		if doc := f.Tag.Get("doc"); doc != "" {
			p["description"] = doc
		}
		switch {
		case f.In == httpapi.InHeader && f.Param == "If-Match":
			p["schema"] = object{"type": "string", "examples": []string{`"v7"`}}
			p["description"] = "Refuse when the version is another one. * is any."
		case f.Type.Kind() == reflect.Map:
			p["schema"] = object{"type": "array", "items": object{"type": "string"}}
			p["description"] = strings.TrimSpace(f.Tag.Get("doc") + " In place of the * stands a name; may be repeated.")
		default:
			p["schema"] = b.in.field(f.StructField)
		}
		out = append(out, p)
	}
	if h.Kind == op.Command {
		out = append(out, object{
			"name": "Idempotency-Key", "in": "header", "required": route.KeyRequired,
			"description": "Sent again with the same key, a request is performed once and answered the same.",
			"schema":      object{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
		})
	}
	return out
}

func (b *builder) responses(route httpapi.Route, h op.Handler) object {
	out := object{}
	status := route.Status
	if status == 0 {
		status = http.StatusOK
	}
	if h.Out == reflect.TypeFor[op.Nothing]() {
		status = http.StatusNoContent
	}
	b.success(out, status, route, h)
	if _, ok := reflect.TypeAssert[interface{ Pending() bool }](reflect.Zero(h.Out)); ok && status != http.StatusNoContent {
		b.success(out, http.StatusAccepted, route, h)
	}
	if route.Canonical != "" {
		headers := object{"Location": object{"description": "Where it is.", "schema": object{"type": "string"}}}
		if route.Cache != "" {
			headers["ETag"] = object{"description": "For If-None-Match.", "schema": object{"type": "string"}}
		}
		out["301"] = object{"description": "It is called otherwise now.", "headers": headers}
	}
	if route.Cache != "" {
		out["304"] = object{"description": "What the client has is current."}
	}
	for status, codes := range failures(route, h) {
		out[strconv.Itoa(status)] = b.problemResponse(status, codes)
	}
	return out
}

var meanings = map[int]string{200: "Done.", 201: "Made.", 202: "Under way: ask again.", 204: "Done, nothing to say."}

func (b *builder) success(out object, status int, route httpapi.Route, h op.Handler) {
	headers := object{}
	header := func(name, doc string) {
		headers[name] = object{"description": doc, "schema": object{"type": "string"}}
	}
	if _, ok := reflect.TypeAssert[interface{ VersionOf() int64 }](reflect.Zero(h.Out)); ok || route.Cache != "" {
		header("ETag", "The version, for If-Match or If-None-Match.")
	}
	if status == http.StatusCreated || status == http.StatusAccepted {
		header("Location", "Where it is.")
	}
	if status == http.StatusAccepted {
		header("Retry-After", "Seconds.")
	}
	if h.Kind == op.Command {
		header("Idempotent-Replayed", "true when this is an earlier answer.")
	}
	r := object{"description": meanings[status]}
	if len(headers) > 0 {
		r["headers"] = headers
	}
	if status != http.StatusNoContent {
		r["content"] = object{"application/json": object{"schema": b.out.of(h.Out, nameOf(h.Out))}}
	}
	out[strconv.Itoa(status)] = r
}

// failures returns what the operation itself may answer, by status. Those of
// the transport are added where the operation has none of that status.
func failures(route httpapi.Route, h op.Handler) map[int][]*fault.Error {
	out := map[int][]*fault.Error{}
	for _, f := range h.Fails {
		if s := httpapi.StatusOf(f); !slices.ContainsFunc(out[s], func(have *fault.Error) bool { return have.Code == f.Code }) {
			out[s] = append(out[s], f)
		}
	}
	common := []int{400, 401, 422, 429, 500, 503}
	if route.HasBody() {
		common = append(common, 413)
	}
	if route.HasBody() && !takesRaw(route, h) {
		common = append(common, 415)
	}
	if scopeOf(route, h) != "" {
		common = append(common, 403)
	}
	if strings.Contains(route.Path(), "{") {
		common = append(common, 404)
	}
	if h.Kind == op.Command {
		common = append(common, 409)
	}
	for _, s := range common {
		if out[s] == nil {
			out[s] = []*fault.Error{}
		}
	}
	return out
}
