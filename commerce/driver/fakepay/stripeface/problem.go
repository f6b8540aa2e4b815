package stripeface

import (
	"fmt"
	"maps"
	"net/http"
)

// problem is an error as Stripe tells it.
type problem struct {
	status                           int
	kind, code, param, text, decline string
	more                             object
	early                            bool // nothing was done: a key does not remember it
}

// invalid is a request that cannot be done.
func invalid(code, param, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, kind: "invalid_request_error", code: code, param: param, text: fmt.Sprintf(format, args...), early: true}
}

// refused is a request that could be done and is not.
func refused(code, param, format string, args ...any) *problem {
	p := invalid(code, param, format, args...)
	p.early = false
	return p
}

func missing(what, param, id string) *problem {
	return invalid("resource_missing", param, "No such %s: '%s'", what, id).as(http.StatusNotFound)
}

func (p *problem) as(status int) *problem {
	p.status = status
	return p
}

func (p *problem) with(name string, o object) *problem {
	p.more = object{name: o}
	return p
}

func (p *problem) body() object {
	o := object{"type": p.kind, "message": p.text}
	for name, value := range map[string]string{"code": p.code, "param": p.param, "decline_code": p.decline} {
		if value != "" {
			o[name] = value
		}
	}
	if p.code != "" {
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + p.code
	}
	maps.Copy(o, p.more)
	return o
}

func (p *problem) answer() answer {
	return answer{status: p.status, body: encode(object{"error": p.body()}), keep: !p.early}
}
