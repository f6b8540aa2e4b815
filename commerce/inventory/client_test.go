package inventory_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/mercer-commerce/mercer/commerce/inventory"
)

// called is an op.Caller that notes what is called.
type called struct{ name string }

func (c *called) Call(_ context.Context, name string, _, _ any) error {
	c.name = name
	return nil
}

func TestClientCallsTheOperationOfItsName(t *testing.T) {
	var far called
	client := reflect.ValueOf(inventory.Client{Caller: &far})
	for m := range reflect.TypeFor[inventory.Service]().Methods() {
		method := client.MethodByName(m.Name)
		method.Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.Zero(method.Type().In(1))})
		var want strings.Builder
		for i, r := range m.Name {
			if i > 0 && unicode.IsUpper(r) {
				want.WriteByte('_')
			}
			want.WriteRune(unicode.ToLower(r))
		}
		if got := far.name; got != "inventory."+want.String() {
			t.Errorf("%s calls %s", m.Name, got)
		}
	}
}
