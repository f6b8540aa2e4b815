package order

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

func usd(minor int64) money.Amount { return money.New(minor, "USD") }

// paid returns a payment over 1000 with these sums.
func paid(id, status string, authorized, captured, refunded int64) Payment {
	return Payment{ID: id, Method: "stripe", Status: status, Amount: usd(1000), Authorized: usd(authorized), Captured: usd(captured), Refunded: usd(refunded)}
}

func disputed(p Payment) Payment {
	p.Disputed = usd(1)
	return p
}

func TestPaymentStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		total    int64
		payments []Payment
		want     PaymentStatus
		due      int64
	}{
		"nothing":                  {1000, nil, PayNone, 1000},
		"zero total":               {0, nil, PayPaid, 0},
		"open":                     {1000, []Payment{paid("a", "open", 0, 0, 0)}, PayNone, 1000},
		"declined":                 {1000, []Payment{paid("a", "failed", 0, 0, 0)}, PayNone, 1000},
		"unknown":                  {1000, []Payment{paid("a", "unknown", 0, 0, 0)}, PayNone, 1000},
		"authorized":               {1000, []Payment{paid("a", "authorized", 1000, 0, 0)}, PayAuthorized, 1000},
		"voided":                   {1000, []Payment{paid("a", "canceled", 1000, 0, 0)}, PayVoided, 1000},
		"voided, then declined":    {1000, []Payment{paid("a", "canceled", 0, 0, 0), paid("b", "failed", 0, 0, 0)}, PayVoided, 1000},
		"voided, then another try": {1000, []Payment{paid("a", "canceled", 0, 0, 0), paid("b", "open", 0, 0, 0)}, PayNone, 1000},
		"partly captured":          {1000, []Payment{paid("a", "captured", 1000, 400, 0)}, PayPartiallyCaptured, 600},
		"paid":                     {1000, []Payment{paid("a", "captured", 1000, 1000, 0)}, PayPaid, 0},
		"paid in two":              {1000, []Payment{paid("a", "captured", 400, 400, 0), paid("b", "captured", 600, 600, 0)}, PayPaid, 0},
		"one cent short":           {1000, []Payment{paid("a", "captured", 1000, 999, 0)}, PayPartiallyCaptured, 1},
		"overpaid":                 {1000, []Payment{paid("a", "captured", 1001, 1001, 0)}, PayOverpaid, 0},
		"overpaid, zero total":     {0, []Payment{paid("a", "captured", 1, 1, 0)}, PayOverpaid, 0},
		"overpaid, set right":      {1000, []Payment{paid("a", "captured", 1500, 1500, 500)}, PayPartiallyRefunded, 0},
		"partly refunded":          {1000, []Payment{paid("a", "captured", 1000, 1000, 1)}, PayPartiallyRefunded, 0},
		"refunded":                 {1000, []Payment{paid("a", "captured", 1000, 1000, 1000)}, PayRefunded, 0},
		"disputed before all":      {1000, []Payment{paid("a", "captured", 2000, 2000, 500), disputed(paid("b", "captured", 0, 1000, 0))}, PayDisputed, 0},
	} {
		b, err := balance(usd(tc.total), tc.payments)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := paymentStatus(usd(tc.total), b, tc.payments); got != tc.want {
			t.Errorf("%s: payment status %s, want %s", name, got, tc.want)
		}
		if b.Due != usd(tc.due) {
			t.Errorf("%s: due %v, want %v", name, b.Due, usd(tc.due))
		}
	}
}

func TestBalance(t *testing.T) {
	got, err := balance(usd(1000), []Payment{paid("a", "canceled", 1000, 0, 0), paid("b", "captured", 700, 600, 100), paid("c", "authorized", 300, 0, 0)})
	want := Balance{Authorized: usd(1000), Captured: usd(600), Refunded: usd(100), Due: usd(400)}
	if err != nil || got != want {
		t.Errorf("balance %+v, %v; want %+v", got, err, want)
	}
	big := paid("a", "captured", 0, 1<<62, 0)
	if _, err := balance(usd(1), []Payment{big, big}); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("too much: %v, want ErrOverflow", err)
	}
}

func TestCurrentPayment(t *testing.T) {
	for name, tc := range map[string]struct {
		statuses []string
		want     string // its id is its place
	}{
		"none":              {nil, ""},
		"one":               {[]string{"open"}, "a"},
		"newest":            {[]string{"open", "captured"}, "b"},
		"newest that lives": {[]string{"captured", "failed", "canceled"}, "a"},
		"all came to none":  {[]string{"failed", "canceled"}, "b"},
	} {
		var ps []Payment
		for i, s := range tc.statuses {
			ps = append(ps, Payment{ID: string(rune('a' + i)), Status: s})
		}
		got := ""
		if p := current(ps); p != nil {
			got = p.ID
		}
		if got != tc.want {
			t.Errorf("%s: payment %q counts, want %q", name, got, tc.want)
		}
	}
}

func TestFulfillmentStatus(t *testing.T) {
	item := func(ships bool, n int64, q Quantities) Item {
		return Item{RequiresShipping: ships, Quantity: n, Quantities: q}
	}
	for name, tc := range map[string]struct {
		items []Item
		want  FulfillmentStatus
	}{
		"nothing shipped":            {[]Item{item(true, 2, Quantities{})}, Unfulfilled},
		"some":                       {[]Item{item(true, 2, Quantities{Fulfilled: 1})}, PartlyFulfilled},
		"some delivered, some not":   {[]Item{item(true, 2, Quantities{Fulfilled: 2, Delivered: 2, Returned: 1}), item(true, 1, Quantities{})}, PartlyFulfilled},
		"all":                        {[]Item{item(true, 2, Quantities{Fulfilled: 2, Delivered: 1})}, Fulfilled},
		"all that is not canceled":   {[]Item{item(true, 2, Quantities{Canceled: 1, Fulfilled: 1})}, Fulfilled},
		"delivered":                  {[]Item{item(true, 2, Quantities{Fulfilled: 2, Delivered: 2})}, Delivered},
		"partly returned":            {[]Item{item(true, 2, Quantities{Fulfilled: 2, Delivered: 2, Returned: 1})}, PartiallyReturned},
		"returned":                   {[]Item{item(true, 2, Quantities{Fulfilled: 2, Delivered: 2, Returned: 2})}, Returned},
		"all canceled":               {[]Item{item(true, 2, Quantities{Canceled: 2})}, Unfulfilled},
		"nobody waits for a file":    {[]Item{item(true, 1, Quantities{Fulfilled: 1, Delivered: 1}), item(false, 1, Quantities{})}, Delivered},
		"a file alone is waited for": {[]Item{item(false, 1, Quantities{})}, Unfulfilled},
	} {
		if got := fulfillmentStatus(tc.items); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestPlan(t *testing.T) {
	mug := Item{ID: "mug", Quantity: 5, RequiresShipping: true, Quantities: Quantities{Canceled: 1}}
	file := Item{ID: "file", Quantity: 2}
	sent := []Fulfillment{
		{ID: "a", Status: FulCanceled, Items: []Units{{"mug", 4}}},
		{ID: "b", Status: FulPending, Items: []Units{{"mug", 1}}},
		{ID: "c", Status: FulShipped, Items: []Units{{"mug", 1}}},
		{ID: "d", Status: FulDelivered, Items: []Units{{"mug", 1}}},
	}
	for name, tc := range map[string]struct {
		items []Item
		fs    []Fulfillment
		asked []Units
		want  []Units
		meta  string // of ErrNoUnits
		at    string
	}{
		"rest":             {[]Item{mug, file}, sent, nil, []Units{{"mug", 1}}, "", ""},
		"rest of files":    {[]Item{file}, nil, nil, []Units{{"file", 2}}, "", ""},
		"named":            {[]Item{mug, file}, sent, []Units{{"file", 1}, {"mug", 1}}, []Units{{"file", 1}, {"mug", 1}}, "", ""},
		"named twice":      {[]Item{file}, nil, []Units{{"file", 1}, {"file", 1}}, []Units{{"file", 2}}, "", ""},
		"one too many":     {[]Item{mug}, sent, []Units{{"mug", 2}}, nil, `{"item_id":"mug","requested":2,"left":1}`, "/items/0/quantity"},
		"too many in two":  {[]Item{mug}, sent, []Units{{"mug", 1}, {"mug", 1}}, nil, `{"item_id":"mug","requested":2,"left":1}`, "/items/1/quantity"},
		"another's item":   {[]Item{mug}, nil, []Units{{"cup", 1}}, nil, `{"item_id":"cup","requested":1,"left":0}`, "/items/0/quantity"},
		"nothing remains":  {[]Item{mug}, append(sent, Fulfillment{Status: FulPending, Items: []Units{{"mug", 1}}}), nil, nil, `{"item_id":"","requested":0,"left":0}`, ""},
		"rest is canceled": {[]Item{{ID: "x", Quantity: 1, Quantities: Quantities{Canceled: 1}}}, nil, nil, nil, `{"item_id":"","requested":0,"left":0}`, ""},
	} {
		got, err := plan(tc.items, tc.fs, tc.asked)
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: plans %v, want %v", name, got, tc.want)
		}
		e, _ := errors.AsType[*fault.Error](err)
		switch {
		case tc.meta == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tc.meta != "" && (!errors.Is(err, ErrNoUnits) || string(e.Meta) != tc.meta || e.Param != tc.at):
			t.Errorf("%s: %v %+v, want ErrNoUnits at %q with %s", name, err, e, tc.at, tc.meta)
		}
	}
}

func TestRowKeepsWhatIsNotShown(t *testing.T) {
	day := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	d := document{Order: Order{ID: "ord_1", CheckoutID: "cart_1.1", Number: "1001", Version: 3, Status: StatusCanceling, Email: "Ada@Example.COM", Epoch: 2,
		PlacedAt: day, ExpiresAt: new(day.Add(time.Hour)), Currency: "USD", Payments: []Payment{paid("a", "open", 0, 0, 0), paid("b", "failed", 0, 0, 0)}}, Before: StatusPending, Since: day}
	d.Payments[0].Version, d.Payments[1].Version = 7, 1
	for _, a := range []*money.Amount{&d.Totals.Subtotal, &d.Totals.Discount, &d.Totals.Shipping, &d.Totals.Fees, &d.Totals.Tax, &d.Totals.Rounding, &d.Totals.Total, &d.Totals.GiftCards, &d.Totals.AmountDue,
		&d.Balance.Authorized, &d.Balance.Captured, &d.Balance.Refunded, &d.Balance.Due} {
		*a = usd(0)
	}
	r, err := d.row()
	if err != nil {
		t.Fatal(err)
	}
	if r.Email != "ada@example.com" || r.Deadline != day {
		t.Errorf("email %q, deadline %v; want lower case and when the cancellation began", r.Email, r.Deadline)
	}
	got, err := r.document()
	if err != nil {
		t.Fatal(err)
	}
	if got.CheckoutID != "cart_1.1" || got.Epoch != 2 || got.Before != StatusPending || got.Since != day {
		t.Errorf("read back %+v", got)
	}
	if got.Payments[0].Version != 7 || got.Payments[1].Version != 1 || got.Payment.ID != "a" || got.Payment.Version != 7 {
		t.Errorf("payments %+v, %+v", got.Payments, got.Payment)
	}
	if shown, err := json.Marshal(got.Order); err != nil || strings.Contains(string(shown), "cart_1.1") || strings.Contains(string(shown), "epoch") {
		t.Errorf("shown: %s, %v", shown, err)
	}
	d.Status = StatusPending
	if r, _ = d.row(); !r.Deadline.Equal(*d.ExpiresAt) {
		t.Errorf("deadline of a pending order %v, want when it expires", r.Deadline)
	}
	d.Status = StatusConfirmed
	if r, _ = d.row(); !r.Deadline.IsZero() {
		t.Errorf("deadline of a confirmed order %v", r.Deadline)
	}
	if _, err := (Row{ID: "x", Doc: json.RawMessage(`{`)}).document(); err == nil {
		t.Error("half a document was read")
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{"": "", "ab": "ab", "abc": "abc", "abcd": "abc", "éüöä": "éüö", "a\xffb": "ab"} {
		if got := clip(in, 3); got != want {
			t.Errorf("clip(%q) = %q, want %q", in, got, want)
		}
	}
}
