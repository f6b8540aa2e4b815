package accounttest

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

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

var userGuards = []string{"UserRoundTrip", "UserNotFound", "UserPassword", "UserStale", "EmailOnce", "EmailWins", "EmailMoves", "EmailRefusalKeepsUnit",
	"UserNewest", "UserFilter", "UserRollback"}

var userCases = map[string]func(*testing.T, account.Store){
	"UserRoundTrip":         userRoundTrip,
	"UserNotFound":          userNotFound,
	"UserPassword":          userPassword, // is kept beside the document
	"UserStale":             userStale,
	"EmailOnce":             emailOnce, // for each kind
	"EmailWins":             emailWins, // 8 registrations, 1 address
	"EmailMoves":            emailMoves,
	"EmailRefusalKeepsUnit": emailRefusalKeepsUnit,
	"UserNewest":            userNewest,
	"UserFilter":            userFilter,
	"UserRollback":          userRollback,
}

func person(id, email string) account.User {
	return account.User{ID: id, Kind: account.KindCustomer, Email: email, Groups: []string{}, Roles: []string{}, Metadata: json.RawMessage(`{}`),
		CreatedAt: day, UpdatedAt: day, Password: "hash of " + id}
}

func save(t *testing.T, s account.Store, u account.User) account.User {
	t.Helper()
	if err := s.SaveUser(t.Context(), &u); err != nil {
		t.Fatalf("save %s: %v", u.ID, err)
	}
	return u
}

func user(t *testing.T, s account.Store, id string) account.User {
	t.Helper()
	u, err := s.User(t.Context(), id)
	if err != nil {
		t.Fatalf("user %s: %v", id, err)
	}
	return u
}

func userRoundTrip(t *testing.T, s account.Store) {
	full := account.User{ID: "stf_1", Kind: account.KindStaff, Email: "Änn.O'Hara+1@Example.COM", EmailVerifiedAt: new(day.Add(time.Second)), Name: hostile, Phone: `+1 ☕ "`,
		Locale: "de-AT", Groups: []string{"a", `b"'`}, Roles: []string{"owner"}, Disabled: true, Metadata: json.RawMessage(`{"b":1.0,"a":12345678901234567890}`),
		CreatedAt: day, UpdatedAt: day.Add(time.Minute), Password: `$argon2id$v=19$'\"?`}
	bare := person("cus_1", "b@example.com")
	for _, want := range []account.User{full, bare} {
		want = save(t, s, want)
		if want.Version != 1 {
			t.Errorf("version %d after the first save, want 1", want.Version)
		}
		if got := user(t, s, want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
		got, err := s.UserOf(t.Context(), want.Kind, ident.NormalEmail(want.Email))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("by address\n%+v, %v; want\n%+v", got, err, want)
		}
	}
}

func userNotFound(t *testing.T, s account.Store) {
	save(t, s, person("cus_1", "a@example.com"))
	for _, id := range []string{"none", "CUS_1", "cus_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.User(t.Context(), id)
		wantErr(t, err, account.ErrUserNotFound)
	}
	for _, email := range []string{"b@example.com", "A@example.com", "a@example.com ", "%", "á@example.com"} {
		_, err := s.UserOf(t.Context(), account.KindCustomer, email)
		wantErr(t, err, account.ErrUserNotFound)
	}
	_, err := s.UserOf(t.Context(), account.KindStaff, "a@example.com")
	wantErr(t, err, account.ErrUserNotFound)
}

func userPassword(t *testing.T, s account.Store) {
	u := save(t, s, person("cus_1", "a@example.com"))
	u.Password = "another"
	u = save(t, s, u)
	if got := user(t, s, u.ID); got.Password != "another" {
		t.Errorf("password %q, want the one that was saved last", got.Password)
	}
	u.Password = ""
	save(t, s, u)
	found, err := s.Users(t.Context(), account.UserFilter{Kind: account.KindCustomer}, time.Time{}, "", 9)
	if err != nil || len(found) != 1 || found[0].Password != "" {
		t.Errorf("%+v, %v; want no password", found, err)
	}
}

func userStale(t *testing.T, s account.Store) {
	first := save(t, s, person("cus_1", "a@example.com"))
	second := first
	second.Name = "second"
	second = save(t, s, second)
	first.Name = "late"
	wantErr(t, s.SaveUser(t.Context(), &first), account.ErrUserStale)
	if again := person("cus_1", "b@example.com"); !errors.Is(s.SaveUser(t.Context(), &again), account.ErrUserStale) {
		t.Error("a user was made twice")
	}
	if unborn := person("cus_2", "c@example.com"); true {
		unborn.Version = 1
		wantErr(t, s.SaveUser(t.Context(), &unborn), account.ErrUserStale)
	}
	if got := user(t, s, "cus_1"); !reflect.DeepEqual(got, second) {
		t.Errorf("got\n%+v, want\n%+v", got, second)
	}
	if first.Version != 1 {
		t.Errorf("a refused save left version %d, want 1", first.Version)
	}
}

func emailOnce(t *testing.T, s account.Store) {
	save(t, s, person("cus_1", "Ann@Example.com"))
	same := person("cus_2", "aNN@example.COM")
	wantErr(t, s.SaveUser(t.Context(), &same), account.ErrEmailTaken)
	_, err := s.User(t.Context(), "cus_2")
	wantErr(t, err, account.ErrUserNotFound)
	same.Email = "bob@example.com"
	same = save(t, s, same)
	same.Email = "ann@example.com"
	wantErr(t, s.SaveUser(t.Context(), &same), account.ErrEmailTaken)
	if got := user(t, s, "cus_2"); got.Email != "bob@example.com" || got.Version != 1 {
		t.Errorf("a refused address left %+v", got)
	}
	staff := person("stf_1", "ann@example.com")
	staff.Kind = account.KindStaff
	save(t, s, staff)
}

func emailWins(t *testing.T, s account.Store) {
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				u := person(fmt.Sprint("cus_", i), "a@example.com")
				return s.SaveUser(ctx, &u)
			})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, account.ErrEmailTaken):
				t.Errorf("err = %v, want taken", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d accounts with one address, want 1", won.Load())
	}
}

func emailMoves(t *testing.T, s account.Store) {
	u := save(t, s, person("cus_1", "a@example.com"))
	u.Email = "b@example.com"
	save(t, s, u)
	_, err := s.UserOf(t.Context(), account.KindCustomer, "a@example.com")
	wantErr(t, err, account.ErrUserNotFound)
	if got, err := s.UserOf(t.Context(), account.KindCustomer, "b@example.com"); err != nil || got.ID != "cus_1" {
		t.Errorf("the new address is of %q, %v", got.ID, err)
	}
	save(t, s, person("cus_2", "a@example.com"))
}

func emailRefusalKeepsUnit(t *testing.T, s account.Store) {
	save(t, s, person("cus_1", "a@example.com"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		u := person("cus_2", "a@example.com")
		wantErr(t, s.SaveUser(ctx, &u), account.ErrEmailTaken)
		if known, err := s.UserOf(ctx, u.Kind, u.Email); err != nil || known.ID != "cus_1" {
			t.Errorf("the address is of %q, %v", known.ID, err)
		}
		u.Email = "b@example.com"
		return s.SaveUser(ctx, &u)
	})
	if err != nil {
		t.Errorf("the unit of a refused address: %v", err)
	}
	user(t, s, "cus_2")
}

func userNewest(t *testing.T, s account.Store) {
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Microsecond) }
	for i, n := range []int{1, 3, 2, 2, 0} {
		u := person(fmt.Sprint("cus_", i), fmt.Sprint(i, "@example.com"))
		u.CreatedAt = at(n)
		save(t, s, u)
	}
	for _, c := range []struct {
		created time.Time
		id      string
		limit   int
		want    []string
	}{
		{time.Time{}, "", 9, []string{"cus_1", "cus_3", "cus_2", "cus_0", "cus_4"}},
		{time.Time{}, "", 2, []string{"cus_1", "cus_3"}},
		{at(2), "cus_3", 2, []string{"cus_2", "cus_0"}},
		{at(0), "cus_4", 9, nil},
	} {
		got, err := s.Users(t.Context(), account.UserFilter{Kind: account.KindCustomer}, c.created, c.id, c.limit)
		if ids := idsOf(got, func(u account.User) string { return u.ID }); err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%d users after %v %s = %v, %v; want %v", c.limit, c.created, c.id, ids, err, c.want)
		}
	}
}

func idsOf[T any](all []T, id func(T) string) (out []string) {
	for _, x := range all {
		out = append(out, id(x))
	}
	return out
}

func userFilter(t *testing.T, s account.Store) {
	for id, email := range map[string]string{"cus_1": "Ann@example.com", "cus_2": "annette@example.com", "cus_3": "bob@example.com", "cus_4": "a_n@example.com"} {
		save(t, s, person(id, email))
	}
	staff := person("stf_1", "ann@example.com")
	staff.Kind = account.KindStaff
	save(t, s, staff)
	for _, c := range []struct {
		f    account.UserFilter
		want []string
	}{
		{account.UserFilter{Kind: account.KindCustomer}, []string{"cus_4", "cus_3", "cus_2", "cus_1"}},
		{account.UserFilter{Kind: account.KindStaff}, []string{"stf_1"}},
		{account.UserFilter{Kind: account.KindCustomer, Email: "ann"}, []string{"cus_2", "cus_1"}},
		{account.UserFilter{Kind: account.KindCustomer, Email: "a_n"}, []string{"cus_4"}},
		{account.UserFilter{Kind: account.KindCustomer, Email: "%"}, nil},
	} {
		got, err := s.Users(t.Context(), c.f, time.Time{}, "", 9)
		if ids := idsOf(got, func(u account.User) string { return u.ID }); err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%+v: %v, %v; want %v", c.f, ids, err, c.want)
		}
	}
}

func userRollback(t *testing.T, s account.Store) {
	kept := save(t, s, person("cus_1", "a@example.com"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		moved, fresh := kept, person("cus_2", "a@example.com")
		moved.Email = "b@example.com"
		if err := s.SaveUser(ctx, &moved); err != nil {
			return err
		}
		if err := s.SaveUser(ctx, &fresh); err != nil {
			return err
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := user(t, s, "cus_1"); !reflect.DeepEqual(got, kept) {
		t.Errorf("got\n%+v, want\n%+v", got, kept)
	}
	_, err = s.User(t.Context(), "cus_2")
	wantErr(t, err, account.ErrUserNotFound)
	if got, err := s.UserOf(t.Context(), kept.Kind, kept.Email); err != nil || got.ID != "cus_1" {
		t.Errorf("the address is of %q, %v", got.ID, err)
	}
}
