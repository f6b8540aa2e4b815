package httpapi

import (
	"net/http"
	"reflect"
	"time"
)

// cookieLife is how long a browser keeps a cookie; what it opens may end before.
const cookieLife = 90 * 24 * time.Hour

// cookie is a secret of an operation that may travel as a cookie, where no
// script reads it: a field of the input or the output with the tag cookie, which
// names it. A nil one does nothing.
//
// A field of the input is taken from the cookie when the request does not say it
// otherwise. A field of the output is moved into one for inputs that say
// WantsCookie, and for those whose own secret came in the cookie. An operation
// with the first and without the second ends the cookie.
type cookie struct {
	name    string
	in, out []int // where the field is, nil when there is none
}

// cookied is an input that chooses how a secret of the answer travels.
type cookied interface{ WantsCookie() bool }

func newCookie(in, out reflect.Type) *cookie {
	c := &cookie{}
	c.in, c.name = cookieOf(in)
	if path, name := cookieOf(out); path != nil {
		c.out, c.name = path, name
	}
	if c.name == "" {
		return nil
	}
	return c
}

// cookieOf returns the path and the name of the first field with the tag.
func cookieOf(t reflect.Type) (path []int, name string) {
	if t.Kind() != reflect.Struct {
		return nil, ""
	}
	for _, f := range flatten(t) {
		if name := f.Tag.Get("cookie"); name != "" && f.Type.Kind() == reflect.String {
			return f.Path, name
		}
	}
	return nil, ""
}

// shown reports whether a request shows the cookie to an operation that reads
// it.
func (c *cookie) shown(r *http.Request) bool {
	if c == nil || c.in == nil {
		return false
	}
	_, err := r.Cookie(c.name)
	return err == nil
}

// take fills in, a pointer, from the cookie and reports whether the answer is to
// change it. It returns ErrCrossSite for a request of a page that may not use
// it.
func (c *cookie) take(m *Mux, r *http.Request, in any) (baked bool, err error) {
	if c == nil {
		return false, nil
	}
	if w, ok := in.(cookied); ok && w.WantsCookie() {
		baked = true
	}
	if c.shown(r) {
		field := reflect.ValueOf(in).Elem().FieldByIndex(c.in)
		if got, err := r.Cookie(c.name); err == nil && field.String() == "" {
			field.SetString(got.Value)
			baked = true
		}
	}
	if baked && !m.allows(r.Header.Get("Origin")) && new(http.CrossOriginProtection).Check(r) != nil {
		return false, ErrCrossSite
	}
	return baked, nil
}

// bake moves the secret of an output into the cookie, or ends the cookie when
// there is none.
func (c *cookie) bake(h http.Header, out any) any {
	if c.out == nil {
		c.clear(h)
		return out
	}
	v := reflect.New(reflect.TypeOf(out)).Elem()
	v.Set(reflect.ValueOf(out))
	field := v.FieldByIndex(c.out)
	c.set(h, field.String(), int(cookieLife/time.Second))
	field.SetString("")
	return v.Interface()
}

// clear makes the browser forget the cookie.
func (c *cookie) clear(h http.Header) { c.set(h, "", -1) }

func (c *cookie) set(h http.Header, value string, maxAge int) {
	made := http.Cookie{Name: c.name, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	h.Add("Set-Cookie", made.String())
}
