package order_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/order"
)

func from(ctx context.Context, client string) context.Context {
	return ident.WithClient(guest(ctx, ""), client)
}

// asks looks an order up and returns the event of it.
func (s *shop) asks(t *testing.T, number, email string) (ev event.Envelope, p order.AccessRequestedV1) {
	t.Helper()
	s.told()
	s.now = s.now.Add(time.Minute)
	if _, err := s.Lookup(from(t.Context(), "192.0.2.1"), order.LookupInput{Number: number, Email: email}); err != nil {
		t.Fatal(err)
	}
	if len(s.events) != 1 {
		t.Fatalf("%d events, want 1", len(s.events))
	}
	ev = s.events[0]
	p, err := order.EventAccessRequested.Decode(ev)
	if err != nil {
		t.Fatal(err)
	}
	return ev, p
}

// code returns the code that the mail about a challenge shows.
func (s *shop) code(t *testing.T, challenge string) string {
	t.Helper()
	out, err := s.AccessMail(t.Context(), order.AccessMailInput{Challenge: challenge})
	if err != nil {
		t.Fatal(err)
	}
	return out.Code
}

func TestLookup(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	ev, p := s.asks(t, o.Number, "ADA@example.com")
	if p.Order != o.ID || !strings.HasPrefix(p.Challenge, order.ChallengePrefix) || !strings.HasPrefix(ev.Key, order.ChallengePrefix) {
		t.Errorf("told %+v of %s", p, ev.Key)
	}
	mail, err := s.AccessMail(t.Context(), order.AccessMailInput{Challenge: p.Challenge})
	want := order.AccessMailOutput{OrderID: o.ID, Number: o.Number, Email: "Ada@Example.com", Locale: "en", Code: mail.Code, ExpiresAt: s.now.Add(order.AccessLife)}
	if err != nil || mail != want || len(mail.Code) < 43 {
		t.Errorf("mail %+v, %v; want %+v", mail, err, want)
	}
	if data := string(ev.Data); strings.Contains(data, "@") || strings.Contains(data, mail.Code) || strings.Contains(data, s.Token(o)) {
		t.Errorf("the event tells secrets: %s", data)
	}
	ctx := guest(t.Context(), "")
	out, err := s.Access(ctx, order.AccessInput{ID: o.ID, Code: mail.Code})
	if err != nil || out.AccessToken != s.Token(o) {
		t.Errorf("token %q, %v; want %q", out.AccessToken, err, s.Token(o))
	}
	_, err = s.Access(ctx, order.AccessInput{ID: o.ID, Code: mail.Code})
	wantErr(t, "a second time", err, order.ErrCodeInvalid)
}

// What does not fit is answered alike, and is as much work: one event, whose
// challenge leads nowhere.
func TestLookupDoesNotTell(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	fits, _ := s.asks(t, o.Number, "ada@example.com")
	for what, in := range map[string]order.LookupInput{
		"wrong mail":             {Number: o.Number, Email: "eve@example.com"},
		"no order":               {Number: "9999", Email: "ada@example.com"},
		"an id":                  {Number: o.ID, Email: "ada@example.com"},
		"one in lower case only": {Number: o.Number, Email: "ad\u0430@example.com"},
	} {
		ev, p := s.asks(t, in.Number, in.Email)
		if p.Order != "" || strings.Contains(p.Challenge, o.ID) {
			t.Errorf("%s: told %+v", what, p)
		}
		if ev.Name != fits.Name {
			t.Errorf("%s: event %s, want %s", what, ev.Name, fits.Name)
		}
		_, err := s.AccessMail(t.Context(), order.AccessMailInput{Challenge: p.Challenge})
		wantErr(t, what, err, order.ErrChallengeNotFound)
	}
}

func TestLookupIsLimited(t *testing.T) {
	for what, in := range map[string]func(i int) (client, number string){
		"one client": func(i int) (string, string) { return "192.0.2.1", fmt.Sprint(5000 + i) },
		"one number": func(i int) (string, string) { return fmt.Sprint("192.0.2.", i), "1001" },
		"no client":  func(int) (string, string) { return "", "1001" },
	} {
		t.Run(what, func(t *testing.T) {
			s := newShop()
			s.place(t, "cart_1.1", true)
			s.told()
			for i := range order.LookupsPerMinute + 2 {
				client, number := in(i)
				_, err := s.Lookup(from(t.Context(), client), order.LookupInput{Number: number, Email: fmt.Sprintf("x%d@example.com", i)})
				if i < order.LookupsPerMinute && err != nil {
					t.Fatalf("lookup %d: %v", i, err)
				}
				if i >= order.LookupsPerMinute {
					wantErr(t, fmt.Sprint("lookup ", i), err, order.ErrTooManyAttempts)
					if f, _ := errors.AsType[*fault.Error](err); f == nil || f.RetryAfter != 60 {
						t.Errorf("%+v, want one to wait for 60 s", f)
					}
				}
			}
			if n := len(s.told()); n != order.LookupsPerMinute {
				t.Errorf("%d events, want %d", n, order.LookupsPerMinute)
			}
			s.now = s.now.Add(time.Minute)
			if err := s.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			client, number := in(0)
			if _, err := s.Lookup(from(t.Context(), client), order.LookupInput{Number: number, Email: "ada@example.com"}); err != nil {
				t.Errorf("a minute later: %v", err)
			}
		})
	}
}

// Nobody can fill a mailbox, and nobody but who knows the address uses up what
// may be sent there.
func TestLookupMailsAreLimited(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	for range order.MailsPerHour + 1 {
		s.asks(t, o.Number, "eve@example.com")
	}
	sent := 0
	for range order.MailsPerHour + 3 {
		if _, p := s.asks(t, o.Number, "ada@example.com"); p.Order != "" {
			sent++
		}
	}
	if sent != order.MailsPerHour {
		t.Errorf("%d mails in an hour, want %d", sent, order.MailsPerHour)
	}
	s.now = s.now.Add(time.Hour)
	if _, p := s.asks(t, o.Number, "ada@example.com"); p.Order == "" {
		t.Error("no mail an hour later")
	}
}

func TestAccessRefusals(t *testing.T) {
	s := newShop()
	o, other := s.place(t, "cart_1.1", true), s.place(t, "cart_2.1", true)
	_, p := s.asks(t, o.Number, "ada@example.com")
	code := s.code(t, p.Challenge)
	head, token, _ := strings.Cut(code[strings.Index(code, ".")+1:], ".")
	id := code[:strings.Index(code, ".")]
	for what, in := range map[string]order.AccessInput{
		"another order":   {ID: other.ID, Code: code},
		"no order":        {ID: "ord_none", Code: code},
		"by number":       {ID: o.Number, Code: code},
		"the token":       {ID: o.ID, Code: s.Token(o)},
		"nothing":         {ID: o.ID, Code: ".."},
		"cut":             {ID: o.ID, Code: code[:len(code)-1]},
		"longer life":     {ID: o.ID, Code: id + ".zzzzzz." + token},
		"another id":      {ID: o.ID, Code: id + "x." + head + "." + token},
		"the challenge":   {ID: o.ID, Code: p.Challenge},
		"moved border":    {ID: o.ID, Code: id + "." + head + ".x." + token},
		"an order's head": {ID: o.ID, Code: o.ID + "." + head + "." + token},
	} {
		_, err := s.Access(guest(t.Context(), ""), in)
		wantErr(t, what, err, order.ErrCodeInvalid)
	}
	later := s.now
	s.now = later.Add(order.AccessLife)
	_, err := s.Access(guest(t.Context(), ""), order.AccessInput{ID: o.ID, Code: code})
	wantErr(t, "too late", err, order.ErrCodeInvalid)
	_, err = s.AccessMail(t.Context(), order.AccessMailInput{Challenge: p.Challenge})
	wantErr(t, "a mail too late", err, order.ErrChallengeNotFound)
	s.now = later
	s.put(t, o.ID, func(_ *order.Row, doc map[string]any) { doc["epoch"] = 1 })
	_, err = s.Access(guest(t.Context(), ""), order.AccessInput{ID: o.ID, Code: code})
	wantErr(t, "after the tokens were revoked", err, order.ErrCodeInvalid)
	if out, err := s.Access(guest(t.Context(), ""), order.AccessInput{ID: o.ID, Code: s.code(t, p.Challenge)}); err != nil || out.AccessToken != ident.Token([]byte("secret of the shop"), o.ID, 1) {
		t.Errorf("the new code: %q, %v", out.AccessToken, err)
	}
}

// Eight who show one code: one gets the token.
func TestAccessOnce(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	_, p := s.asks(t, o.Number, "ada@example.com")
	code := s.code(t, p.Challenge)
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := s.Access(guest(t.Context(), ""), order.AccessInput{ID: o.ID, Code: code}); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, order.ErrCodeInvalid):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d got a token, want 1", won.Load())
	}
}

// Without a secret there are no tokens, and no codes that lead to one.
func TestNoSecretNoAccess(t *testing.T) {
	s := newShop()
	o := s.place(t, "cart_1.1", true)
	_, p := s.asks(t, o.Number, "ada@example.com")
	e := order.New(s.store, &order.Options{Now: func() time.Time { return s.now }})
	_, err := e.AccessMail(t.Context(), order.AccessMailInput{Challenge: p.Challenge})
	wantErr(t, "mail", err, order.ErrChallengeNotFound)
	_, err = e.Access(t.Context(), order.AccessInput{ID: o.ID, Code: s.code(t, p.Challenge)})
	wantErr(t, "code", err, order.ErrCodeInvalid)
	_, err = order.New(memstore.Orders{DB: memstore.New()}, nil).Lookup(t.Context(), order.LookupInput{Number: "1", Email: "ada@example.com"})
	if err != nil {
		t.Errorf("lookup: %v", err)
	}
}
