package order

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/bill"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
)

// sold returns a confirmed order of lines {units, total, tax}, "a", "b" …, that
// was captured by card.
func sold(c money.Currency, lines ...[3]int64) *document {
	d := &document{Order: Order{ID: "ord_1", Status: StatusConfirmed, Currency: c, Totals: bill.Zero(c)}}
	for i, l := range lines {
		d.Items = append(d.Items, Item{ID: string(rune('a' + i)), Quantity: l[0], Total: money.New(l[1], c), Tax: money.New(l[2], c)})
		d.Totals.Total.Minor += l[1]
	}
	d.Totals.Total, d.Totals.Rounding = d.Totals.Total.ToStep()
	return d.captured("card", "stripe", d.Totals.Total.Minor)
}

// delivered adds a delivery that was paid for by the same payment.
func (d *document) delivered(total, tax int64) *document {
	d.Shipping = &Shipping{Total: money.New(total, d.Currency), Tax: money.New(tax, d.Currency)}
	d.Totals.Total.Minor += total
	d.Payments[0].Captured.Minor += total
	return d
}

// captured adds a payment.
func (d *document) captured(id, method string, minor int64) *document {
	d.Payments = append(d.Payments, filled(Payment{ID: id, Method: method, Status: "captured", Captured: money.New(minor, d.Currency)}, d.Currency))
	return d
}

// by replaces the payments.
func (d *document) by(id, method string, minor int64) *document {
	d.Payments = nil
	return d.captured(id, method, minor)
}

// units reads "a2 b1" as what to refund.
func units(text string) (in RefundInput) {
	for f := range strings.FieldsSeq(text) {
		var u Units
		if _, err := fmt.Sscanf(f, "%1s%d", &u.ItemID, &u.Quantity); err != nil {
			panic(err)
		}
		in.Items = append(in.Items, u)
	}
	return in
}

func (in RefundInput) shipping(minor int64, c money.Currency) RefundInput {
	in.Shipping = new(money.New(minor, c))
	return in
}

func (in RefundInput) goodwill(minor int64, c money.Currency) RefundInput {
	in.Goodwill = new(money.New(minor, c))
	return in
}

// brief shows the money of a refund: amount, tax, and where it goes.
func brief(r *Refund) string {
	s := fmt.Sprintf("%d tax %d:", r.Amount.Minor, r.Tax.Minor)
	for _, p := range r.Payments {
		s += fmt.Sprintf(" %s %d", p.PaymentID, p.Amount.Minor)
	}
	return s
}

// M01, R07 to R10: the worked examples of the money page, by number, and what follows from them.
func TestWorkedRefunds(t *testing.T) {
	all := units("")
	goodwill := func(minor int64, c money.Currency) RefundInput { return RefundInput{}.goodwill(minor, c) }
	type step struct {
		in   RefundInput
		want string
	}
	repeat := func(n int, in RefundInput, want ...string) (steps []step) {
		for i := range n {
			steps = append(steps, step{in, want[i%len(want)]})
		}
		return steps
	}
	for name, tc := range map[string]struct {
		d     *document
		steps []step
	}{
		"6: the whole": {sold("GBP", [3]int64{10, 17925, 2988}), []step{{units("a10"), "17925 tax 2988: card 17925"}}},
		// tax: c(j) = round(298.8 j)
		"7: unit by unit": {sold("GBP", [3]int64{10, 17925, 2988}), slices.Concat(
			repeat(5, units("a1"), "1793 tax 299: card 1793", "1792 tax 299: card 1792", "1793 tax 298: card 1793", "1792 tax 299: card 1792", "1793 tax 299: card 1793"),
			repeat(5, units("a1"), "1792 tax 299: card 1792", "1793 tax 299: card 1793", "1792 tax 298: card 1792", "1793 tax 299: card 1793", "1792 tax 299: card 1792"))},
		"7: 3 and 7":      {sold("GBP", [3]int64{10, 17925, 2988}), []step{{units("a3"), "5378 tax 896: card 5378"}, {units("a7"), "12547 tax 2092: card 12547"}}},
		"14: the whole":   {sold("KWD", [3]int64{3, 5124, 0}), []step{{all, "5120 tax 0: card 5120"}}},
		"14: by unit":     {sold("KWD", [3]int64{3, 5124, 0}), append(repeat(2, units("a1"), "1710 tax 0: card 1710"), step{units("a1"), "1700 tax 0: card 1700"})},
		"14: last is all": {sold("KWD", [3]int64{3, 5124, 0}), append(repeat(2, units("a1"), "1710 tax 0: card 1710"), step{all, "1700 tax 0: card 1700"})},
		"15: by unit":     {sold("BHD", [3]int64{2, 12345, 0}), []step{{units("a1"), "6170 tax 0: card 6170"}, {units("a1"), "6180 tax 0: card 6180"}}},
		"17: 1+1+1":       {sold("EUR", [3]int64{3, 1000, 0}), []step{{units("a1"), "333 tax 0: card 333"}, {units("a1"), "334 tax 0: card 334"}, {units("a1"), "333 tax 0: card 333"}}},
		"17: 2+1":         {sold("EUR", [3]int64{3, 1000, 0}), []step{{units("a2"), "667 tax 0: card 667"}, {units("a1"), "333 tax 0: card 333"}}},
		"18":              {sold("USD", [3]int64{2, 19800, 1800}), []step{{units("a1"), "9900 tax 900: card 9900"}, {all, "9900 tax 900: card 9900"}}},
		"19":              {sold("USD", [3]int64{1, 5400, 0}, [3]int64{1, 3600, 0}), []step{{units("b1"), "3600 tax 0: card 3600"}, {all, "5400 tax 0: card 5400"}}},
		"27":              {sold("USD", [3]int64{1, 2038, 155}, [3]int64{3, 1019, 78}), []step{{units("b1"), "340 tax 26: card 340"}, {units("b1"), "339 tax 26: card 339"}, {units("b1"), "340 tax 26: card 340"}}},
		"29: card first": {sold("USD", [3]int64{1, 8500, 0}).by("gift", methodGiftCard, 5000).captured("card", "stripe", 3500),
			[]step{{goodwill(2000, "USD"), "2000 tax 0: card 2000"}, {goodwill(4000, "USD"), "4000 tax 0: card 1500 gift 2500"}}},
		"29: whichever was first": {sold("USD", [3]int64{1, 8500, 0}).by("card", "stripe", 3500).captured("gift", methodGiftCard, 5000),
			[]step{{goodwill(2000, "USD"), "2000 tax 0: card 2000"}, {goodwill(4000, "USD"), "4000 tax 0: card 1500 gift 2500"}}},
		"32: half a unit": {sold("EUR", [3]int64{2, 5, 0}), []step{{units("a1"), "3 tax 0: card 3"}, {units("a1"), "2 tax 0: card 2"}}},
		"latest first": {sold("EUR", [3]int64{1, 1000, 0}).by("one", "stripe", 600).captured("two", "stripe", 400),
			[]step{{goodwill(500, "EUR"), "500 tax 0: two 400 one 100"}}},
		"item named twice":    {sold("EUR", [3]int64{3, 1000, 100}), []step{{units("a1 a1"), "667 tax 67: card 667"}}},
		"shipping in parts":   {sold("EUR", [3]int64{1, 1000, 0}).delivered(490, 79), []step{{RefundInput{}.shipping(100, "EUR"), "100 tax 16: card 100"}, {RefundInput{}.shipping(390, "EUR"), "390 tax 63: card 390"}}},
		"shipping and a unit": {sold("EUR", [3]int64{2, 1000, 101}).delivered(490, 79), []step{{units("a1").shipping(490, "EUR"), "990 tax 130: card 990"}, {all, "500 tax 50: card 500"}}},
		"favor, then all":     {sold("EUR", [3]int64{1, 1000, 160}), []step{{goodwill(300, "EUR"), "300 tax 0: card 300"}, {all, "700 tax 160: card 700"}}},
		"favor on top":        {sold("EUR", [3]int64{2, 1000, 160}), []step{{units("a1").goodwill(300, "EUR"), "800 tax 80: card 800"}}},
		"captured in part":    {sold("EUR", [3]int64{2, 1000, 160}).by("card", "stripe", 600), []step{{units("a1"), "500 tax 80: card 500"}, {all, "100 tax 80: card 100"}}},
		"paid too much":       {sold("EUR", [3]int64{2, 1000, 160}).by("card", "stripe", 1200), []step{{units("a2"), "1000 tax 160: card 1000"}, {all, "200 tax 0: card 200"}}},
	} {
		for i, s := range tc.steps {
			r, err := begin(tc.d, s.in)
			if err != nil {
				t.Errorf("%s, refund %d: %v", name, i+1, err)
				break
			}
			if got := brief(r); got != s.want {
				t.Errorf("%s, refund %d: %s, want %s", name, i+1, got, s.want)
			}
			if err := wrong(tc.d); err != nil {
				t.Errorf("%s, refund %d: %v", name, i+1, err)
			}
		}
	}
}

// What was captured last goes back first, in whichever order payments began.
func TestLatestCaptureFirst(t *testing.T) {
	tk := &task{document: *sold("EUR", [3]int64{1, 1000, 0})}
	tk.Payments = nil
	for i, p := range []Payment{{ID: "one", Status: "authorized", Version: 1}, {ID: "two", Status: "captured", Version: 1, Captured: money.New(400, "EUR")},
		{ID: "one", Status: "captured", Version: 2, Captured: money.New(600, "EUR")}, {ID: "two", Status: "captured", Version: 2, Captured: money.New(400, "EUR")}} {
		if !tk.notePayment(filled(p, "EUR")) {
			t.Fatalf("payment %d is no news", i)
		}
	}
	r, err := tk.planRefund(RefundInput{}.goodwill(700, "EUR"))
	if got, want := brief(&r), "700 tax 0: one 600 two 100"; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestFeesGoBackWithAll(t *testing.T) {
	d := sold("EUR", [3]int64{2, 1000, 160})
	d.Fees, d.Totals.Fees, d.Totals.Total, d.Payments[0].Captured = []Fee{{Amount: money.New(70, "EUR")}}, money.New(70, "EUR"), money.New(1070, "EUR"), money.New(1070, "EUR")
	r, err := d.planRefund(units("a2"))
	if got := brief(&r); err != nil || got != "1000 tax 160: card 1000" {
		t.Errorf("the goods: %s, %v", got, err)
	}
	r, err = d.planRefund(RefundInput{})
	if got := brief(&r); err != nil || got != "1070 tax 160: card 1070" || r.Rest.Minor != 70 {
		t.Errorf("all: %s with a rest of %v, %v", got, r.Rest, err)
	}
}

// The favor of a refund that goes to several payments is in its first parts.
func TestFavorOfParts(t *testing.T) {
	d := sold("EUR", [3]int64{1, 1000, 0}).by("gift", methodGiftCard, 700).captured("card", "stripe", 300)
	d.Payments[0].Captured.Minor = 900
	r, err := d.planRefund(units("a1").goodwill(200, "EUR"))
	if err != nil || len(r.Payments) != 2 || r.PaymentID != nil || r.Payments[0].Goodwill.Minor != 200 || r.Payments[1].Goodwill.Minor != 0 {
		t.Errorf("%s, %v", shown(r), err)
	}
}

func TestRefundRefusals(t *testing.T) {
	all := RefundInput{}
	favor := func(minor int64) RefundInput { return all.goodwill(minor, "KWD") }
	whole := func() *document { return sold("KWD", [3]int64{2, 2000, 0}).delivered(505, 0) }
	with := func(d *document, ins ...RefundInput) *document {
		for _, in := range ins {
			if _, err := begin(d, in); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	for name, tc := range map[string]struct {
		d    *document
		in   RefundInput
		want error
		at   string
		meta string // of the first item of ErrInvalid
	}{
		"below zero":        {whole(), favor(-1), fault.ErrInvalid, "/goodwill/amount", `{"limit":1}`},
		"nothing":           {whole(), favor(0), fault.ErrInvalid, "/goodwill/amount", `{"limit":1}`},
		"cannot be paid":    {whole(), favor(1001), fault.ErrInvalid, "/goodwill/amount", `{"limit":10}`},
		"other currency":    {whole(), all.goodwill(100, "EUR"), fault.ErrInvalid, "/goodwill/currency", ``},
		"out of bounds":     {whole(), favor(money.MaxMinor + 1), fault.ErrInvalid, "/goodwill/amount", `{"limit":99999999999}`},
		"shipping, nothing": {whole(), all.shipping(0, "KWD"), fault.ErrInvalid, "/shipping/amount", `{"limit":1}`},
		"shipping, more":    {whole(), all.shipping(510, "KWD"), fault.ErrInvalid, "/shipping/amount", `{"limit":505}`},
		"shipping, odd":     {whole(), all.shipping(501, "KWD"), fault.ErrInvalid, "/shipping/amount", `{"limit":10}`},
		"shipping, again":   {with(whole(), all.shipping(505, "KWD")), all.shipping(10, "KWD"), fault.ErrInvalid, "/shipping/amount", `{"limit":0}`},
		"no shipping":       {sold("KWD", [3]int64{1, 1000, 0}), all.shipping(10, "KWD"), fault.ErrInvalid, "/shipping/amount", `{"limit":0}`},
		"no such item":      {whole(), units("z1"), fault.ErrInvalid, "/items/0/item_id", ``},
		"units":             {with(whole(), units("a1")), units("a2"), fault.ErrInvalid, "/items/0/quantity", `{"limit":1}`},
		"units in two":      {whole(), units("a1 a2"), fault.ErrInvalid, "/items/1/quantity", `{"limit":1}`},
		"worth nothing":     {sold("KWD", [3]int64{2, 0, 0}, [3]int64{1, 1000, 0}), units("a1"), fault.ErrInvalid, "", `{"limit":1}`},
		"worth too little":  {sold("KWD", [3]int64{2, 6, 0}, [3]int64{1, 1000, 0}), units("a1"), fault.ErrInvalid, "", `{"limit":1}`},

		"more than captured":  {whole(), favor(2520), ErrNotRefundable, "", `{"refundable":{"amount":2505,"currency":"KWD"},"requested":{"amount":2520,"currency":"KWD"}}`},
		"none captured":       {sold("KWD", [3]int64{1, 1000, 0}).by("card", "stripe", 0), all, ErrNotRefundable, "", `{"refundable":{"amount":0,"currency":"KWD"},"requested":{"amount":0,"currency":"KWD"}}`},
		"more than is left":   {with(whole(), favor(1500)), favor(1010), ErrAlreadyRefunded, "", `{"refundable":{"amount":1005,"currency":"KWD"},"requested":{"amount":1010,"currency":"KWD"}}`},
		"goods after a favor": {with(whole(), favor(1500)), units("a2"), ErrAlreadyRefunded, "", `{"refundable":{"amount":1005,"currency":"KWD"},"requested":{"amount":2000,"currency":"KWD"}}`},
		"all again":           {with(whole(), all), all, ErrAlreadyRefunded, "", `{"refundable":{"amount":0,"currency":"KWD"},"requested":{"amount":0,"currency":"KWD"}}`},
	} {
		_, err := tc.d.planRefund(tc.in)
		f, _ := errors.AsType[*fault.Error](err)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
			continue
		}
		meta := string(f.Meta)
		if len(f.Errors) > 0 {
			meta = string(f.Errors[0].Meta)
		}
		if f.Param != tc.at || meta != tc.meta {
			t.Errorf("%s: at %q with %s, want %q with %s", name, f.Param, meta, tc.at, tc.meta)
		}
	}
	in := units("z1 a3").shipping(-1, "KWD").goodwill(0, "KWD")
	_, err := whole().planRefund(in)
	if f, _ := errors.AsType[*fault.Error](err); f == nil || len(f.Errors) != 4 || f.Param != "" {
		t.Errorf("four faults: %v", err)
	}
}

// What a payment says of itself and what its refunds say come at different
// times: the money counts from whichever is first.
func TestEitherNewsCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		refunded, refunding int64
		status              RefundStatus
		want                int64
	}{
		"begun here":             {0, 0, RefundPending, 40},
		"begun there":            {0, 60, RefundPending, 40},
		"gone back there":        {60, 0, RefundPending, 40},
		"gone back here":         {0, 0, RefundSucceeded, 40},
		"gone back":              {60, 0, RefundSucceeded, 40},
		"failed here, not there": {60, 0, RefundFailed, 40},
		"failed":                 {0, 0, RefundFailed, 100},
		"more there":             {70, 10, RefundPending, 20},
		"too much there":         {70, 100, RefundPending, 0},
	} {
		d := sold("EUR", [3]int64{1, 100, 0})
		r, err := begin(d, RefundInput{}.goodwill(60, "EUR"))
		if err != nil {
			t.Fatal(err)
		}
		d.Payments[0].Refunded.Minor, d.Payments[0].Refunding.Minor = tc.refunded, tc.refunding
		r.Payments[0].Status = tc.status
		r.follow()
		if _, _, left := d.sources(); left != tc.want {
			t.Errorf("%s: %d can go back, want %d", name, left, tc.want)
		}
	}
}

// Where those of many refunds stand that were rounded up, nothing is below zero.
func TestRoundedUpTooOften(t *testing.T) {
	for _, tc := range []struct {
		c           money.Currency
		total, rest int64
	}{{"EUR", 5, 1}, {"KWD", 50, 10}} {
		d := sold(tc.c, [3]int64{10, tc.total, tc.total / 2}, [3]int64{1, 1000, 0})
		step := tc.c.Step()
		for i := range 7 {
			in := units("a1")
			if i%2 == 1 { // worth nothing alone
				in = in.goodwill(step, tc.c)
			}
			r, err := begin(d, in)
			if err != nil || r.Amount.Minor != step {
				t.Fatalf("%s, refund %d: %s, %v", tc.c, i+1, shown(r), err)
			}
			if i%2 == 1 {
				r.Payments[0].Status = RefundFailed
			}
		}
		for i := range d.Refunds {
			d.Refunds[i].follow()
		}
		r, err := begin(d, units("a1").goodwill(step, tc.c))
		if err != nil || r.Amount.Minor != step || r.Items[0].Amount.Minor < 0 || wrong(d) != nil {
			t.Errorf("%s: %s, %v, %v", tc.c, shown(r), err, wrong(d))
		}
		if r, err = begin(d, units("a5")); err != nil || r.Amount.Minor != tc.rest || wrong(d) != nil {
			t.Errorf("%s, the rest: %s, %v, %v", tc.c, shown(r), err, wrong(d))
		}
	}
}

// The state and the sums of a refund follow from its parts.
func TestRefundFollows(t *testing.T) {
	const p, s, f = RefundPending, RefundSucceeded, RefundFailed
	for _, tc := range []struct {
		parts  [2]RefundStatus
		want   RefundStatus
		amount int64
	}{
		{[2]RefundStatus{p, p}, p, 1000}, {[2]RefundStatus{s, p}, p, 1000}, {[2]RefundStatus{p, s}, p, 1000}, {[2]RefundStatus{s, s}, s, 1000},
		{[2]RefundStatus{f, p}, p, 700}, {[2]RefundStatus{p, f}, p, 300}, {[2]RefundStatus{f, s}, s, 700}, {[2]RefundStatus{s, f}, s, 300}, {[2]RefundStatus{f, f}, f, 1000},
	} {
		d := sold("EUR", [3]int64{2, 1000, 100}).by("gift", methodGiftCard, 700).captured("card", "stripe", 300)
		r, err := begin(d, RefundInput{})
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []bool{false, true} {
			r.Payments[0].Status, r.Payments[1].Status = tc.parts[0], tc.parts[1]
			r.follow()
			if r.Status != tc.want || r.Amount.Minor != tc.amount || r.Rest.Minor != tc.amount-1000 {
				t.Errorf("%v, again %v: %s %v, rest %v; want %s %d", tc.parts, again, r.Status, r.Amount, r.Rest, tc.want, tc.amount)
			}
		}
		want := int64(2)
		if tc.want == f {
			want = 0
		}
		if n := refundedUnits("a", d.Refunds); n != want {
			t.Errorf("%v: %d units are refunded, want %d", tc.parts, n, want)
		}
		// What has failed can go back with what remains.
		again, err := d.planRefund(RefundInput{})
		if back := 1000 - tc.amount; tc.want != f && (back > 0) != (err == nil) || err == nil && tc.want != f && again.Amount.Minor != back {
			t.Errorf("%v: then all that remains is %v, %v", tc.parts, again.Amount, err)
		}
	}
}
