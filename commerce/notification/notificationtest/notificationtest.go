// Package notificationtest says what a notification.Store must do. The name of
// a case is the name of what a store lacks when the case fails.
package notificationtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/notification"
)

// Guards are the names of all cases.
var Guards = []string{"RoundTrip", "NotFound", "IDOnce", "EventOnce", "EventWins", "RefusalKeepsUnit", "StaleLoses", "OneTakes", "Frozen",
	"Due", "Filter", "Newest", "Prune", "Rollback", "RecordJoins", "WritersQueue"}

var cases = map[string]func(*testing.T, notification.Store){
	"RoundTrip":        roundTrip, // non-ASCII and hostile text
	"NotFound":         notFound,
	"IDOnce":           idOnce,
	"EventOnce":        eventOnce,
	"EventWins":        eventWins, // 8 goroutines, 1 mail
	"RefusalKeepsUnit": refusalKeepsUnit,
	"StaleLoses":       staleLoses,
	"OneTakes":         oneTakes, // 8 goroutines, 1 version
	"Frozen":           frozen,   // what an event gave does not change
	"Due":              due,
	"Filter":           filter,
	"Newest":           newest,
	"Prune":            prune,
	"Rollback":         rollback,
	"RecordJoins":      recordJoins,  // an event is rolled back with its unit
	"WritersQueue":     writersQueue, // read and save in a unit: nobody is stale
}

// Run runs the suite against the stores that open returns, each of them empty.
func Run(t *testing.T, open func(t *testing.T) notification.Store) {
	for _, name := range Guards {
		t.Run(name, func(t *testing.T) { cases[name](t, open(t)) })
	}
}

var day = time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)

// hostile is text that breaks careless SQL.
const hostile = `'; DROP TABLE mercer_notification; -- \ \' " ? {notification} % ☕ é 👩‍👩‍👧 日本`

// fresh returns a delivery that is due, of an event of its own.
func fresh(id string) notification.Delivery {
	return notification.Delivery{ID: id, EventID: "evt_of_" + id, Event: "account.registered", About: "cus_1", Kind: notification.KindWelcome,
		Role: notification.RoleCustomer, State: notification.StatePending, CreatedAt: day, RequestedAt: day, DueAt: new(day), Data: json.RawMessage(`{}`)}
}

func add(t *testing.T, s notification.Store, d notification.Delivery) notification.Delivery {
	t.Helper()
	if added, err := s.Add(t.Context(), d); err != nil || !added {
		t.Fatalf("add %s: %v, %v", d.ID, added, err)
	}
	d.Version = 1
	return d
}

func refuse(t *testing.T, s notification.Store, d notification.Delivery) {
	t.Helper()
	if added, err := s.Add(t.Context(), d); err != nil || added {
		t.Errorf("add %s: %v, %v; want it to be there already", d.ID, added, err)
	}
}

func load(t *testing.T, s notification.Store, id string) notification.Delivery {
	t.Helper()
	d, err := s.Delivery(t.Context(), id)
	if err != nil {
		t.Fatalf("delivery %s: %v", id, err)
	}
	return d
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func wantIDs(t *testing.T, what string, got []notification.Delivery, err error, want ...string) {
	t.Helper()
	var ids []string
	for _, d := range got {
		ids = append(ids, d.ID)
	}
	if err != nil || !slices.Equal(ids, want) {
		t.Errorf("%s: %v, %v; want %v", what, ids, err, want)
	}
}

func roundTrip(t *testing.T, s notification.Store) {
	full := fresh("ntf_1")
	full.About, full.Recipient, full.Locale, full.Error = hostile, "é☕'\\@例え.example", hostile, hostile
	full.State, full.Attempts, full.Resent, full.SentAt = notification.StateSent, 3, 2, new(day.Add(time.Hour))
	full.RequestedAt, full.Data = day.Add(time.Second), json.RawMessage(`{"z":1.10,"a":12345678901234567890,"name":"'\"\\ ☕\u0026"}`)
	full = add(t, s, full)
	if got := load(t, s, full.ID); !reflect.DeepEqual(got, full) {
		t.Errorf("added\n%+v, want\n%+v", got, full)
	}
	full.State, full.DueAt, full.SentAt, full.Error, full.Recipient, full.Attempts = notification.StateFailed, nil, nil, "", "", 0
	if err := s.Save(t.Context(), &full); err != nil {
		t.Fatal(err)
	}
	if got := load(t, s, full.ID); !reflect.DeepEqual(got, full) || got.Version != 2 {
		t.Errorf("saved\n%+v, want\n%+v", got, full)
	}
}

func notFound(t *testing.T, s notification.Store) {
	add(t, s, fresh("ntf_1"))
	for _, id := range []string{"none", "NTF_1", "ntf_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Delivery(t.Context(), id)
		wantErr(t, err, notification.ErrNotFound)
	}
	wantErr(t, s.Save(t.Context(), new(fresh("none"))), notification.ErrStale)
}

func idOnce(t *testing.T, s notification.Store) {
	add(t, s, fresh("ntf_1"))
	again := fresh("ntf_1")
	again.EventID, again.About = "evt_other", "cus_2"
	refuse(t, s, again)
	if got := load(t, s, "ntf_1"); got.About != "cus_1" {
		t.Errorf("a refused delivery left %+v", got)
	}
	again.ID = "ntf_2" // its event is free still
	add(t, s, again)
}

func eventOnce(t *testing.T, s notification.Store) {
	first := add(t, s, fresh("ntf_1"))
	again := first
	again.ID = "ntf_2"
	refuse(t, s, again)
	_, err := s.Delivery(t.Context(), "ntf_2")
	wantErr(t, err, notification.ErrNotFound)
	again.Role = notification.RoleOld
	add(t, s, again)
	again.ID, again.Kind = "ntf_3", notification.KindEmailChange
	add(t, s, again)
}

func eventWins(t *testing.T, s notification.Store) {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			d := fresh(fmt.Sprint("ntf_", i))
			d.EventID = "evt_1"
			added := false
			err := s.Scope().Do(t.Context(), func(ctx context.Context) (err error) {
				added, err = s.Add(ctx, d)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			if added {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d mails of one event, want 1", won.Load())
	}
}

func refusalKeepsUnit(t *testing.T, s notification.Store) {
	first := add(t, s, fresh("ntf_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		if added, err := s.Add(ctx, first); err != nil || added {
			t.Errorf("add again: %v, %v", added, err)
		}
		stale := first
		stale.Version = 7
		wantErr(t, s.Save(ctx, &stale), notification.ErrStale)
		_, err := s.Add(ctx, fresh("ntf_2"))
		return err
	})
	if err != nil {
		t.Errorf("the unit of a refused delivery: %v", err)
	}
	load(t, s, "ntf_2")
}

func staleLoses(t *testing.T, s notification.Store) {
	first := add(t, s, fresh("ntf_1"))
	second := first
	first.Attempts, second.Attempts = 1, 2
	if err := s.Save(t.Context(), &first); err != nil || first.Version != 2 {
		t.Fatalf("version %d, %v", first.Version, err)
	}
	wantErr(t, s.Save(t.Context(), &second), notification.ErrStale)
	if second.Version != 1 {
		t.Errorf("who is stale has version %d now, want 1", second.Version)
	}
	if got := load(t, s, "ntf_1"); got.Attempts != 1 {
		t.Errorf("attempts %d, want those of who came first", got.Attempts)
	}
}

func oneTakes(t *testing.T, s notification.Store) {
	d := add(t, s, fresh("ntf_1"))
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			mine := d
			mine.State = notification.StateSending
			switch err := s.Save(t.Context(), &mine); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, notification.ErrStale):
				t.Errorf("err = %v, want stale", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d workers have the mail, want 1", won.Load())
	}
}

func frozen(t *testing.T, s notification.Store) {
	want := add(t, s, fresh("ntf_1"))
	d := want
	d.EventID, d.Kind, d.Role, d.CreatedAt, d.Data = "evt_2", notification.KindOrderPlaced, notification.RoleOld, day.Add(time.Hour), json.RawMessage(`{"a":1}`)
	if err := s.Save(t.Context(), &d); err != nil {
		t.Fatal(err)
	}
	want.Version = 2
	if got := load(t, s, "ntf_1"); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	other := fresh("ntf_2")
	other.EventID = want.EventID
	refuse(t, s, other)
}

func due(t *testing.T, s notification.Store) {
	for i, after := range []time.Duration{2, 0, 1, 1, 3} {
		d := fresh(fmt.Sprint("ntf_", i))
		d.DueAt = new(day.Add(after * time.Microsecond))
		add(t, s, d)
	}
	over := fresh("ntf_over")
	over.State, over.DueAt = notification.StateSent, nil
	add(t, s, over)
	got, err := s.Due(t.Context(), day.Add(2*time.Microsecond), 9)
	wantIDs(t, "due", got, err, "ntf_1", "ntf_2", "ntf_3", "ntf_0")
	got, err = s.Due(t.Context(), day.Add(2*time.Microsecond), 2)
	wantIDs(t, "due, at most two", got, err, "ntf_1", "ntf_2")
	if len(got) > 0 && string(got[0].Data) != `{}` {
		t.Errorf("the payload of what is due is %s", got[0].Data)
	}
	got, err = s.Due(t.Context(), day.Add(-time.Microsecond), 9)
	wantIDs(t, "not due", got, err)
}

func filter(t *testing.T, s notification.Store) {
	for i, c := range []notification.Filter{
		{State: notification.StateSent, Kind: notification.KindWelcome, Recipient: "ann@example.com"},
		{State: notification.StateFailed, Kind: notification.KindWelcome, Recipient: "bob@example.com"},
		{State: notification.StateSent, Kind: notification.KindOrderPlaced, Recipient: "ann@example.com"},
	} {
		d := fresh(fmt.Sprint("ntf_", i))
		d.State, d.Kind, d.Recipient = c.State, c.Kind, c.Recipient
		add(t, s, d)
	}
	for _, c := range []struct {
		f    notification.Filter
		want []string
	}{
		{notification.Filter{}, []string{"ntf_2", "ntf_1", "ntf_0"}},
		{notification.Filter{State: notification.StateSent}, []string{"ntf_2", "ntf_0"}},
		{notification.Filter{Kind: notification.KindWelcome}, []string{"ntf_1", "ntf_0"}},
		{notification.Filter{Recipient: "ann@example.com"}, []string{"ntf_2", "ntf_0"}},
		{notification.Filter{State: notification.StateSent, Kind: notification.KindWelcome, Recipient: "ann@example.com"}, []string{"ntf_0"}},
		{notification.Filter{Recipient: "%"}, nil},
	} {
		got, err := s.List(t.Context(), c.f, time.Time{}, "", 9)
		wantIDs(t, fmt.Sprintf("%+v", c.f), got, err, c.want...)
	}
}

func newest(t *testing.T, s notification.Store) {
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Microsecond) }
	for i, n := range []int{1, 3, 2, 2, 0} {
		d := fresh(fmt.Sprint("ntf_", i))
		d.CreatedAt = at(n)
		add(t, s, d)
	}
	for _, c := range []struct {
		created time.Time
		id      string
		limit   int
		want    []string
	}{
		{time.Time{}, "", 9, []string{"ntf_1", "ntf_3", "ntf_2", "ntf_0", "ntf_4"}},
		{time.Time{}, "", 2, []string{"ntf_1", "ntf_3"}},
		{at(2), "ntf_3", 2, []string{"ntf_2", "ntf_0"}},
		{at(0), "ntf_4", 9, nil},
	} {
		got, err := s.List(t.Context(), notification.Filter{State: notification.StatePending}, c.created, c.id, c.limit)
		wantIDs(t, fmt.Sprintf("%d after %v %s", c.limit, c.created, c.id), got, err, c.want...)
	}
}

func prune(t *testing.T, s notification.Store) {
	for i, after := range []time.Duration{-1, -2, 0, -3, -4} {
		d := fresh(fmt.Sprint("ntf_", i))
		d.State, d.DueAt, d.CreatedAt, d.RequestedAt = notification.StateSent, nil, day.Add(-time.Hour), day.Add(after)
		switch i {
		case 3:
			d.State, d.DueAt = notification.StatePending, new(day.Add(-time.Hour))
		case 4:
			d.RequestedAt = day.Add(-time.Hour)
		}
		d = add(t, s, d)
		if i == 4 { // asked for again, and sent
			d.RequestedAt = day.Add(time.Hour)
			if err := s.Save(t.Context(), &d); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, err := s.Prune(t.Context(), day); err != nil || n != 2 {
		t.Errorf("%d pruned, %v; want 2", n, err)
	}
	got, err := s.List(t.Context(), notification.Filter{}, time.Time{}, "", 9)
	wantIDs(t, "what is left", got, err, "ntf_4", "ntf_3", "ntf_2")
	add(t, s, fresh("ntf_0")) // its event is free
}

var errBoom = errors.New("boom")

func rollback(t *testing.T, s notification.Store) {
	first := add(t, s, fresh("ntf_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		_, err := s.Add(ctx, fresh("ntf_2"))
		first.Attempts = 9
		return errors.Join(err, s.Save(ctx, &first), errBoom)
	})
	wantErr(t, err, errBoom)
	if got := load(t, s, "ntf_1"); got.Attempts != 0 || got.Version != 1 {
		t.Errorf("a change was not rolled back: %+v", got)
	}
	add(t, s, fresh("ntf_2"))
}

func recordJoins(t *testing.T, s notification.Store) {
	ev := event.Envelope{ID: "evt_1", Name: "notification.x", Version: 1, Key: "ntf_1", At: day, Data: []byte(`{}`)}
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.Record(ctx, ev), errBoom)
	})
	wantErr(t, err, errBoom)
	// The id is free again, so the first one was rolled back.
	if err := s.Record(t.Context(), ev); err != nil {
		t.Error(err)
	}
}

func writersQueue(t *testing.T, s notification.Store) {
	add(t, s, fresh("ntf_1"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				d, err := s.Delivery(ctx, "ntf_1")
				if err != nil {
					return err
				}
				d.Attempts++
				return s.Save(ctx, &d)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := load(t, s, "ntf_1"); got.Attempts != 8 {
		t.Errorf("8 writers in turn counted %d", got.Attempts)
	}
}
