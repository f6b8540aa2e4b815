package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
)

type lineAddedV1 struct {
	Cart string `json:"cart"`
	Qty  int    `json:"qty"`
}

var (
	lineAdded = event.Define[lineAddedV1]("cart.line_added", 1)
	converted = event.Define[lineAddedV1]("cart.converted", 1)
)

func TestNewAndDecode(t *testing.T) {
	at := time.Date(2025, 1, 2, 3, 4, 5, 6000, time.FixedZone("X", 3600))
	want := lineAddedV1{"cart_1", 2}
	e := lineAdded.New("evt_1", "cart_1", at, want)
	if e.ID != "evt_1" || e.Name != "cart.line_added" || e.Version != 1 || e.Key != "cart_1" || e.Seq != 0 ||
		!e.At.Equal(at) || e.At.Location() != time.UTC {
		t.Errorf("envelope %+v", e)
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var wired event.Envelope
	if err := json.Unmarshal(data, &wired); err != nil {
		t.Fatal(err)
	}
	if got, err := lineAdded.Decode(wired); got != want || err != nil {
		t.Errorf("payload %+v, %v; want %+v", got, err, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := lineAdded.New("evt_1", "cart_1", time.Now(), lineAddedV1{})
	if _, err := converted.Decode(good); err == nil || !strings.Contains(err.Error(), "evt_1 is cart.line_added, not cart.converted") {
		t.Errorf("another type: %v", err)
	}
	for _, data := range []string{``, `{`, `[]`, `{"qty":"two"}`} {
		bad := good
		bad.Data = json.RawMessage(data)
		if _, err := lineAdded.Decode(bad); !errors.Is(err, event.ErrPayload) || !strings.Contains(err.Error(), "evt_1") {
			t.Errorf("data %q: %v, want ErrPayload and the name of the event", data, err)
		}
	}
}

func TestDecodeTakesWhatANewerReleaseAdds(t *testing.T) {
	e := lineAdded.New("evt_1", "cart_1", time.Now(), lineAddedV1{})
	e.Version, e.Data = 2, json.RawMessage(`{"cart":"cart_1","qty":2,"gift":true}`)
	if got, err := lineAdded.Decode(e); got != (lineAddedV1{"cart_1", 2}) || err != nil {
		t.Errorf("payload %+v, %v", got, err)
	}
}

func TestNewPanicsOnAPayloadThatIsNone(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a payload that cannot be encoded made an envelope")
		}
	}()
	event.Define[chan int]("x.y", 1).New("evt_1", "k", time.Now(), make(chan int))
}

func ExampleType() {
	type PriceChangedV1 struct {
		Variant string `json:"variant_id"`
		Amount  int64  `json:"amount"`
	}
	priceChanged := event.Define[PriceChangedV1]("pricing.price_changed", 1)

	e := priceChanged.New("evt_1", "var_1", time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), PriceChangedV1{"var_1", 2499})
	p, err := priceChanged.Decode(e)
	fmt.Println(e.Name, string(e.Data), p.Amount, err)
	// Output: pricing.price_changed {"variant_id":"var_1","amount":2499} 2499 <nil>
}
