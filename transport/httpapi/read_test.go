package httpapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
)

type fuzzed struct {
	Text   string                    `json:"text"`
	N      *int32                    `json:"n,omitempty"`
	Price  *money.Amount             `json:"price,omitempty"`
	Rate   money.Rate                `json:"rate,omitempty"`
	At     op.Maybe[time.Time]       `json:"at,omitzero"`
	List   []fuzzed                  `json:"list,omitempty"`
	Map    map[string]bool           `json:"map,omitempty"`
	Any    json.RawMessage           `json:"any,omitempty"`
	Double op.Maybe[json.RawMessage] `json:"double,omitzero"`
}

// FuzzReadJSON holds that a body is either refused with a fault of the caller's
// or read as encoding/json reads it, with no field left over.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"text":"x","n":1,"price":{"amount":1,"currency":"EUR"},"rate":"8.25","at":null,"list":[{"text":""}],"map":{"a":true},"any":[{"a":1}]}`,
		`{"text":"\ud83d\ude00"}`, `{"text":"\ud83d"}`, `{"text":1}`, `{"Text":"x"}`, `{"text":"a","text":"b"}`, `[`, `{"text":"x"}}`, "{\"text\":\"\xff\"}", `{"n":1e9}`,
	} {
		f.Add([]byte(seed))
	}
	t0 := jsonTypeOf(reflect.TypeFor[fuzzed]())
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want fuzzed
		if err := readJSON(data, t0, &got); err != nil {
			if k := fault.KindOf(err); k != fault.Malformed && k != fault.Invalid {
				t.Fatalf("%q: %v", data, err)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q is taken, encoding/json says %v", data, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", data, got, want)
		}
	})
}

func TestManyFaultsAreCutOff(t *testing.T) {
	body := bytes.Repeat([]byte(`{"x":1},`), 500)
	err := readJSON([]byte(`{"list":[`+string(body)+`{}]}`), jsonTypeOf(reflect.TypeFor[fuzzed]()), &fuzzed{})
	if f := fault.Public(err); len(f.Errors) != maxFaults {
		t.Errorf("%d faults listed, want %d", len(f.Errors), maxFaults)
	}
}
