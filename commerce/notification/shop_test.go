package notification_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/outbox"
)

var morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

const code = "8f3K-x1ZyQm7_4RtUvab9cdEfGhIjKlMnOpQrStUv1="

// shop is an engine over memory, whose mailer, accounts and store can be told
// to fail.
type shop struct {
	*notification.Engine
	t        *testing.T
	db       *memstore.DB
	store    *failing
	box      *devmail.Mailbox
	mailer   *hooked
	accounts accounts
	now      time.Time
	log      bytes.Buffer
}

// hooked is a mailbox with somebody at the door.
type hooked struct {
	*devmail.Mailbox
	mu     sync.Mutex
	tries  int
	before func(m notification.Mail) error // instead of taking the mail
	after  func() error                    // once it is taken
}

func (h *hooked) Send(ctx context.Context, m notification.Mail) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries++
	if h.before != nil {
		if err := h.before(m); err != nil {
			return err
		}
	}
	err := h.Mailbox.Send(ctx, m)
	if err == nil && h.after != nil {
		err = h.after()
	}
	return err
}

type failing struct {
	memstore.Notifications
	saves func(d notification.Delivery) error
}

func (f *failing) Save(ctx context.Context, d *notification.Delivery) error {
	if f.saves != nil {
		if err := f.saves(*d); err != nil {
			return err
		}
	}
	return f.Notifications.Save(ctx, d)
}

// accounts answers with what it holds, by id, and without it that there is
// nothing to say.
type accounts map[string]func() (notification.Challenge, error)

var errNoChallenge = fault.New(fault.NotFound, "account.challenge_not_found", "no such challenge")

func (a accounts) Challenge(_ context.Context, id string) (notification.Challenge, error) {
	if answer, ok := a[id]; ok {
		return answer()
	}
	return notification.Challenge{}, errNoChallenge
}

// knows makes accounts answer with c.
func (a accounts) knows(id string, c notification.Challenge) {
	a[id] = func() (notification.Challenge, error) { return c, nil }
}

// ann is who most mails go to.
func ann() notification.Challenge {
	return notification.Challenge{Email: "Ann@example.com", OldEmail: "ann@old.example", Name: "Ann", Locale: "en", Number: "1001", Code: code, ExpiresAt: morning.Add(30 * 24 * time.Hour)}
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, db: memstore.New(), box: devmail.New(), accounts: accounts{}, now: morning}
	s.store = &failing{Notifications: memstore.Notifications{DB: s.db}}
	s.mailer = &hooked{Mailbox: s.box}
	s.accounts.knows("chl_1", ann())
	s.Engine = notification.New(s.store, s.accounts, s.mailer, &notification.Options{Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Now: func() time.Time { return s.now }, ShopName: "Kaffee & Co", StorefrontURL: "https://shop.example/",
		From: notification.Address{Email: "no-reply@shop.example"}})
	return s
}

// happened returns an event with this payload.
func happened(id, name, payload string) event.Envelope {
	return event.Envelope{ID: id, Name: name, Version: 1, Key: "about_" + id, At: morning, Data: []byte(payload)}
}

// handle has the engine take events.
func (s *shop) handle(evs ...event.Envelope) {
	s.t.Helper()
	for _, e := range evs {
		if err := s.Handle(s.t.Context(), e); err != nil {
			s.t.Fatalf("handle %s: %v", e.Name, err)
		}
	}
}

// registered has Ann register and returns the only delivery.
func (s *shop) registered() notification.Delivery {
	s.t.Helper()
	s.handle(happened("evt_1", "account.registered", `{"user":"cus_1","challenge":"chl_1","locale":"en"}`))
	return s.only()
}

func (s *shop) send() {
	s.t.Helper()
	if err := s.Send(s.t.Context()); err != nil {
		s.t.Fatalf("send: %v", err)
	}
}

// mails returns what has arrived, the oldest first.
func (s *shop) mails() (mails []notification.Mail) {
	s.t.Helper()
	all, err := s.box.Letters()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range slices.Backward(all) {
		mails = append(mails, l.Mail)
	}
	return mails
}

func (s *shop) deliveries() []notification.Delivery {
	s.t.Helper()
	p, err := s.Deliveries(s.t.Context(), notification.DeliveriesInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	return p.Items
}

// count returns how many deliveries are in a state.
func (s *shop) count(state notification.State) (n int) {
	s.t.Helper()
	for _, d := range s.deliveries() {
		if d.State == state {
			n++
		}
	}
	return n
}

func (s *shop) only() notification.Delivery {
	s.t.Helper()
	all := s.deliveries()
	if len(all) != 1 {
		s.t.Fatalf("%d deliveries, want 1", len(all))
	}
	return all[0]
}

// wantState compares the state, the attempts and the error of the only delivery.
func (s *shop) wantState(state notification.State, attempts int, text string) notification.Delivery {
	s.t.Helper()
	d := s.only()
	if d.State != state || d.Attempts != attempts || !strings.Contains(d.Error, text) || (text == "") != (d.Error == "") {
		s.t.Errorf("%s after %d attempts, %q; want %s after %d, %q", d.State, d.Attempts, d.Error, state, attempts, text)
	}
	over := state != notification.StatePending && state != notification.StateSending
	if over != (d.DueAt == nil) || state == notification.StateSent && d.SentAt == nil {
		s.t.Errorf("%s with due %v, sent %v", d.State, d.DueAt, d.SentAt)
	}
	return d
}

func (s *shop) wantMails(n int) []notification.Mail {
	s.t.Helper()
	got := s.mails()
	if len(got) != n {
		s.t.Fatalf("%d mails have come, want %d", len(got), n)
	}
	return got
}

// wantEvents compares "notification.sent welcome" of all events so far.
func (s *shop) wantEvents(want ...string) {
	s.t.Helper()
	var rows []outbox.Row
	box := memstore.Outbox{DB: s.db}
	parts, err := box.Waiting(s.t.Context())
	for _, part := range parts {
		more, pendingErr := box.Pending(s.t.Context(), part, 0, 1000)
		rows, err = append(rows, more...), errors.Join(err, pendingErr)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b outbox.Row) int { return cmp.Compare(a.Position, b.Position) })
	var got []string
	for _, r := range rows {
		var p notification.FailedV1
		if err := json.Unmarshal(r.Event.Data, &p); err != nil {
			s.t.Fatal(err)
		}
		if p.Delivery != r.Event.Key || strings.Contains(string(r.Event.Data), "@") {
			s.t.Errorf("event %s of %s: %s", r.Event.Name, r.Event.Key, r.Event.Data)
		}
		got = append(got, strings.TrimSpace(fmt.Sprint(r.Event.Name, " ", p.Kind, " ", p.Reason)))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("events %q, want %q", got, want)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

// letters are an event of each name that is listened to.
func letters() []event.Envelope {
	payloads := map[string]string{"order.shipped": `{"number":"1001","email":"bob@example.com","locale":"de","notify":true,"tracking":[{"carrier":"DHL","number":"42","url":"https://dhl.example/42"}]}`}
	var all []event.Envelope
	for i, name := range (&notification.Engine{}).Events() {
		payload := `{"user":"cus_1","challenge":"chl_1","future_field":{"a":[1]}}`
		if strings.HasPrefix(name, "order.") && name != "order.access_requested" {
			payload = cmp.Or(payloads[name], `{"number":"1001","email":"bob@example.com","locale":"en","reason":"customer","total":{"amount":2499,"currency":"EUR"}}`)
		}
		all = append(all, happened(fmt.Sprint("evt_", i), name, payload))
	}
	return all
}

var subjects = map[string]string{
	"account_exists":      "You already have an account at Kaffee & Co",
	"welcome":             "Welcome to Kaffee & Co: please verify your address",
	"password_reset":      "Set a new password for Kaffee & Co",
	"password_changed":    "Your password at Kaffee & Co was changed",
	"email_change":        "Confirm your new address at Kaffee & Co",
	"email_change_notice": "Your address at Kaffee & Co is about to change",
	"suspicious_sign_in":  "We have ended a session of your account at Kaffee & Co",
	"order_placed":        "Your order 1001 at Kaffee & Co",
	"order_shipped":       "Ihre Bestellung 1001 ist unterwegs",
	"order_canceled":      "Your order 1001 was canceled",
	"order_access":        "Your link to order 1001 at Kaffee & Co",
}

func TestEveryKindHasASubject(t *testing.T) {
	for _, k := range notification.Kinds {
		if subjects[string(k)] == "" {
			t.Errorf("no test knows %s", k)
		}
	}
	if len(slices.Collect(maps.Keys(subjects))) != len(notification.Kinds) {
		t.Error("there are subjects of no kind")
	}
}
