package op

import (
	"bytes"
	"encoding/json"
)

// Maybe is a field of a merge patch (RFC 7396): absent, null, or a value. Tag
// it `json:",omitzero"` so that an absent one stays absent.
type Maybe[T any] struct {
	Set   bool // present, maybe as null
	Null  bool
	Value T
}

// Some returns a present value.
func Some[T any](v T) Maybe[T] { return Maybe[T]{Set: true, Value: v} }

// IsZero reports whether the field is absent.
func (m Maybe[T]) IsZero() bool { return !m.Set }

// Inner returns the value for package check; present is false when it is
// absent or null.
func (m Maybe[T]) Inner() (value any, present bool) { return m.Value, m.Set && !m.Null }

// Or writes the field over old: absent keeps old, null clears it.
func (m Maybe[T]) Or(old T) T {
	var zero T
	switch {
	case !m.Set:
		return old
	case m.Null:
		return zero
	default:
		return m.Value
	}
}

// MarshalJSON implements json.Marshaler.
func (m Maybe[T]) MarshalJSON() ([]byte, error) {
	if !m.Set || m.Null {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Maybe[T]) UnmarshalJSON(data []byte) error {
	*m = Maybe[T]{Set: true}
	if bytes.Equal(data, []byte("null")) {
		m.Null = true
		return nil
	}
	return json.Unmarshal(data, &m.Value)
}
