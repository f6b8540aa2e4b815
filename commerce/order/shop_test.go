package order_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/order/ordertest"
)

var day = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// shop is an engine whose events, time and ids a test can see.
type shop struct {
	*order.Engine
	store  *recorder
	now    time.Time
	events []event.Envelope
	ids    int
}

// recorder is a store that notes what is recorded.
type recorder struct {
	order.Store
	shop *shop
}

func (r *recorder) Record(ctx context.Context, evs ...event.Envelope) error {
	r.shop.events = append(r.shop.events, evs...)
	return r.Store.Record(ctx, evs...)
}

func newShop() *shop {
	s := &shop{now: day}
	s.store = &recorder{memstore.Orders{DB: memstore.New()}, s}
	s.Engine = order.New(s.store, &order.Options{
		Now:    func() time.Time { return s.now },
		ID:     func(prefix string) string { s.ids++; return fmt.Sprintf("%s_%03d", prefix, s.ids) },
		Secret: []byte("secret of the shop"),
	})
	return s
}

// told returns the names of the events since it was last asked.
func (s *shop) told() []string {
	names := []string{}
	for _, e := range s.events {
		names = append(names, e.Name)
	}
	s.events = nil
	return names
}

func (s *shop) place(t *testing.T, checkoutID string, confirmed bool) order.Order {
	t.Helper()
	in := ordertest.Sample(checkoutID)
	in.Confirmed = confirmed
	return must(t)(s.Place(t.Context(), in))
}

// pay notes a payment of the whole.
func (s *shop) pay(t *testing.T, id, status string, version, captured int64) order.Order {
	t.Helper()
	return must(t)(s.NotePayment(t.Context(), payment(id, status, version, captured)))
}

func payment(id, status string, version, captured int64) order.NotePaymentInput {
	return order.NotePaymentInput{ID: id, Version: version, Payment: order.Payment{ID: "pay_1", Method: "stripe", Status: status,
		Amount: money.New(7688, "EUR"), Captured: money.New(captured, "EUR")}}
}

// put forces an order into a state, past all rules.
func (s *shop) put(t *testing.T, id string, change func(r *order.Row, doc map[string]any)) {
	t.Helper()
	was, err := s.store.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(was.Doc, &doc); err != nil {
		t.Fatal(err)
	}
	now := was
	change(&now, doc)
	if now.Doc, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Save(t.Context(), was, now, nil); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) row(t *testing.T, id string) order.Row {
	t.Helper()
	r, err := s.store.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *shop) history(t *testing.T, id string) []order.Entry {
	t.Helper()
	out, err := s.Timeline(t.Context(), order.IDInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return out.Items
}

func must(t *testing.T) func(order.Order, error) order.Order {
	return func(o order.Order, err error) order.Order {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func meta(err error) string {
	e, _ := errors.AsType[*fault.Error](err)
	if e == nil {
		return ""
	}
	return string(e.Meta)
}

func wantTold(t *testing.T, s *shop, want ...string) {
	t.Helper()
	if got := s.told(); !slices.Equal(got, append([]string{}, want...)) {
		t.Errorf("events %v, want %v", got, want)
	}
}

func staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "key_1", Scopes: scopes})
}

func customer(ctx context.Context, id string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Customer, ID: id})
}

func guest(ctx context.Context, token string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Guest, OrderToken: token})
}
