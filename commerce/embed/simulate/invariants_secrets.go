package simulate

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// clientSecret begins what confirms a payment at the bank, in JSON.
const clientSecret = `"client_secret":`

// secretless holds N16 for what is about to be written: no secret of a payment
// and no code of a gift card.
func (w *world) secretless(point string, data []byte) {
	for rest := data; ; {
		_, after, found := bytes.Cut(rest, []byte(clientSecret))
		if !found {
			break
		}
		if rest = bytes.TrimLeft(after, " "); !bytes.HasPrefix(rest, []byte("null")) {
			w.violate("N16", "%s writes the secret of a payment: %s", point, data)
		}
	}
	if bytes.Contains(data, []byte(codeMark)) {
		w.violate("N16", "%s writes the code of a gift card: %s", point, data)
	}
}

// written keeps what was last written under a name, for holdSecrets, and holds
// secretless.
func (w *world) written(point, name string, parts ...[]byte) {
	for _, data := range parts {
		w.secretless(point, data)
	}
	w.rows[point+" "+name] = bytes.Join(parts, []byte("\n"))
}

// writtenJSON is written for a row.
func (w *world) writtenJSON(point, name string, row any) {
	data, _ := json.Marshal(row) // rows of stores that keep JSON
	w.written(point, name, data)
}

// holdSecrets holds N16 for tokens: nothing that is stored opens a cart or an
// order.
func (w *world) holdSecrets(context.Context) {
	tokens := map[string]string{}
	for _, b := range w.carts {
		tokens[b.who.CartToken], tokens[b.who.OrderToken] = "cart "+b.id, "order of "+b.id
	}
	for id := range w.orders {
		tokens[ident.Token(secret, id, 0)] = "order " + id
	}
	delete(tokens, "")
	hold := func(where string, data []byte) {
		for token, of := range sorted(tokens) {
			if bytes.Contains(data, []byte(token)) {
				w.violate("N16", "%s has the token of the %s: %s", where, of, data)
			}
		}
	}
	for name, data := range sorted(w.rows) {
		hold(name, data)
	}
	for id, row := range sorted(w.orders) {
		hold("order "+id, row.Doc)
	}
	for _, d := range w.dbs {
		for id, e := range sorted(d.seen) {
			hold("event "+id, e.Data)
		}
	}
}
