package openapi

import (
	"maps"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// Stream is a route that is no operation, because what it takes or gives does
// not fit in memory. It is described like one all the same.
type Stream struct {
	Route httpapi.Route
	// Op has what is asked for beside the body as In, and the JSON answer as
	// Out. It is never called.
	Op op.Handler
	// Takes are the content types of the body that it reads, none for no body.
	Takes []string
	// Gives are content types of the answer beside JSON, or, when Out is
	// op.Nothing, in place of it.
	Gives []string
	// Headers of the answer to success, with what each says.
	Headers map[string]string
}

// stream describes s.
func (b *builder) stream(s Stream) object {
	o := b.operation(s.Route, s.Op)
	delete(o, "requestBody")
	raw := func(types []string) object {
		content := object{}
		for _, t := range types {
			content[t] = object{"schema": object{"type": "string"}}
		}
		return content
	}
	if len(s.Takes) > 0 {
		o["requestBody"] = object{"required": true, "content": raw(s.Takes)}
	}
	responses := o["responses"].(object)
	if len(s.Gives) > 0 {
		gives(responses, raw(s.Gives))
	}
	if done, ok := responses["200"].(object); ok && len(s.Headers) > 0 {
		headers := object{}
		for name, doc := range s.Headers {
			headers[name] = object{"description": doc, "schema": object{"type": "string"}}
		}
		if had, ok := done["headers"].(object); ok {
			maps.Copy(headers, had)
		}
		done["headers"] = headers
	}
	return o
}

// gives adds contents to the answer to success.
func gives(responses, content object) {
	delete(responses, "204")
	done, ok := responses["200"].(object)
	if !ok {
		done = object{"description": meanings[200]}
		responses["200"] = done
	}
	if had, ok := done["content"].(object); ok {
		maps.Copy(content, had)
	}
	done["content"] = content
}

// place puts what a route does at its path.
func (b *builder) place(route httpapi.Route, what object) {
	path := strings.ReplaceAll(route.Path(), "{$}", "")
	if b.paths[path] == nil {
		b.paths[path] = object{}
	}
	b.paths[path][strings.ToLower(route.Method())] = what
}
