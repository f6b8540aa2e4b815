package order_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
)

func (s *shop) placeFor(t *testing.T, checkoutID, email, customerID string) order.Order {
	t.Helper()
	in := ordertest.Sample(checkoutID)
	in.Order.Email = email
	if customerID != "" {
		in.Order.CustomerID = &customerID
	}
	return must(t)(s.Place(t.Context(), in))
}

func TestAttach(t *testing.T) {
	s := newShop()
	own := []order.Order{s.placeFor(t, "c.1", "ada@example.com", ""), s.placeFor(t, "c.2", "Ada@EXAMPLE.com", "")}
	foreign := []order.Row{
		s.row(t, s.placeFor(t, "c.3", "ada@example.com", "cus_2").ID),
		s.row(t, s.placeFor(t, "c.4", "adam@example.com", "").ID),
		s.row(t, s.placeFor(t, "c.5", "\u00e4da@example.com", "").ID),
	}
	s.told()
	in := order.AttachInput{CustomerID: "cus_1", Email: "ADA@example.com"}
	for round, want := range []int{2, 0} {
		out, err := s.Attach(t.Context(), in)
		if err != nil || out.Count != want {
			t.Errorf("round %d: %d attached, %v; want %d", round, out.Count, err, want)
		}
	}
	wantTold(t, s)
	ctx := customer(t.Context(), "cus_1")
	for _, o := range own {
		got := must(t)(s.Order(ctx, order.IDInput{ID: o.ID}))
		if got.CustomerID == nil || *got.CustomerID != "cus_1" || got.Version != o.Version+1 {
			t.Errorf("order %s: customer %v, version %d", o.Number, got.CustomerID, got.Version)
		}
		if h := s.history(t, o.ID); len(h) != 2 || h[1].Kind != "customer" || h[1].Text != "cus_1" || h[1].Version != 2 {
			t.Errorf("history %+v", h)
		}
		must(t)(s.Order(guest(t.Context(), s.Token(o)), order.IDInput{ID: o.ID})) // the link of a mail still leads there
		_, err := s.Order(customer(t.Context(), "cus_2"), order.IDInput{ID: o.ID})
		wantErr(t, "by another customer", err, order.ErrNotFound)
	}
	page, err := s.Orders(ctx, order.OrdersInput{})
	if err != nil || len(page.Items) != 2 {
		t.Errorf("%d orders of their own, %v; want 2", len(page.Items), err)
	}
	if out, err := s.Attach(t.Context(), order.AttachInput{CustomerID: "cus_9", Email: "ada@example.com"}); err != nil || out.Count != 0 {
		t.Errorf("%d went on to another customer, %v", out.Count, err)
	}
	for _, was := range foreign {
		if now := s.row(t, was.ID); now.Version != was.Version || string(now.Doc) != string(was.Doc) {
			t.Errorf("order %s of somebody else has changed", was.Number)
		}
	}
}

// Two addresses that are one in lower case are two mailboxes.
func TestAttachComparesLettersOfASCII(t *testing.T) {
	for _, pair := range [][2]string{{"\u212aate@example.com", "kate@example.com"}, {"\u00c4nn@example.com", "\u00e4nn@example.com"}} {
		for i, ordered := range pair {
			s := newShop()
			o := s.placeFor(t, "c.1", ordered, "")
			out, err := s.Attach(t.Context(), order.AttachInput{CustomerID: "cus_1", Email: pair[1-i]})
			if err != nil || out.Count != 0 {
				t.Errorf("%q has got the order of %q: %d, %v", pair[1-i], ordered, out.Count, err)
			}
			if out, err = s.Attach(t.Context(), order.AttachInput{CustomerID: "cus_1", Email: ordered}); err != nil || out.Count != 1 {
				t.Errorf("%q has not got order %s: %d, %v", ordered, o.Number, out.Count, err)
			}
		}
	}
}

// More orders than are looked up at once, by several at a time: each order has
// one customer in the end, and counts once.
func TestAttachMany(t *testing.T) {
	s := newShop()
	const n = 205
	for i := range n {
		s.placeFor(t, fmt.Sprintf("c.%d", i), "ada@example.com", "")
	}
	var count atomic.Int64
	var wg sync.WaitGroup
	customers := []string{"cus_1", "cus_2", "cus_1"}
	for _, id := range customers {
		wg.Go(func() {
			out, err := s.Attach(t.Context(), order.AttachInput{CustomerID: id, Email: "ada@example.com"})
			if err != nil {
				t.Error(err)
			}
			count.Add(int64(out.Count))
		})
	}
	wg.Wait()
	if count.Load() != n {
		t.Errorf("%d attached, want %d", count.Load(), n)
	}
	rows, err := s.store.Orders(t.Context(), order.Filter{Limit: n})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Version != 2 || r.CustomerID == nil || !slices.Contains(customers, *r.CustomerID) {
			t.Errorf("order %s: customer %v, version %d", r.Number, r.CustomerID, r.Version)
		}
	}
}

// Orders that only look alike do not keep those behind them from being reached.
func TestAttachGoesOn(t *testing.T) {
	s := newShop()
	own := s.placeFor(t, "c.own", "kate@example.com", "")
	s.now = s.now.Add(time.Second)
	for i := range 101 {
		s.placeFor(t, fmt.Sprintf("c.%d", i), "\u212aate@example.com", "")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := s.Attach(ctx, order.AttachInput{CustomerID: "cus_1", Email: "kate@example.com"})
	if err != nil || out.Count != 1 {
		t.Errorf("%d attached, %v; want 1", out.Count, err)
	}
	must(t)(s.Order(customer(t.Context(), "cus_1"), order.IDInput{ID: own.ID}))
}
