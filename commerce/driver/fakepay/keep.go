package fakepay

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/payment"
)

// keeper keeps intents by payment id, and what has become of them. change hands
// the intent of a payment to do, a new one if there is none, and keeps what do
// makes of it with its events; nothing when do fails, or has no event. Changes
// happen one by one.
type keeper interface {
	change(of payment.Payment, do func(Intent) (Intent, []Event, error)) (Intent, []Event, error)
	all() ([]Intent, error)
	// events returns those since a time in their order, or only those that
	// nobody was told of.
	events(since time.Time, untold bool) ([]Event, error)
	// sent notes that an event was sent once more.
	sent(id string, told bool) error
}

type memory struct {
	mu      sync.Mutex
	intents map[string]Intent
	log     []Event
}

func newMemory() *memory { return &memory{intents: map[string]Intent{}} }

func (m *memory) change(of payment.Payment, do func(Intent) (Intent, []Event, error)) (Intent, []Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, ok := m.intents[of.ID]
	if !ok {
		in = newIntent(of)
	}
	in, events, err := do(in)
	if err == nil && len(events) > 0 {
		m.intents[of.ID], m.log = in, append(m.log, events...)
	}
	return in.clone(), events, err
}

func (m *memory) all() ([]Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Intent, 0, len(m.intents))
	for _, id := range slices.Sorted(maps.Keys(m.intents)) {
		out = append(out, m.intents[id].clone())
	}
	return out, nil
}

func (m *memory) events(since time.Time, untold bool) (out []Event, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.log {
		if !e.At.Before(since) && !(untold && e.Told) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memory) sent(id string, told bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.log {
		if m.log[i].ID == id {
			m.log[i].Tries++
			m.log[i].Told = m.log[i].Told || told
		}
	}
	return nil
}
