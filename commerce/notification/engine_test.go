package notification_test

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/mercer-commerce/mercer/commerce/txn"
)

func TestMails(t *testing.T) {
	s := open(t)
	s.handle(letters()...)
	s.handle(happened("evt_known", "account.registered", `{"challenge":"chl_known","known":true}`))
	known := ann()
	known.Kind, known.Code = notification.KindAccountExists, ""
	s.accounts.knows("chl_known", known)
	s.send()
	landing := map[string]string{"welcome": "/verify", "password_reset": "/reset-password", "email_change": "/confirm-email", "order_access": "/order"}
	got := map[string]notification.Mail{}
	for _, m := range s.mails() {
		got[m.Subject] = m
	}
	if len(got) != len(subjects) {
		t.Errorf("%d mails, want %d", len(got), len(subjects))
	}
	for kind, subject := range subjects {
		m, ok := got[subject]
		if !ok {
			t.Errorf("no mail %q", subject)
			continue
		}
		to := notification.Address{Name: "Ann", Email: "Ann@example.com"}
		if kind == "email_change_notice" {
			to.Email = "ann@old.example"
		}
		if strings.HasPrefix(kind, "order_") && kind != "order_access" {
			to = notification.Address{Email: "bob@example.com"}
		}
		if m.To != to || m.From != (notification.Address{Name: "Kaffee & Co", Email: "no-reply@shop.example"}) || !m.Date.Equal(morning) {
			t.Errorf("%s: from %v to %v at %v", kind, m.From, m.To, m.Date)
		}
		if path, ok := landing[kind]; ok {
			has(t, kind, m.Text, "https://shop.example"+path+"#code=8f3K-x1ZyQm7_4RtUvab9cdEfGhIjKlMnOpQrStUv1%3D\n", "    "+code+"\n", "2026-12-22 08:00 UTC")
			has(t, kind, m.HTML, `href="https://shop.example`+path+`#code=8f3K-x1ZyQm7_4RtUvab9cdEfGhIjKlMnOpQrStUv1%3D"`, ">"+code+"<", "2026-12-22 08:00 UTC")
		} else if strings.Contains(m.Text+m.HTML, code) {
			t.Errorf("%s shows a code", kind)
		}
		if strings.Contains(m.Text+m.HTML, "<no value>") || !strings.Contains(m.HTML, "Kaffee &amp; Co") {
			t.Errorf("%s:\n%s\n%s", kind, m.Text, m.HTML)
		}
	}
	has(t, "placed", got[subjects["order_placed"]].Text, "Order: 1001\n", "Total: EUR 24.99\n")
	has(t, "shipped", got[subjects["order_shipped"]].Text, "DHL: 42\nhttps://dhl.example/42\n")
	has(t, "shipped", got[subjects["order_shipped"]].HTML, `<html lang="de"`, `href="https://dhl.example/42"`)
	has(t, "canceled", got[subjects["order_canceled"]].Text, ", as you asked.")
	has(t, "notice", got[subjects["email_change_notice"]].Text, "A…@example.com")
}

// The link to an order names it; nothing of it is sent to the server that the
// link leads to.
func TestOrderAccess(t *testing.T) {
	for locale, want := range map[string][]string{"en": {"order 1001", "Show order"}, "de-AT": {"Bestellung 1001", "Bestellung anzeigen"}} {
		s := open(t)
		s.accounts.knows("oac_1", notification.Challenge{Email: "bob@example.com", Locale: locale, OrderID: "ord_1", Number: "1001", Code: "oac_1.x.y", ExpiresAt: morning.Add(time.Hour)})
		s.handle(happened("evt_1", "order.access_requested", `{"order":"ord_1","challenge":"oac_1"}`), happened("evt_2", "order.access_requested", `{"challenge":"oac_2"}`))
		s.send()
		m := s.wantMails(1)[0] // what leads nowhere is not sent
		has(t, locale, m.Subject, want[0])
		has(t, locale, m.Text, want[1], "https://shop.example/order#id=ord_1&code=oac_1.x.y\n")
		has(t, locale, m.HTML, want[1], `href="https://shop.example/order#id=ord_1&amp;code=oac_1.x.y"`, ">oac_1.x.y<")
	}
}

func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, text)
		}
	}
}

func TestDelivery(t *testing.T) {
	s := open(t)
	d := s.registered()
	want := notification.Delivery{ID: d.ID, EventID: "evt_1", Event: "account.registered", About: "about_evt_1", Kind: notification.KindWelcome, Role: notification.RoleCustomer,
		State: notification.StatePending, Locale: "en", CreatedAt: morning, RequestedAt: morning, DueAt: &morning, Version: 1}
	if d.Data, want.Data = nil, nil; fmt.Sprintf("%+v %v", d, *d.DueAt) != strings.Replace(fmt.Sprintf("%+v %v", want, morning), fmt.Sprint(want.DueAt), fmt.Sprint(d.DueAt), 1) {
		t.Errorf("pending\n%+v, want\n%+v", d, want)
	}
	s.send()
	d = s.wantState(notification.StateSent, 1, "")
	if d.Recipient != "ann@example.com" || d.Template != notification.KindWelcome || !d.SentAt.Equal(morning) {
		t.Errorf("sent: %+v", d)
	}
	s.wantEvents("notification.sent welcome")
	if m := s.wantMails(1)[0]; m.MessageID != d.ID+".0@shop.example" {
		t.Errorf("message id %s", m.MessageID)
	}
	s.send()
	s.wantMails(1)
}

func TestOneMailHoweverOftenTheEventComes(t *testing.T) {
	s := open(t)
	take := outbox.Once(memstore.Inbox{DB: s.db}, "notification", s.Handle)
	for i := range 5 {
		for _, e := range letters() {
			if err := take(t.Context(), e); err != nil { // as a bus brings it
				t.Fatal(err)
			}
			s.handle(e) // after the inbox has forgotten it
		}
		if i%2 == 1 {
			s.send()
		}
	}
	s.send()
	seen := map[string]int{}
	for _, m := range s.mails() {
		seen[m.MessageID+" "+m.To.Email]++
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	if len(seen) != len(subjects)-1 {
		t.Errorf("%d mails, want %d", len(seen), len(subjects)-1)
	}
}

func TestManyWorkersSendOnce(t *testing.T) {
	s := open(t)
	for i := range 20 {
		s.handle(happened(fmt.Sprint("evt_", i), "account.registered", `{"challenge":"chl_1"}`))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Send(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range s.wantMails(20) {
		seen[m.MessageID] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 mails", len(seen))
	}
}

func TestNoMailOfWhatDidNotHappen(t *testing.T) {
	s := open(t)
	boom := errors.New("boom")
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Handle(ctx, happened("evt_1", "order.placed", `{"email":"a@b.example"}`)), boom)
	})
	wantErr(t, err, boom)
	if err := s.Handle(t.Context(), happened("evt_2", "order.placed", `not JSON`)); err == nil {
		t.Error("a payload that cannot be read is no error")
	}
	s.handle(happened("evt_3", "order.shipped", `{"email":"a@b.example","notify":false}`), happened("evt_4", "order.completed", `{"email":"a@b.example"}`))
	if all := s.deliveries(); len(all) != 0 {
		t.Errorf("deliveries %+v", all)
	}
}

func TestNotFromInsideAUnit(t *testing.T) {
	s := open(t)
	s.registered()
	err := s.Scope().Do(t.Context(), s.Send)
	wantErr(t, err, txn.ErrInside)
	s.wantState(notification.StatePending, 0, "")
}

func TestNoticeGoesBeforeTheCode(t *testing.T) {
	s := open(t)
	c := ann()
	c.Kind = notification.KindEmailChange
	s.accounts.knows("chl_1", c)
	for i := range 5 { // ids are in no order
		s.handle(happened(fmt.Sprint("evt_", i), "account.email_change_requested", `{"challenge":"chl_1"}`))
		s.send()
		if m := s.wantMails(2*i + 2)[2*i:]; m[0].To.Email != "ann@old.example" || m[0].Subject != subjects["email_change_notice"] || m[1].To.Email != "Ann@example.com" {
			t.Errorf("first %q to %s, then to %s", m[0].Subject, m[0].To.Email, m[1].To.Email)
		}
	}
}

// tries runs Send whenever it would be due, until the delivery is over, and
// returns when there were attempts.
func (s *shop) tries() (at []time.Duration) {
	s.t.Helper()
	for range 100 {
		before := s.mailer.tries
		s.send()
		if s.mailer.tries > before {
			at = append(at, s.now.Sub(morning))
		}
		d := s.only()
		if d.DueAt == nil {
			return at
		}
		s.now = d.DueAt.Add(-time.Microsecond)
		s.send()
		s.now = *d.DueAt
	}
	s.t.Fatal("it never ends")
	return nil
}

func TestBackOff(t *testing.T) {
	s := open(t)
	s.registered()
	s.mailer.before = func(notification.Mail) error { return fault.ErrUnavailable }
	var want []time.Duration
	for at, waits := time.Duration(0), []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}; at <= notification.Patience; {
		want = append(want, at)
		wait := 6 * time.Hour
		if len(waits) > 0 {
			wait, waits = waits[0], waits[1:]
		}
		at += wait
	}
	if got := s.tries(); !slices.Equal(got, want) {
		t.Errorf("attempts after %v, want %v", got, want)
	}
	s.wantState(notification.StateFailed, len(want), "not available now")
	s.wantEvents("notification.failed welcome unavailable")
	s.mailer.before = nil
	s.now = s.now.Add(1000 * time.Hour)
	s.send()
	s.wantMails(0)
}

func TestRecovery(t *testing.T) {
	s := open(t)
	s.mailer.before = func(notification.Mail) error { return errors.New("connection refused") }
	for i := range 10 {
		s.handle(happened(fmt.Sprint("evt_", i), "order.placed", `{"number":"1","email":"bob@example.com"}`))
	}
	for range 120 { // two hours
		err := s.Send(t.Context())
		if err != nil && fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		s.now = s.now.Add(time.Minute)
	}
	s.mailer.before = nil
	for range 40 * 60 {
		s.send()
		s.now = s.now.Add(time.Minute)
	}
	s.wantMails(10)
}

func TestWhoIsAwayIsNotAskedForEachMail(t *testing.T) {
	s := open(t)
	for i := range 10 {
		s.handle(happened(fmt.Sprint("evt_", i), "order.placed", `{"number":"1","email":"bob@example.com"}`))
	}
	s.mailer.before = func(notification.Mail) error { return fault.ErrUnavailable }
	wantErr(t, s.Send(t.Context()), fault.ErrUnavailable)
	if s.mailer.tries != 3 {
		t.Errorf("%d attempts in one run, want 3", s.mailer.tries)
	}
	s.mailer.before = nil
	s.send()
	s.wantMails(7)
}

func TestRetryAfter(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{time.Second: time.Minute, time.Hour: time.Hour, 1000 * time.Hour: 6 * time.Hour} {
		s := open(t)
		s.registered()
		s.mailer.before = func(notification.Mail) error { return fault.ErrUnavailable.After(asked) }
		s.send()
		if d := s.only(); d.DueAt == nil || d.DueAt.Sub(morning) != want {
			t.Errorf("asked to wait for %v: due %v, want after %v", asked, d.DueAt, want)
		}
	}
}

func TestForGood(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *shop)
		code   string
	}{
		"bad address": {func(s *shop) { c := ann(); c.Email = "a@" + devmail.Bounce; s.accounts.knows("chl_1", c) }, "notification.rejected"},
		"no address":  {func(s *shop) { c := ann(); c.Email = ""; s.accounts.knows("chl_1", c) }, "notification.rejected"},
		"evil":        {func(s *shop) { c := ann(); c.Email = "a@b.example\r\nBcc: c@d.example"; s.accounts.knows("chl_1", c) }, "notification.rejected"},
		"old code":    {func(s *shop) { c := ann(); c.ExpiresAt = morning; s.accounts.knows("chl_1", c) }, "notification.expired"},
		"too large": {func(s *shop) {
			s.mailer.before = func(notification.Mail) error { return fault.New(fault.TooLarge, "x.large", "it is too large") }
		}, "x.large"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			c.change(s)
			s.registered()
			if got := s.tries(); len(got) > 1 {
				t.Errorf("%d attempts", len(got))
			}
			s.wantState(notification.StateFailed, 1, " ")
			s.wantEvents("notification.failed welcome " + c.code)
			s.wantMails(0)
		})
	}
}

func TestNothingToSay(t *testing.T) {
	s := open(t)
	delete(s.accounts, "chl_1")
	s.registered()
	s.send()
	s.wantState(notification.StateVoid, 1, "no such challenge")
	s.wantEvents()
	if s.log.Len() > 0 {
		t.Errorf("the log says %s", &s.log)
	}

	s = open(t)
	s.registered()
	s.mailer.before = func(notification.Mail) error { return fault.ErrUnavailable }
	s.send()
	delete(s.accounts, "chl_1") // the code has ended meanwhile
	s.now = s.now.Add(time.Hour)
	s.send()
	s.wantState(notification.StateFailed, 2, "no such challenge")
	s.wantEvents("notification.failed welcome account.challenge_not_found")
}

func TestAccountsAreAway(t *testing.T) {
	s := open(t)
	s.registered()
	s.accounts["chl_1"] = func() (notification.Challenge, error) { return notification.Challenge{}, fault.ErrUnavailable }
	s.send()
	s.wantState(notification.StatePending, 1, "not available")
	s.accounts.knows("chl_1", ann())
	s.now = s.now.Add(time.Minute)
	s.send()
	s.wantState(notification.StateSent, 2, "")
}

func TestLostAnswer(t *testing.T) {
	s := open(t)
	s.registered()
	s.mailer.after = func() error { return errors.New("connection reset") } // after the mail was taken
	s.send()
	s.wantState(notification.StatePending, 1, "connection reset")
	s.mailer.after = nil
	s.now = s.now.Add(time.Minute)
	s.send()
	if m := s.wantMails(2); m[0].MessageID != m[1].MessageID {
		t.Errorf("message ids %s, %s", m[0].MessageID, m[1].MessageID)
	}
	s.wantState(notification.StateSent, 2, "")
	s.wantEvents("notification.sent welcome")
}

func TestDeathBetweenSendAndMark(t *testing.T) {
	s := open(t)
	s.registered()
	s.store.saves = func(d notification.Delivery) error {
		if d.State != notification.StateSending {
			panic("the process dies")
		}
		return nil
	}
	func() {
		defer func() { _ = recover() }()
		_ = s.Send(t.Context())
	}()
	s.store.saves = nil
	s.wantState(notification.StateSending, 1, "")
	s.now = s.now.Add(notification.Lease - time.Microsecond)
	s.send()
	s.wantMails(1)
	s.now = s.now.Add(time.Microsecond)
	s.send()
	if m := s.wantMails(2); m[0].MessageID != m[1].MessageID {
		t.Errorf("message ids %s, %s", m[0].MessageID, m[1].MessageID)
	}
	s.wantState(notification.StateSent, 2, "")
}

func TestOverLongAttempt(t *testing.T) {
	s := open(t)
	d := s.registered()
	s.mailer.before = func(notification.Mail) error { // another process has taken it over
		now, err := s.store.Delivery(t.Context(), d.ID)
		now.Attempts++
		return errors.Join(err, s.store.Notifications.Save(t.Context(), &now))
	}
	s.send()
	if got := s.only(); got.State != notification.StateSending || got.Attempts != 2 {
		t.Errorf("the other's attempt is now %+v", got)
	}
	s.wantEvents()
}

func TestMarkSurvivesTheEndOfTheProcess(t *testing.T) {
	s := open(t)
	s.registered()
	s.handle(happened("evt_2", "order.placed", `{"email":"bob@example.com"}`))
	ctx, cancel := context.WithCancel(t.Context())
	s.mailer.after = func() error { cancel(); return nil } // asked to stop under way
	wantErr(t, s.Send(ctx), context.Canceled)
	s.wantMails(1)
	if n := s.count(notification.StateSent); n != 1 {
		t.Errorf("%d mails are marked as sent, want 1", n)
	}
	s.mailer.after = nil
	s.send()
	s.wantMails(2)
	if n := s.count(notification.StateSent); n != 2 {
		t.Errorf("%d mails are marked as sent, want 2", n)
	}
}

func TestSecretsStayOut(t *testing.T) {
	s := open(t)
	s.registered()
	s.mailer.before = func(m notification.Mail) error {
		return fmt.Errorf("550 <%s> and <%s>: %s", m.To.Email, strings.ToLower(m.To.Email), m.Text)
	}
	s.send()
	d := s.wantState(notification.StatePending, 1, "550 <…>")
	for what, text := range map[string]string{"the log": s.log.String(), "the error": d.Error} {
		for _, secret := range []string{"nn@example.com", code, "8f3K"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s: %s", what, secret, text)
			}
		}
	}
	if !strings.Contains(s.log.String(), d.ID) {
		t.Errorf("the log does not name the delivery: %s", &s.log)
	}
	row, err := s.store.Delivery(t.Context(), d.ID)
	if text := fmt.Sprintf("%+v %s", row, row.Data); err != nil || strings.Contains(text, "8f3K") {
		t.Errorf("stored: %s, %v", text, err)
	}
}

func TestEventIsWrittenWithTheState(t *testing.T) {
	s := open(t)
	s.registered()
	s.store.saves = func(d notification.Delivery) error {
		if d.State == notification.StateSent {
			return errors.New("disk full")
		}
		return nil
	}
	if err := s.Send(t.Context()); err == nil {
		t.Error("a database that fails is no error")
	}
	s.wantEvents()
}

var _ event.Handler = (*notification.Engine)(nil).Handle
