package simulate

import (
	"context"
	"reflect"

	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
)

// claimed notes that a key was claimed, and holds N14: a key whose command is done
// is not claimed again.
func (w *world) claimed(r idem.Record) {
	at := r.Scope + " " + r.Key
	if was, seen := w.keys[at]; seen && was.State != idem.Running {
		w.violate("N14", "the key %s is claimed again, though its command is %s", r.Key, was.State)
	}
	w.keys[at] = r
}

// known notes what is stored under a key, and holds N14: one request under a key,
// and one answer, which never changes.
func (w *world) known(r idem.Record) {
	at := r.Scope + " " + r.Key
	was, seen := w.keys[at]
	switch {
	case seen && was.Fence == r.Fence && was.Fingerprint != r.Fingerprint, seen && was.State != idem.Running && was.Fingerprint != r.Fingerprint:
		w.violate("N14", "the key %s was of the request %s, and is of %s", r.Key, was.Fingerprint, r.Fingerprint)
	case seen && was.State == idem.Done && (r.State != idem.Done || string(r.Answer) != string(was.Answer)):
		w.violate("N14", "the key %s was %s with %s, and is %s with %s", r.Key, was.State, was.Answer, r.State, r.Answer)
	}
	w.keys[at] = r
	w.kept[r.Key] = r.State == idem.Done
}

// answered holds N14 for who asks: whoever asks again under a key is told of the
// same thing. An answer that was not kept, because it was not final, may later be
// of another order when the first one was canceled.
func (w *world) answered(ctx context.Context, name string, out any) {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Struct {
		return
	}
	id := v.FieldByName("ID")
	if !id.IsValid() || id.Kind() != reflect.String {
		return
	}
	key := ident.Key(ctx)
	if key == "" {
		return
	}
	at := sender(ident.From(ctx)) + " " + key // a key is its sender's own
	was, seen := w.things[at]
	if seen && was.id != id.String() && (was.final || w.orders[was.id].Status != order.StatusCanceled) {
		w.violate("N14", "%s under the key %s was %s, and is %s", name, key, was.id, id)
	}
	w.things[at] = thing{id.String(), w.kept[key]}
}

// thing is what an answer was about, and whether it is kept.
type thing struct {
	id    string
	final bool
}

// sender names who asks: a guest is their cart, until they come with an order alone.
func sender(who ident.Actor) string {
	switch {
	case who.Kind != ident.Guest:
		return who.String()
	case who.CartToken != "":
		return "cart " + who.CartToken
	default:
		return "order " + who.OrderToken
	}
}
