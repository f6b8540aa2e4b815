package payment_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// wire carries operations from a Client to a Service through JSON.
type wire map[string]op.Handler

func (w wire) Register(h op.Handler) { w[h.Name] = h }

func (w wire) Call(ctx context.Context, name string, in, out any) error {
	h, ok := w[name]
	if !ok {
		return errors.New("no such operation: " + name)
	}
	data, err := json.Marshal(in)
	got := h.New()
	if err := errors.Join(err, json.Unmarshal(data, got)); err != nil {
		return err
	}
	answer, err := h.Call(ctx, got)
	if err != nil {
		return err
	}
	if data, err = json.Marshal(answer); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func TestClient(t *testing.T) {
	s := open(t)
	w := wire{}
	payment.Register(w, s)
	for name, h := range w {
		if err := check.Type(h.In); err != nil || h.Doc == "" || h.Access == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := payment.Client{Caller: w}
	ctx, id, orders := t.Context(), payment.IDInput{ID: "p"}, payment.OrdersInput{OrderIDs: []string{"ord_1"}}
	near, err := s.Open(ctx, payment.OpenInput{ID: "p", OrderID: "ord_1", Method: "bank_transfer", Amount: eur(100)})
	far, farErr := c.Open(ctx, payment.OpenInput{ID: "p", OrderID: "ord_1", Method: "bank_transfer", Amount: eur(100)})
	if err := errors.Join(err, farErr); err != nil || !reflect.DeepEqual(near, far) {
		t.Errorf("%v: there\n%+v, here\n%+v", err, far, near)
	}
	for i, call := range []func() (any, error){
		func() (any, error) { return c.Methods(ctx, op.Nothing{}) },
		func() (any, error) { return c.Authorize(ctx, id) },
		func() (any, error) { return c.Payment(ctx, id) },
		func() (any, error) { return c.Payments(ctx, orders) },
		func() (any, error) { return c.Unsettled(ctx, payment.UnsettledInput{Before: morning, Limit: 1}) },
		func() (any, error) { return c.Capture(ctx, payment.CaptureInput{ID: "p", Amount: new(eur(1))}) },
		func() (any, error) { return c.Ledger(ctx, orders) },
		func() (any, error) { return c.Void(ctx, id) },
	} {
		if out, err := call(); err != nil || reflect.ValueOf(out).IsZero() {
			t.Errorf("call %d: %+v, %v", i, out, err)
		}
	}
	header, body := s.bank.Notice("evt_1", "p")
	if _, err := c.Receive(ctx, payment.ReceiveInput{Provider: "fake", Headers: header, Body: body}); err != nil {
		t.Errorf("receive: %v", err)
	}
	_, err = c.Payment(ctx, payment.IDInput{ID: "none"})
	wantErr(t, err, payment.ErrNotFound)
}
