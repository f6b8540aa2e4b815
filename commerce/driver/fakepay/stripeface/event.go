package stripeface

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
)

type event struct {
	id, kind string
	created  int64
	data     json.RawMessage // as it was
	how      fakepay.Delivery
	tries    int
	told     bool
}

// emit writes down what has happened to o.
func (b *Bank) emit(kind string, o object, now int64) {
	e := &event{id: b.newID("evt"), kind: kind, created: now, data: encode(o)}
	if b.opts.Delivery != nil {
		e.how = b.opts.Delivery(kind)
	}
	e.told = e.how == fakepay.Never || b.opts.Types != nil && !slices.Contains(b.opts.Types, kind)
	b.log = append(b.log, e)
	if e.how == fakepay.Before && !e.told {
		b.before = append(b.before, e)
	}
}

func (b *Bank) showEvent(e *event) object {
	waits := 1
	if e.told {
		waits = 0
	}
	return object{"id": e.id, "object": "event", "api_version": Version, "created": e.created, "data": object{"object": e.data}, "livemode": false,
		"pending_webhooks": waits, "request": object{"id": nil, "idempotency_key": nil}, "type": e.kind}
}

func (b *Bank) getEvent(c *call) (object, *problem) {
	if i := slices.IndexFunc(b.log, func(e *event) bool { return e.id == c.id }); i >= 0 {
		return b.showEvent(b.log[i]), nil
	}
	return nil, missing("event", "id", c.id)
}

// Sign returns the header of a webhook with this body that is sent now.
func (b *Bank) Sign(body []byte) map[string][]string { return b.sign(body, b.opts.Secrets) }

func (b *Bank) sign(body []byte, secrets []string) map[string][]string {
	t := strconv.FormatInt(b.opts.Now().Unix(), 10)
	text := "t=" + t
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(t + "."))
		mac.Write(body)
		text += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return map[string][]string{"stripe-signature": {text}}
}

// tellBefore sends what goes before the answer.
func (b *Bank) tellBefore() {
	b.mu.Lock()
	early := b.before
	b.before = nil
	b.mu.Unlock()
	for _, e := range early {
		_, _ = b.send(e) // one that is not taken is sent again in its turn
	}
}

// Send gives Options.Deliver the webhooks of everything that it has not taken,
// each once, in the order in which things happened but for those that go another
// way, and returns how many it took. The error is why others were not. Without
// Options.Deliver it does nothing.
func (b *Bank) Send() (taken int, err error) {
	b.mu.Lock()
	var due, last []*event
	for _, e := range b.log {
		switch {
		case e.told:
		case e.how == fakepay.Last:
			last = append(last, e)
		default:
			due = append(due, e)
		}
	}
	b.mu.Unlock()
	for _, e := range append(due, last...) {
		ok, failed := b.send(e)
		if ok {
			taken++
		}
		err = errors.Join(err, failed)
	}
	return taken, err
}

// send sends the webhook of an event and notes what became of that.
func (b *Bank) send(e *event) (taken bool, err error) {
	if b.opts.Deliver == nil {
		return false, nil
	}
	b.mu.Lock()
	body, first := encode(b.showEvent(e)), e.tries == 0
	e.tries++
	b.mu.Unlock()
	header := b.Sign(body)
	switch {
	case e.how == fakepay.Forged && first:
		header = b.sign(body, []string{"whsec_forged"})
	case e.how == fakepay.Twice:
		err = b.opts.Deliver(header, body)
	}
	if err = errors.Join(err, b.opts.Deliver(header, body)); err != nil {
		return false, fmt.Errorf("stripeface: the webhook %s is not taken: %w", e.id, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e.told = true
	return true, nil
}
