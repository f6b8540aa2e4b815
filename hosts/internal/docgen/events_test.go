package docgen

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/commerce/pricing"
)

// eventType is an event.Type of any payload.
type eventType struct {
	Name    string
	Version int
	Payload reflect.Type
}

func of[P any](t event.Type[P]) eventType { return eventType{t.Name, t.Version, reflect.TypeFor[P]()} }

// events are all that the shop announces. TestEventsAreComplete finds those that
// are missing here.
var events = []eventType{
	of(account.Registered), of(account.EmailVerified), of(account.PasswordResetRequested), of(account.PasswordChanged), of(account.EmailChangeRequested),
	of(account.SuspiciousRefresh),
	of(cart.Completed), of(cart.Merged), of(cart.Abandoned),
	of(catalog.ProductCreated), of(catalog.ProductUpdated), of(catalog.ProductArchived), of(catalog.CategoryChanged),
	of(inventory.StockChanged), of(inventory.StockLow), of(inventory.StockOut), of(inventory.BackInStock),
	of(notification.EventSent), of(notification.EventFailed),
	of(order.EventPlaced), of(order.EventConfirmed), of(order.EventCanceled), of(order.EventCompleted), of(order.EventShipped), of(order.EventDelivered), of(order.EventAccessRequested),
	of(payment.EventAuthorized), of(payment.EventCaptured), of(payment.EventFailed), of(payment.EventCanceled),
	of(payment.EventRefunded), of(payment.EventRefundFailed), of(payment.EventDisputed), of(payment.EventMismatch), of(payment.EventCaptureDue),
	of(pricing.PriceChanged), of(pricing.TaxChanged), of(pricing.PromotionChanged),
}

func TestEventsAreComplete(t *testing.T) {
	defined := map[string]bool{}
	for _, f := range sourceFiles(t) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fn, ok := call.Fun.(*ast.IndexExpr)
			if !ok || !f.selected(fn.X, "event", "Define") {
				return true
			}
			name, ok := literal(call.Args[0])
			if !ok {
				t.Errorf("%s: the name of an event is no literal", f.pkg)
			}
			if defined[name] {
				t.Errorf("%s is defined twice", name)
			}
			defined[name] = true
			return true
		})
	}
	for _, e := range events {
		if !defined[e.Name] {
			t.Errorf("%s is listed and not defined", e.Name)
		}
		delete(defined, e.Name)
	}
	for name := range defined {
		t.Errorf("%s is defined and not listed in events", name)
	}
}

const eventsHead = `# Events

What a shop announces. An engine records an event in the same unit of work as the change that it announces;
a relay publishes it afterwards, at least once, and in order per key. architecture.md tells how.

Each event travels in an envelope:

| field | type | |
|---|---|---|
| id | text | unique, "evt_…": the same event that comes again has the same id |
| name | text | as below |
| version | number | of the payload |
| key | text | public id of what it is about |
| seq | number | position among the events of the key, from 1 |
| at | time | when it happened, UTC |
| trace | text, optional | |
| data | object | the payload, as below |

A payload only ever gains optional fields. Anything else is a new version beside the old one.

`

func TestEvents(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(note + eventsHead)
	all := slices.Clone(events)
	slices.SortFunc(all, func(a, b eventType) int { return cmp.Compare(a.Name, b.Name) })
	b.WriteString("| event | version | payload |\n|---|---|---|\n")
	payloads := map[string]reflect.Type{}
	for _, e := range all {
		engine, _, _ := strings.Cut(e.Name, ".")
		if engine != path.Base(e.Payload.PkgPath()) {
			t.Errorf("%s is of engine %s and has a payload of %s", e.Name, engine, e.Payload.PkgPath())
		}
		title := engine + "." + e.Payload.Name()
		payloads[title] = e.Payload
		fmt.Fprintf(&b, "| `%s` | %d | [%s](#%s) |\n", e.Name, e.Version, title, anchor(title))
	}
	for _, title := range slices.Sorted(maps.Keys(payloads)) {
		p := payloads[title]
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| field | type |\n|---|---|\n", title, typeDoc(t, packageOf(p), p.Name()))
		for _, f := range fieldsOf(p, "") {
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.name, f.kind)
		}
	}
	current(t, "events.md", b.Bytes())
}

// packageOf returns where a type lies: "commerce/cart".
func packageOf(p reflect.Type) string {
	return strings.TrimPrefix(p.PkgPath(), "github.com/mercer-commerce/mercer/")
}

// anchor returns the name that a heading has in a link.
func anchor(title string) string {
	return strings.ToLower(strings.ReplaceAll(title, ".", ""))
}

type field struct{ name, kind string }

// fieldsOf returns the fields of p as JSON shows them, with those of objects and
// lists of objects after them.
func fieldsOf(p reflect.Type, prefix string) (out []field) {
	for _, f := range reflect.VisibleFields(p) {
		tag := f.Tag.Get("json")
		if tag == "-" || f.Anonymous || !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		kind, inner := kindOf(f.Type)
		if strings.Contains(options, "omit") {
			kind += ", optional"
		}
		out = append(out, field{prefix + name, kind})
		switch {
		case inner == nil:
		case strings.HasPrefix(kind, "list"):
			out = append(out, fieldsOf(inner, prefix+name+"[].")...)
		default:
			out = append(out, fieldsOf(inner, prefix+name+".")...)
		}
	}
	return out
}

// kindOf names a type as it is in JSON. inner is the object in it that has
// fields to be listed.
func kindOf(p reflect.Type) (kind string, inner reflect.Type) {
	switch p {
	case reflect.TypeFor[money.Amount]():
		return "amount: `{\"amount\": minor units, \"currency\": ISO 4217}`", nil
	case reflect.TypeFor[money.Currency]():
		return "currency, ISO 4217", nil
	case reflect.TypeFor[time.Time]():
		return "time, RFC 3339 in UTC", nil
	case reflect.TypeFor[json.RawMessage]():
		return "any", nil
	}
	switch p.Kind() {
	case reflect.String:
		return "text", nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "whole number", nil
	case reflect.Struct:
		return "object", p
	case reflect.Slice:
		kind, inner = kindOf(p.Elem())
		return "list of " + kind, inner
	case reflect.Pointer:
		kind, inner = kindOf(p.Elem())
		return kind + " or null", inner
	default:
		panic("an event has a payload with a " + p.String())
	}
}

func TestFieldsOf(t *testing.T) {
	type parcel struct {
		Number string `json:"number"`
	}
	type payload struct {
		Order   string       `json:"order"`
		Total   money.Amount `json:"total"`
		Parcels []parcel     `json:"parcels,omitempty"`
		Next    *parcel      `json:"next"`
		Secret  string       `json:"-"`
	}
	got := fieldsOf(reflect.TypeFor[payload](), "")
	want := []field{{"order", "text"}, {"total", "amount: `{\"amount\": minor units, \"currency\": ISO 4217}`"},
		{"parcels", "list of object, optional"}, {"parcels[].number", "text"}, {"next", "object or null"}, {"next.number", "text"}}
	if !slices.Equal(got, want) {
		t.Errorf("fields %v, want %v", got, want)
	}
}
