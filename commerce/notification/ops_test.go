package notification_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func staff(ctx context.Context, scopes ...string) context.Context {
	return ident.With(ctx, ident.Actor{Kind: ident.Staff, ID: "stf_1", Scopes: scopes})
}

func TestAddressesAreMasked(t *testing.T) {
	s := open(t)
	d := s.registered()
	s.send()
	for _, c := range []struct {
		scopes []string
		want   string
	}{
		{[]string{"notifications:*"}, "a…@example.com"},
		{[]string{"notifications:*", "customers:read"}, "ann@example.com"},
		{[]string{"*"}, "ann@example.com"},
	} {
		ctx := staff(t.Context(), c.scopes...)
		p, err := s.Deliveries(ctx, notification.DeliveriesInput{})
		if err != nil || len(p.Items) != 1 || p.Items[0].Recipient != c.want {
			t.Errorf("who has %v sees %+v, %v", c.scopes, p.Items, err)
		}
		s.now = s.now.Add(time.Minute)
		again, err := s.Resend(ctx, notification.IDInput{ID: d.ID})
		if s.send(); err != nil || again.Recipient != c.want {
			t.Errorf("who has %v sees %q when it is sent again, %v", c.scopes, again.Recipient, err)
		}
		_, err = s.Deliveries(ctx, notification.DeliveriesInput{Recipient: "Ann@example.com"})
		if denied := errors.Is(err, fault.ErrDenied); denied != (len(c.scopes) == 1 && c.scopes[0] != "*") {
			t.Errorf("who has %v looks for an address: %v", c.scopes, err)
		}
	}
	data, err := json.Marshal(s.only())
	var fields map[string]any
	if err := errors.Join(err, json.Unmarshal(data, &fields)); err != nil || fields["Data"] != nil || fields["data"] != nil {
		t.Errorf("the payload is shown: %s, %v", data, err)
	}
}

func TestRights(t *testing.T) {
	s := open(t)
	d := s.registered()
	for _, c := range []struct {
		ctx          context.Context
		read, resend error
	}{
		{staff(t.Context(), "notifications:read"), nil, fault.ErrDenied},
		{staff(t.Context(), "notifications:write"), fault.ErrDenied, notification.ErrUnderWay},
		{staff(t.Context(), "orders:*"), fault.ErrDenied, fault.ErrDenied},
		{ident.With(t.Context(), ident.Actor{Kind: ident.Customer, ID: "cus_1"}), fault.ErrDenied, fault.ErrDenied},
		{ident.With(t.Context(), ident.Actor{Kind: ident.Guest}), fault.ErrUnauthenticated, fault.ErrUnauthenticated},
	} {
		_, err := s.Deliveries(c.ctx, notification.DeliveriesInput{})
		wantErr(t, err, c.read)
		_, err = s.Resend(c.ctx, notification.IDInput{ID: d.ID})
		wantErr(t, err, c.resend)
	}
}

func TestDeliveriesInPages(t *testing.T) {
	s := open(t)
	for i := range 5 {
		s.handle(happened(fmt.Sprint("evt_", i), "order.placed", fmt.Sprintf(`{"email":"Bob%d@example.com"}`, i%2)))
		s.now = s.now.Add(time.Second)
	}
	var got []string
	for d, err := range page.All(t.Context(), func(ctx context.Context, cursor string) (page.Page[notification.Delivery], error) {
		return s.Deliveries(ctx, notification.DeliveriesInput{Query: page.Query{Limit: 2, Cursor: cursor}, Recipient: "BOB0@example.com", State: "pending", Kind: "order_placed"})
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, d.EventID)
	}
	if want := []string{"evt_4", "evt_2", "evt_0"}; !reflect.DeepEqual(got, want) {
		t.Errorf("deliveries of %v, want %v", got, want)
	}
	for _, in := range []notification.DeliveriesInput{{State: "lost"}, {Recipient: "bob"}, {Query: page.Query{Limit: 101}}} {
		_, err := s.Deliveries(t.Context(), in)
		wantErr(t, err, fault.ErrInvalid)
	}
	_, err := s.Deliveries(t.Context(), notification.DeliveriesInput{Query: page.Query{Cursor: page.Encode(map[string]int{"other": 1})}})
	wantErr(t, err, page.ErrCursor)
}

func TestResend(t *testing.T) {
	s := open(t)
	d := s.registered()
	_, err := s.Resend(t.Context(), notification.IDInput{ID: d.ID})
	wantErr(t, err, notification.ErrUnderWay)
	s.mailer.before = func(notification.Mail) error {
		_, err := s.Resend(t.Context(), notification.IDInput{ID: d.ID})
		wantErr(t, err, notification.ErrUnderWay)
		return nil
	}
	s.send()
	s.mailer.before = nil
	s.now = s.now.Add(100 * time.Hour)
	again, err := s.Resend(t.Context(), notification.IDInput{ID: d.ID})
	if err != nil || again.State != notification.StatePending || again.Resent != 1 || again.Attempts != 0 || !again.RequestedAt.Equal(s.now) || again.Version != s.only().Version {
		t.Errorf("%+v, %v", again, err)
	}
	s.mailer.before = func(notification.Mail) error { return fault.ErrUnavailable }
	s.send()
	s.wantState(notification.StatePending, 1, "not available") // patience begins anew
	s.mailer.before = nil
	s.now = s.now.Add(time.Minute)
	s.send()
	if m := s.wantMails(2); m[0].MessageID == m[1].MessageID {
		t.Errorf("both have the message id %s, and programs would hide one", m[0].MessageID)
	}
	s.wantState(notification.StateSent, 2, "")
	s.wantEvents("notification.sent welcome", "notification.sent welcome")
	_, err = s.Resend(t.Context(), notification.IDInput{ID: "ntf_none"})
	wantErr(t, err, notification.ErrNotFound)

	s.handle(happened("evt_2", "order.placed", `{"email":"bob@bounce.invalid"}`))
	s.send()
	p, err := s.Deliveries(t.Context(), notification.DeliveriesInput{State: "failed"})
	if err != nil || len(p.Items) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if again, err := s.Resend(t.Context(), notification.IDInput{ID: p.Items[0].ID}); err != nil || again.Error != "" {
		t.Errorf("%+v, %v", again, err)
	}
}

// wire carries operations from a Client to a Service through JSON.
type wire map[string]op.Handler

func (w wire) Register(h op.Handler) { w[h.Name] = h }

func (w wire) Call(ctx context.Context, name string, in, out any) error {
	h := w[name]
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
	d := s.registered()
	w := wire{}
	notification.Register(w, s)
	for name, h := range w {
		if err := check.Type(h.In); err != nil || h.Doc == "" || h.Access == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := notification.Client{Caller: w}
	p, err := c.Deliveries(t.Context(), notification.DeliveriesInput{})
	if err != nil || len(p.Items) != 1 || p.Items[0].ID != d.ID || !p.Items[0].DueAt.Equal(morning) {
		t.Errorf("%+v, %v", p, err)
	}
	s.send()
	if again, err := c.Resend(t.Context(), notification.IDInput{ID: d.ID}); err != nil || again.Resent != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	_, err = c.Resend(t.Context(), notification.IDInput{ID: d.ID})
	wantErr(t, err, notification.ErrUnderWay)
}

func TestStates(t *testing.T) {
	if got, want := len(notification.States.States()), 5; got != want {
		t.Errorf("%d states, want %d", got, want)
	}
	for _, s := range notification.States.States() {
		if notification.States.Final(s) {
			t.Errorf("nobody can ask again for a mail that is %s", s)
		}
	}
}

func TestPrune(t *testing.T) {
	s := open(t)
	s.registered()
	s.now = s.now.Add(2 * notification.Kept)
	if err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	s.wantState(notification.StatePending, 0, "") // it is not over
	delete(s.accounts, "chl_1")
	s.send()
	s.now = s.now.Add(notification.Kept)
	if err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(s.deliveries()); n != 0 {
		t.Errorf("%d deliveries are kept for ever", n)
	}
}
