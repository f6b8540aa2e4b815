package stripeface

import (
	"net/http"
	"net/url"
	"time"
)

// keyLife is how long an idempotency key is remembered.
const keyLife = 24 * time.Hour

// answered is what was answered to a key.
type answered struct {
	path, params string
	at           time.Time
	running      bool
	answer
}

// once does something once for each key, and gives the first answer again. pause
// is when others may come in between.
func (b *Bank) once(key, path string, params url.Values, pause func(), do func() answer) answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if key == "" {
		b.without(pause)
		return do()
	}
	if len(key) > 255 {
		return invalid("", "", "Idempotency keys must be 255 characters or fewer.").answer()
	}
	text, now := params.Encode(), b.opts.Now()
	if old := b.keys[key]; old != nil && now.Sub(old.at) < keyLife {
		return old.again(key, path, text)
	}
	k := &answered{path: path, params: text, at: now, running: true}
	b.keys[key] = k
	b.without(pause)
	k.answer, k.running = do(), false
	if !k.keep {
		delete(b.keys, key)
	}
	return k.answer
}

// without does something while others may come in.
func (b *Bank) without(do func()) {
	b.mu.Unlock()
	defer b.mu.Lock()
	do()
}

// again answers a key that was used before.
func (k *answered) again(key, path, params string) answer {
	e := &problem{status: http.StatusBadRequest, kind: "idempotency_error", early: true}
	switch {
	case k.path != path:
		e.text = "Keys for idempotent requests can only be used for the same endpoint they were first used for ('" + path + "' vs '" + k.path +
			"'). Try using a key other than '" + key + "' if you meant to execute a different request."
	case k.params != params:
		e.text = "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key +
			"' if you meant to execute a different request."
	case k.running:
		e.status, e.code = http.StatusConflict, "idempotency_key_in_use"
		e.text = "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): " +
			key + ". Please try again later."
	default:
		a := k.answer
		a.replay = true
		return a
	}
	return e.answer()
}
