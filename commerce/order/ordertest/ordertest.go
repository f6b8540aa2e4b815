// Package ordertest says what an order.Store must do. The name of a case is the
// name of what a store lacks when the case fails.
package ordertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/order"
)

type test struct {
	name string
	run  func(*testing.T, order.Store)
}

var cases = []test{
	{"RoundTrip", roundTrip},
	{"NotFound", notFound},
	{"IDTaken", idTaken},
	{"NumberTaken", numberTaken},
	{"CheckoutTaken", checkoutTaken},
	{"FulfillmentTaken", fulfillmentTaken},
	{"TakenWritesNothing", takenWritesNothing},
	{"StaleLoses", staleLoses},
	{"StatusGuards", statusGuards},
	{"SaveKeeps", saveKeeps},
	{"OneCreates", oneCreates},
	{"OneWriterWins", oneWriterWins},
	{"WritersQueue", writersQueue},
	{"RefusalKeepsUnit", refusalKeepsUnit},
	{"HistoryInOrder", historyInOrder},
	{"NumbersApart", numbersApart},
	{"NewestFirst", newestFirst},
	{"PagesMeet", pagesMeet},
	{"Filters", filters},
	{"CountsAll", countsAll},
	{"ExpiredFirst", expiredFirst},
	{"Rollback", rollback},
	{"MarkJoins", markJoins},
	{"RecordJoins", recordJoins},
	{"AttemptLimit", attemptLimit},
	{"AttemptExact", attemptExact},
	{"ForgetAttempts", forgetAttempts},
}

// Guards are the names of all cases.
func Guards() (names []string) {
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) order.Store) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var (
	day     = time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)
	errBoom = errors.New("boom")
)

// hostile is text that breaks careless SQL.
const hostile = `'; DROP TABLE mercer_orders; -- \ \' " ? ?? {orders} % ☕ é 👩‍👩‍👧 日本`

// row returns the i-th of some orders, each placed a second after the other.
func row(i int) order.Row {
	return order.Row{ID: fmt.Sprintf("ord_%03d", i), CheckoutID: fmt.Sprintf("cart_%03d.1", i), Number: fmt.Sprint(order.FirstNumber + i), Version: 1,
		Status: order.StatusPending, PaymentStatus: order.PayNone, FulfillmentStatus: order.Unfulfilled, Email: "ada@example.com",
		Placed: day.Add(time.Duration(i) * time.Second), Total: money.New(2499, "EUR"), Doc: json.RawMessage(`{"id":"x"}`)}
}

func line(version int64) order.Entry {
	return order.Entry{Version: version, Kind: "status", From: "pending", To: "confirmed", Actor: "system", At: day}
}

func create(t *testing.T, s order.Store, r order.Row) order.Row {
	t.Helper()
	if err := s.Create(t.Context(), r, []order.Entry{line(1)}); err != nil {
		t.Fatalf("create %s: %v", r.ID, err)
	}
	return r
}

func load(t *testing.T, s order.Store, id string) order.Row {
	t.Helper()
	r, err := s.Order(t.Context(), id)
	if err != nil {
		t.Fatalf("order %s: %v", id, err)
	}
	return r
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

// same compares rows, documents by the byte.
func same(t *testing.T, what string, got, want order.Row) {
	t.Helper()
	if string(got.Doc) != string(want.Doc) {
		t.Errorf("%s: document %s, want %s", what, got.Doc, want.Doc)
	}
	got.Doc, want.Doc = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func ids(rows []order.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out
}

func roundTrip(t *testing.T, s order.Store) {
	doc, err := json.Marshal(map[string]any{"text": hostile, "list": []any{}, "null": nil, "n": json.Number("1.10"), "big": json.Number("123456789012345678901234567890"),
		"huge": json.Number("1e400"), "half": json.RawMessage(`"\ud800"`), "deep": json.RawMessage(strings.Repeat("[", 200) + strings.Repeat("]", 200))})
	if err != nil {
		t.Fatal(err)
	}
	full := row(1)
	full.CheckoutID, full.Email, full.CustomerID = "cart_é'\\.1", hostile, new("cus_1")
	full.Total, full.Deadline, full.Doc = money.New(money.MaxMinor, "JPY"), day.Add(time.Hour), doc
	full.Status, full.PaymentStatus, full.FulfillmentStatus, full.Version = order.StatusConfirmed, order.PayPartiallyRefunded, order.PartiallyReturned, 2
	entry := order.Entry{Version: 2, Kind: "note", From: "é", To: "ü", Text: hostile, Actor: "staff:" + hostile, CauseID: hostile, At: day}
	if err := s.Create(t.Context(), full, []order.Entry{line(1), entry}); err != nil {
		t.Fatal(err)
	}
	same(t, "order", load(t, s, full.ID), full)
	byNumber, err := s.OrderByNumber(t.Context(), full.Number)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "by number", byNumber, full)
	ofCheckout, err := s.OrderOfCheckout(t.Context(), full.CheckoutID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "of checkout", ofCheckout, full)
	if err := s.AddFulfillment(t.Context(), "ful_'é", full.ID); err != nil {
		t.Fatal(err)
	}
	ofFulfillment, err := s.OrderOfFulfillment(t.Context(), "ful_'é")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "of fulfillment", ofFulfillment, full)
	history, err := s.History(t.Context(), full.ID)
	if want := []order.Entry{line(1), entry}; err != nil || !reflect.DeepEqual(history, want) {
		t.Errorf("history %+v, %v; want %+v", history, err, want)
	}
}

func notFound(t *testing.T, s order.Store) {
	create(t, s, row(1))
	for _, key := range []string{"ord_002", "ORD_001", hostile, ""} {
		_, err := s.Order(t.Context(), key)
		wantErr(t, err, order.ErrNotFound)
		_, err = s.OrderByNumber(t.Context(), key)
		wantErr(t, err, order.ErrNotFound)
		_, err = s.OrderOfCheckout(t.Context(), key)
		wantErr(t, err, order.ErrNotFound)
		_, err = s.OrderOfFulfillment(t.Context(), key)
		wantErr(t, err, order.ErrFulfillmentNotFound)
		if history, err := s.History(t.Context(), key); err != nil || history == nil || len(history) != 0 {
			t.Errorf("history of %q: %v, %v; want none", key, history, err)
		}
	}
}

func idTaken(t *testing.T, s order.Store) {
	create(t, s, row(1))
	second := row(2)
	second.ID = row(1).ID
	wantErr(t, s.Create(t.Context(), second, []order.Entry{line(1)}), order.ErrTaken)
}

func numberTaken(t *testing.T, s order.Store) {
	create(t, s, row(1))
	second := row(2)
	second.Number = row(1).Number
	wantErr(t, s.Create(t.Context(), second, []order.Entry{line(1)}), order.ErrTaken)
}

func checkoutTaken(t *testing.T, s order.Store) {
	create(t, s, row(1))
	second := row(2)
	second.CheckoutID = row(1).CheckoutID
	wantErr(t, s.Create(t.Context(), second, []order.Entry{line(1)}), order.ErrTaken)
	// Keys are compared by the byte.
	second.CheckoutID = "CART_001.1"
	create(t, s, second)
}

func fulfillmentTaken(t *testing.T, s order.Store) {
	create(t, s, row(1))
	create(t, s, row(2))
	if err := s.AddFulfillment(t.Context(), "ful_1", "ord_001"); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.AddFulfillment(t.Context(), "ful_1", "ord_002"), order.ErrTaken)
	if r, err := s.OrderOfFulfillment(t.Context(), "ful_1"); err != nil || r.ID != "ord_001" {
		t.Errorf("order of ful_1 is %q, %v; want ord_001", r.ID, err)
	}
}

func takenWritesNothing(t *testing.T, s order.Store) {
	first := create(t, s, row(1))
	second := row(2)
	second.CheckoutID = first.CheckoutID
	wantErr(t, s.Create(t.Context(), second, []order.Entry{line(1)}), order.ErrTaken)
	same(t, "the first", load(t, s, first.ID), first)
	_, err := s.Order(t.Context(), second.ID)
	wantErr(t, err, order.ErrNotFound)
	_, err = s.OrderByNumber(t.Context(), second.Number)
	wantErr(t, err, order.ErrNotFound)
	if history, err := s.History(t.Context(), second.ID); err != nil || len(history) != 0 {
		t.Errorf("history %v, %v; want none", history, err)
	}
}

// next returns r one version on.
func next(r order.Row) order.Row {
	r.Version++
	r.Status = order.StatusConfirmed
	return r
}

func staleLoses(t *testing.T, s order.Store) {
	first := create(t, s, row(1))
	second := next(first)
	if err := s.Save(t.Context(), first, second, []order.Entry{line(2)}); err != nil {
		t.Fatal(err)
	}
	stale := second
	stale.Version = 1 // with the status that is stored
	third := next(second)
	third.Email = "stale@example.com"
	wantErr(t, s.Save(t.Context(), stale, third, []order.Entry{line(3)}), order.ErrStale)
	same(t, "after a stale save", load(t, s, "ord_001"), second)
	wantErr(t, s.Save(t.Context(), row(7), next(row(7)), []order.Entry{line(2)}), order.ErrStale)
	if history, err := s.History(t.Context(), "ord_001"); err != nil || len(history) != 2 {
		t.Errorf("%d lines of history, %v; want 2", len(history), err)
	}
}

func statusGuards(t *testing.T, s order.Store) {
	first := create(t, s, row(1))
	other := first
	other.Status = order.StatusCanceling
	wantErr(t, s.Save(t.Context(), other, next(first), []order.Entry{line(2)}), order.ErrStale)
	same(t, "after a save from another status", load(t, s, "ord_001"), first)
}

func saveKeeps(t *testing.T, s order.Store) {
	first := create(t, s, row(1))
	want := next(first)
	want.PaymentStatus, want.FulfillmentStatus, want.Email, want.CustomerID = order.PayPaid, order.Delivered, "new@example.com", new("cus_2")
	want.Deadline, want.Total.Minor, want.Doc = day, 5, json.RawMessage(`{"a":[1,2]}`)
	now := want
	now.Number, now.CheckoutID, now.Placed = "77", "other", day.Add(time.Hour)
	if err := s.Save(t.Context(), first, now, []order.Entry{line(2)}); err != nil {
		t.Fatal(err)
	}
	same(t, "saved", load(t, s, "ord_001"), want)
	// Values that do not change are no conflict.
	again := want
	again.Version++
	if err := s.Save(t.Context(), want, again, []order.Entry{line(3)}); err != nil {
		t.Errorf("save of equal values: %v", err)
	}
	same(t, "by number", func() order.Row { r, _ := s.OrderByNumber(t.Context(), first.Number); return r }(), again)
}

// race runs try 8 times at once and returns how often it gave no error; others
// must be one of allowed.
func race(t *testing.T, try func(i int) error, allowed ...error) (won int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 8 {
		wg.Go(func() {
			<-start
			err := try(i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case !slices.ContainsFunc(allowed, func(a error) bool { return errors.Is(err, a) }):
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	return won
}

func oneCreates(t *testing.T, s order.Store) {
	won := race(t, func(i int) error {
		r := row(i)
		r.CheckoutID = "cart_1.1"
		return s.Create(t.Context(), r, []order.Entry{line(1)})
	}, order.ErrTaken)
	n, err := s.Count(t.Context(), order.Filter{})
	if won != 1 || n != 1 || err != nil {
		t.Errorf("%d of 8 created an order of one checkout, %d are there, %v; want 1", won, n, err)
	}
}

func oneWriterWins(t *testing.T, s order.Store) {
	first := create(t, s, row(1))
	won := race(t, func(i int) error {
		n := next(first)
		n.Email = fmt.Sprint(i, "@example.com")
		return s.Save(t.Context(), first, n, []order.Entry{line(2)})
	}, order.ErrStale)
	if got := load(t, s, "ord_001"); won != 1 || got.Version != 2 {
		t.Errorf("%d of 8 writers of version 1 won, version %d; want 1, 2", won, got.Version)
	}
}

// writersQueue: who reads in a unit, to write, waits for who did before.
func writersQueue(t *testing.T, s order.Store) {
	create(t, s, row(1))
	won := race(t, func(int) error {
		return s.Scope().Do(t.Context(), func(ctx context.Context) error {
			was, err := s.Order(ctx, "ord_001")
			if err != nil {
				return err
			}
			now := was
			now.Version++
			return s.Save(ctx, was, now, []order.Entry{line(now.Version)})
		})
	})
	if got := load(t, s, "ord_001"); won != 8 || got.Version != 9 {
		t.Errorf("%d of 8 won, version %d; want 8, 9", won, got.Version)
	}
}

func refusalKeepsUnit(t *testing.T, s order.Store) {
	create(t, s, row(1))
	if err := s.AddFulfillment(t.Context(), "ful_1", "ord_001"); err != nil {
		t.Fatal(err)
	}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		wantErr(t, s.Create(ctx, row(1), []order.Entry{line(1)}), order.ErrTaken)
		wantErr(t, s.Save(ctx, next(row(1)), next(row(1)), []order.Entry{line(2)}), order.ErrStale)
		wantErr(t, s.AddFulfillment(ctx, "ful_1", "ord_001"), order.ErrTaken)
		return s.Create(ctx, row(2), []order.Entry{line(1)})
	})
	if err != nil {
		t.Errorf("a unit in which writes were refused: %v", err)
	}
	load(t, s, "ord_002")
}

func historyInOrder(t *testing.T, s order.Store) {
	r := row(1)
	r.Version = 11
	var first []order.Entry
	for v := range int64(11) {
		first = append(first, line(v+1))
	}
	slices.Reverse(first)
	if err := s.Create(t.Context(), r, first); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), r, next(r), []order.Entry{line(12)}); err != nil {
		t.Fatal(err)
	}
	create(t, s, row(2))
	history, err := s.History(t.Context(), r.ID)
	if err != nil || len(history) != 12 {
		t.Fatalf("%d lines, %v; want 12", len(history), err)
	}
	for i, h := range history {
		if h.Version != int64(i+1) {
			t.Errorf("line %d is of version %d", i, h.Version)
		}
	}
}

func numbersApart(t *testing.T, s order.Store) {
	if first, err := s.Numbers(t.Context(), 3); err != nil || first != order.FirstNumber {
		t.Fatalf("first number %d, %v; want %d", first, err, order.FirstNumber)
	}
	var mu sync.Mutex
	var firsts []int64
	race(t, func(int) error {
		first, err := s.Numbers(t.Context(), 3)
		mu.Lock()
		defer mu.Unlock()
		firsts = append(firsts, first)
		return err
	})
	slices.Sort(firsts)
	for i, first := range firsts {
		if want := order.FirstNumber + 3*int64(i+1); first != want {
			t.Errorf("block %d begins with %d, want %d", i+1, first, want)
		}
	}
	if first, err := s.Numbers(t.Context(), 1); err != nil || first != order.FirstNumber+27 {
		t.Errorf("after 9 blocks %d, %v; want %d", first, err, order.FirstNumber+27)
	}
}

func newestFirst(t *testing.T, s order.Store) {
	for _, i := range []int{2, 1, 3} {
		create(t, s, row(i))
	}
	twin := row(4)
	twin.Placed = row(2).Placed
	create(t, s, twin)
	got, err := s.Orders(t.Context(), order.Filter{Limit: 10})
	if want := []string{"ord_003", "ord_004", "ord_002", "ord_001"}; err != nil || !slices.Equal(ids(got), want) {
		t.Errorf("orders %v, %v; want %v", ids(got), err, want)
	}
	if len(got) == 4 {
		same(t, "listed", got[1], twin)
	}
}

func pagesMeet(t *testing.T, s order.Store) {
	for i := range 7 {
		r := row(i)
		r.Placed = day.Add(time.Duration(i/3) * time.Microsecond) // three at a time
		create(t, s, r)
	}
	var got []string
	f := order.Filter{Limit: 2}
	for range 5 {
		rows, err := s.Orders(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > 2 {
			t.Fatalf("%d orders on a page of 2", len(rows))
		}
		got = append(got, ids(rows)...)
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			f.After = &order.Position{Placed: last.Placed, ID: last.ID}
		}
	}
	want := []string{"ord_006", "ord_005", "ord_004", "ord_003", "ord_002", "ord_001", "ord_000"}
	if !slices.Equal(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
}

func filters(t *testing.T, s order.Store) {
	a, b := row(1), row(2)
	b.Status, b.PaymentStatus, b.FulfillmentStatus = order.StatusCanceled, order.PayVoided, order.PartlyFulfilled
	b.CustomerID, b.Email = new("cus_1"), "b@example.com"
	create(t, s, a)
	create(t, s, b)
	for name, tc := range map[string]struct {
		f    order.Filter
		want []string
	}{
		"none":        {order.Filter{}, []string{"ord_002", "ord_001"}},
		"status":      {order.Filter{Status: order.StatusCanceled}, []string{"ord_002"}},
		"payment":     {order.Filter{PaymentStatus: order.PayVoided}, []string{"ord_002"}},
		"fulfillment": {order.Filter{FulfillmentStatus: order.PartlyFulfilled}, []string{"ord_002"}},
		"customer":    {order.Filter{CustomerID: "cus_1"}, []string{"ord_002"}},
		"guests":      {order.Filter{OfGuests: true}, []string{"ord_001"}},
		"guests' too": {order.Filter{OfGuests: true, Email: a.Email}, []string{"ord_001"}},
		"both":        {order.Filter{OfGuests: true, CustomerID: "cus_1"}, []string{}},
		"hostile":     {order.Filter{CustomerID: hostile}, []string{}},
		"no status":   {order.Filter{PaymentStatus: hostile}, []string{}},
		"no number":   {order.Filter{Number: hostile}, []string{}},
		"after":       {order.Filter{After: &order.Position{Placed: a.Placed, ID: hostile}}, []string{}},
		"email":       {order.Filter{Email: "b@example.com"}, []string{"ord_002"}},
		"number":      {order.Filter{Number: "1002"}, []string{"ord_001"}},
		"from":        {order.Filter{From: b.Placed}, []string{"ord_002"}},
		"to":          {order.Filter{To: b.Placed}, []string{"ord_001"}},
		"two":         {order.Filter{CustomerID: "cus_1", Status: order.StatusPending}, []string{}},
		"all": {order.Filter{Status: b.Status, PaymentStatus: b.PaymentStatus, FulfillmentStatus: b.FulfillmentStatus, CustomerID: "cus_1",
			Email: b.Email, Number: b.Number, From: day, To: day.Add(time.Hour)}, []string{"ord_002"}},
	} {
		tc.f.Limit = 10
		rows, err := s.Orders(t.Context(), tc.f)
		if err != nil || !slices.Equal(ids(rows), tc.want) {
			t.Errorf("by %s: %v, %v; want %v", name, ids(rows), err, tc.want)
		}
	}
}

func countsAll(t *testing.T, s order.Store) {
	for i := range 4 {
		r := row(i)
		if i > 0 {
			r.CustomerID = new("cus_1")
		}
		create(t, s, r)
	}
	f := order.Filter{CustomerID: "cus_1", Limit: 1, After: &order.Position{Placed: row(2).Placed, ID: "ord_002"}}
	if n, err := s.Count(t.Context(), f); err != nil || n != 3 {
		t.Errorf("count = %d, %v; want 3", n, err)
	}
}

func expiredFirst(t *testing.T, s order.Store) {
	for i, seconds := range []int{0, 30, 10, 20, 10} {
		r := row(i)
		if seconds > 0 {
			r.Deadline = day.Add(time.Duration(seconds) * time.Second)
		}
		create(t, s, r)
	}
	for limit, want := range map[int][]string{1: {"ord_002"}, 9: {"ord_002", "ord_004", "ord_003"}} {
		got, err := s.Expired(t.Context(), day.Add(30*time.Second), limit)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("expired, at most %d: %v, %v; want %v", limit, got, err, want)
		}
	}
	if got, err := s.Expired(t.Context(), day, 9); err != nil || got == nil || len(got) != 0 {
		t.Errorf("expired before all: %v, %v; want none", got, err)
	}
}

func rollback(t *testing.T, s order.Store) {
	kept := create(t, s, row(1))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, numbers := s.Numbers(ctx, 5)
		return errors.Join(numbers, s.Create(ctx, row(2), []order.Entry{line(1)}), s.Save(ctx, kept, next(kept), []order.Entry{line(2)}),
			s.AddFulfillment(ctx, "ful_1", "ord_001"), errBoom)
	})
	wantErr(t, err, errBoom)
	same(t, "after a rollback", load(t, s, "ord_001"), kept)
	_, err = s.Order(t.Context(), "ord_002")
	wantErr(t, err, order.ErrNotFound)
	_, err = s.OrderOfFulfillment(t.Context(), "ful_1")
	wantErr(t, err, order.ErrFulfillmentNotFound)
	if history, err := s.History(t.Context(), "ord_001"); err != nil || len(history) != 1 {
		t.Errorf("%d lines of history, %v; want 1", len(history), err)
	}
}

func markJoins(t *testing.T, s order.Store) {
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Mark(ctx, "order.place", "cart_1.1", once.Done)
		return errors.Join(err, errBoom)
	})
	wantErr(t, err, errBoom)
	if was, err := s.Mark(t.Context(), "order.place", "cart_1.1", once.Done); err != nil || was != once.Never {
		t.Errorf("a mark that was rolled back: %v, %v; want Never", was, err)
	}
}

func recordJoins(t *testing.T, s order.Store) {
	ev := order.EventConfirmed.New("evt_1", "ord_001", day, order.OrderV1{Order: "ord_001", Email: hostile})
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error { return errors.Join(s.Record(ctx, ev), errBoom) })
	wantErr(t, err, errBoom)
	// The id is free again, so the first one was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}
