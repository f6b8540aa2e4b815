package docgen

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// TestAnswersWithSecrets: what a command is answered with is kept for its key, so
// a secret in it is sealed, or the command pays no heed to keys.
func TestAnswersWithSecrets(t *testing.T) {
	found := 0
	commerce.Register(op.RegistrarFunc(func(h op.Handler) {
		at := secretIn(h.Out, map[reflect.Type]bool{})
		if h.Kind == op.Query || at == "" {
			return
		}
		found++
		if !h.Out.Implements(reflect.TypeFor[idem.Sealed]()) && !h.In.Implements(reflect.TypeFor[idem.Unkeyed]()) {
			t.Errorf("%s answers with %s, which is stored as it is", h.Name, at)
		}
	}), commerce.Remote(nil))
	if found < 5 {
		t.Errorf("%d commands with secrets in their answers were found", found)
	}
}

// secretIn returns the name of a field of t that is a secret, "" for none.
func secretIn(t reflect.Type, seen map[reflect.Type]bool) string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return secretIn(t.Elem(), seen)
	case reflect.Struct:
	default:
		return ""
	}
	if seen[t] || t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[json.RawMessage]() {
		return ""
	}
	seen[t] = true
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch name {
		case "token", "access_token", "refresh_token", "secret", "client_secret", "password":
			if f.Type.Kind() != reflect.Bool {
				return name
			}
		case "-":
			continue
		}
		if at := secretIn(f.Type, seen); at != "" {
			return at
		}
	}
	return ""
}
