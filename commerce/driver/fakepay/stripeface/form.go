package stripeface

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is the parameters of a request: strings, lists of strings and forms.
type form map[string]any

// read returns the parameters of a request, of its query and its body.
func read(req *http.Request) (url.Values, *problem) {
	const most = 1 << 20
	if req.PostForm == nil {
		body, err := io.ReadAll(io.LimitReader(req.Body, most))
		if err != nil {
			return nil, invalid("", "", "The request could not be read.")
		}
		if req.PostForm, err = url.ParseQuery(string(body)); err != nil {
			return nil, invalid("", "", "The request is not form-encoded.")
		}
	}
	all := url.Values{}
	for _, some := range []url.Values{req.URL.Query(), req.PostForm} {
		for name, values := range some {
			all[name] = append(all[name], values...)
		}
	}
	return all, nil
}

// parse reads names with brackets: "a[b][c]=1", "types[]=x", "expand[0]=y".
func parse(params url.Values) form {
	f := form{}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range params {
			if !yield(name) {
				return
			}
		}
	}) {
		at, path := f, strings.Split(strings.ReplaceAll(name, "]", ""), "[")
		for len(path) > 1 && !index(path[1:]) {
			next, ok := at[path[0]].(form)
			if !ok {
				next = form{}
				at[path[0]] = next
			}
			at, path = next, path[1:]
		}
		if len(path) > 1 {
			old, _ := at[path[0]].([]string)
			at[path[0]] = append(old, params[name]...)
			continue
		}
		at[path[0]] = params[name][len(params[name])-1]
	}
	return f
}

// index reports whether what is left of a name counts the elements of a list.
func index(path []string) bool {
	if len(path) != 1 {
		return false
	}
	_, err := strconv.Atoi(path[0])
	return path[0] == "" || err == nil
}

func (f form) text(name string) string {
	s, _ := f[name].(string)
	return s
}

func (f form) list(name string) []string {
	l, _ := f[name].([]string)
	return l
}

func (f form) sub(name string) form {
	s, _ := f[name].(form)
	return s
}

// number returns a whole number, ok when it is there.
func (f form) number(name string) (n int64, ok bool, e *problem) {
	s, there := f[name].(string)
	if !there {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, false, invalid("parameter_invalid_integer", name, "Invalid integer: %s", s)
	}
	return n, true, nil
}

// merge adds metadata; an empty value takes a key away.
func merge(metadata map[string]string, f form) {
	for name := range f {
		if value := f.text(name); value != "" {
			metadata[name] = value
		} else {
			delete(metadata, name)
		}
	}
}
