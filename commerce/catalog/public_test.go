package catalog

import (
	"encoding/json"
	"testing"
)

func TestPublicMetadata(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:                                   `{}`,
		`{"a":1.10}`:                           `{"a":1.10}`,
		`{"_cost":"2.00","a":1.10}`:            `{"a":1.10}`,
		`{"_x":{"a":1},"b":{"_inner":"kept"}}`: `{"b":{"_inner":"kept"}}`,
		`{"a":"_b"}`:                           `{"a":"_b"}`,
	} {
		if got := string(PublicMetadata(json.RawMessage(in))); got != want {
			t.Errorf("public part of %s = %s, want %s", in, got, want)
		}
	}
}

func TestPublicLeavesTheOriginalAlone(t *testing.T) {
	p := Product{Metadata: json.RawMessage(`{"_a":1}`), Variants: []Variant{{Metadata: json.RawMessage(`{"_b":2}`)}}}
	if got := p.public(); string(got.Metadata) != `{}` || string(got.Variants[0].Metadata) != `{}` {
		t.Errorf("public = %s %s", got.Metadata, got.Variants[0].Metadata)
	}
	if string(p.Variants[0].Metadata) != `{"_b":2}` {
		t.Errorf("the original has %s now", p.Variants[0].Metadata)
	}
}
