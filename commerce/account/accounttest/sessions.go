package accounttest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

var sessionGuards = []string{"SessionRoundTrip", "SessionNotFound", "Rotate", "RotateOnce", "RotateEnded", "EndSessionOnce", "EndSessions", "SessionsLive",
	"ChallengeRoundTrip", "ChallengeNotFound", "ChallengeOnce", "EndChallenges", "AttemptLimit", "AttemptWindow", "AttemptExact", "ForgetAttempts", "Prune", "SessionRollback"}

var sessionCases = map[string]func(*testing.T, account.Store){
	"SessionRoundTrip":   sessionRoundTrip,
	"SessionNotFound":    sessionNotFound,
	"Rotate":             rotate,
	"RotateOnce":         rotateOnce, // 8 clients, 1 token
	"RotateEnded":        rotateEnded,
	"EndSessionOnce":     endSessionOnce,
	"EndSessions":        endSessions,
	"SessionsLive":       sessionsLive,
	"ChallengeRoundTrip": challengeRoundTrip,
	"ChallengeNotFound":  challengeNotFound,
	"ChallengeOnce":      challengeOnce, // 8 clients, 1 code
	"EndChallenges":      endChallenges,
	"AttemptLimit":       attemptLimit,
	"AttemptWindow":      attemptWindow,
	"AttemptExact":       attemptExact, // 24 tries at a time
	"ForgetAttempts":     forgetAttempts,
	"Prune":              prune,
	"SessionRollback":    sessionRollback,
}

func signIn(id, userID string) account.Session {
	return account.Session{ID: id, UserID: userID, Device: "d", Nonce: "n" + id, Generation: 1, CreatedAt: day, LastUsedAt: day, ExpiresAt: day.Add(time.Hour)}
}

func addSession(t *testing.T, s account.Store, x account.Session) {
	t.Helper()
	if err := s.AddSession(t.Context(), x); err != nil {
		t.Fatalf("add %s: %v", x.ID, err)
	}
}

func session(t *testing.T, s account.Store, id string) account.Session {
	t.Helper()
	x, err := s.Session(t.Context(), id)
	if err != nil {
		t.Fatalf("session %s: %v", id, err)
	}
	return x
}

func sessionRoundTrip(t *testing.T, s account.Store) {
	full := account.Session{ID: "ses_1", UserID: "cus_1", Device: hostile, Nonce: "N", Generation: 7, CreatedAt: day, LastUsedAt: day.Add(time.Minute),
		ExpiresAt: day.Add(time.Hour), EndedAt: new(day.Add(time.Second))}
	bare := signIn("ses_2", "cus_1")
	for _, want := range []account.Session{full, bare} {
		addSession(t, s, want)
		if got := session(t, s, want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
	}
}

func sessionNotFound(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	for _, id := range []string{"none", "SES_1", "ses_1 ", "' OR 1=1 --", "é☕"} {
		_, err := s.Session(t.Context(), id)
		wantErr(t, err, account.ErrSessionNotFound)
	}
	if did, err := s.Rotate(t.Context(), "none", 1, day, day); did || err != nil {
		t.Errorf("a session that is not there: %v, %v", did, err)
	}
	if did, err := s.EndSession(t.Context(), "none", day); did || err != nil {
		t.Errorf("a session that is not there: %v, %v", did, err)
	}
}

func rotate(t *testing.T, s account.Store) {
	want := signIn("ses_1", "cus_1")
	addSession(t, s, want)
	addSession(t, s, signIn("ses_2", "cus_1"))
	for _, c := range []struct {
		generation int64
		want       bool
	}{{2, false}, {0, false}, {1, true}, {1, false}, {2, true}} {
		at := day.Add(time.Duration(c.generation) * time.Minute)
		did, err := s.Rotate(t.Context(), "ses_1", c.generation, at, at.Add(time.Hour))
		if err != nil || did != c.want {
			t.Errorf("from %d: %v, %v; want %v", c.generation, did, err, c.want)
		}
		if did {
			want.Generation, want.LastUsedAt, want.ExpiresAt = c.generation+1, at, at.Add(time.Hour)
		}
		if got := session(t, s, "ses_1"); !reflect.DeepEqual(got, want) {
			t.Errorf("from %d: got\n%+v, want\n%+v", c.generation, got, want)
		}
	}
	if got := session(t, s, "ses_2"); got.Generation != 1 {
		t.Error("another session has moved")
	}
}

func rotateOnce(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	if won := winners(t, 8, func(ctx context.Context) (bool, error) { return s.Rotate(ctx, "ses_1", 1, day, day) }); won != 1 {
		t.Errorf("%d successors of one token, want 1", won)
	}
	if got := session(t, s, "ses_1"); got.Generation != 2 {
		t.Errorf("generation %d, want 2", got.Generation)
	}
}

// winners runs fn n times at a time and returns how often it was true.
func winners(t *testing.T, n int, fn func(context.Context) (bool, error)) int64 {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			switch did, err := fn(t.Context()); {
			case err != nil:
				t.Error(err)
			case did:
				won.Add(1)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func rotateEnded(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	if _, err := s.EndSession(t.Context(), "ses_1", day); err != nil {
		t.Fatal(err)
	}
	if did, err := s.Rotate(t.Context(), "ses_1", 1, day, day); did || err != nil {
		t.Errorf("an ended session goes on: %v, %v", did, err)
	}
}

func endSessionOnce(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	for i, want := range []bool{true, false} {
		did, err := s.EndSession(t.Context(), "ses_1", day.Add(time.Duration(i)*time.Hour))
		if err != nil || did != want {
			t.Errorf("ended %d times: %v, %v; want %v", i+1, did, err, want)
		}
		if got := session(t, s, "ses_1"); got.EndedAt == nil || !got.EndedAt.Equal(day) {
			t.Errorf("ended at %v, want %v", got.EndedAt, day)
		}
	}
}

func endSessions(t *testing.T, s account.Store) {
	for id, of := range map[string]string{"ses_1": "cus_1", "ses_2": "cus_1", "ses_3": "cus_1", "ses_4": "cus_2"} {
		addSession(t, s, signIn(id, of))
	}
	if _, err := s.EndSession(t.Context(), "ses_3", day); err != nil {
		t.Fatal(err)
	}
	later := day.Add(time.Minute)
	if err := s.EndSessions(t.Context(), "cus_1", "ses_2", later); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]*time.Time{"ses_1": &later, "ses_2": nil, "ses_3": &day, "ses_4": nil} {
		if got := session(t, s, id).EndedAt; !reflect.DeepEqual(got, want) {
			t.Errorf("%s ended at %v, want %v", id, got, want)
		}
	}
	if err := s.EndSessions(t.Context(), "cus_1", "", later); err != nil || session(t, s, "ses_2").EndedAt == nil {
		t.Errorf("a session is left, %v", err)
	}
}

func sessionsLive(t *testing.T, s account.Store) {
	for i, n := range []int{1, 3, 2, 2, 0} {
		x := signIn(fmt.Sprint("ses_", i), "cus_1")
		x.CreatedAt = day.Add(time.Duration(n) * time.Microsecond)
		addSession(t, s, x)
	}
	addSession(t, s, signIn("ses_other", "cus_2"))
	ended, expired := signIn("ses_ended", "cus_1"), signIn("ses_expired", "cus_1")
	ended.EndedAt, expired.ExpiresAt = &day, day
	addSession(t, s, ended)
	addSession(t, s, expired)
	for _, c := range []struct {
		created time.Time
		id      string
		limit   int
		want    []string
	}{
		{time.Time{}, "", 9, []string{"ses_1", "ses_3", "ses_2", "ses_0", "ses_4"}},
		{time.Time{}, "", 2, []string{"ses_1", "ses_3"}},
		{day.Add(2 * time.Microsecond), "ses_3", 2, []string{"ses_2", "ses_0"}},
		{day, "ses_4", 9, nil},
	} {
		got, err := s.Sessions(t.Context(), "cus_1", day, c.created, c.id, c.limit)
		if ids := idsOf(got, func(x account.Session) string { return x.ID }); err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%d sessions after %v %s = %v, %v; want %v", c.limit, c.created, c.id, ids, err, c.want)
		}
	}
}

func mail(id, userID string) account.Challenge {
	return account.Challenge{ID: id, Kind: account.ChallengePasswordReset, UserID: userID, Email: "a@example.com", CreatedAt: day, ExpiresAt: day.Add(time.Hour)}
}

func addChallenge(t *testing.T, s account.Store, c account.Challenge) {
	t.Helper()
	if err := s.AddChallenge(t.Context(), c, hash(c.ID)); err != nil {
		t.Fatalf("add %s: %v", c.ID, err)
	}
}

func challengeRoundTrip(t *testing.T, s account.Store) {
	full := account.Challenge{ID: "chl_1", Kind: account.ChallengeEmailChange, UserID: "cus_1", Email: hostile, OldEmail: hostile, Password: hostile,
		CreatedAt: day, ExpiresAt: day.Add(time.Hour), UsedAt: new(day.Add(time.Second))}
	bare := mail("chl_2", "")
	for _, want := range []account.Challenge{full, bare} {
		addChallenge(t, s, want)
		got, err := s.Challenge(t.Context(), want.ID)
		byHash, hashErr := s.ChallengeOf(t.Context(), hash(want.ID))
		if err != nil || hashErr != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(byHash, want) {
			t.Errorf("got\n%+v, %v, by hash\n%+v, %v; want\n%+v", got, err, byHash, hashErr, want)
		}
	}
}

func challengeNotFound(t *testing.T, s account.Store) {
	addChallenge(t, s, mail("chl_1", "cus_1"))
	for _, id := range []string{"none", "CHL_1", "chl_1 ", "é☕"} {
		_, err := s.Challenge(t.Context(), id)
		wantErr(t, err, account.ErrChallengeNotFound)
	}
	_, err := s.ChallengeOf(t.Context(), hash("chl_2"))
	wantErr(t, err, account.ErrChallengeNotFound)
	if did, err := s.UseChallenge(t.Context(), "none", day); did || err != nil {
		t.Errorf("a challenge that is not there: %v, %v", did, err)
	}
}

func challengeOnce(t *testing.T, s account.Store) {
	addChallenge(t, s, mail("chl_1", "cus_1"))
	addChallenge(t, s, mail("chl_2", "cus_1"))
	if won := winners(t, 8, func(ctx context.Context) (bool, error) { return s.UseChallenge(ctx, "chl_1", day) }); won != 1 {
		t.Errorf("a code was used %d times, want once", won)
	}
	if c, err := s.ChallengeOf(t.Context(), hash("chl_1")); err != nil || c.UsedAt == nil || !c.UsedAt.Equal(day) {
		t.Errorf("used at %v, %v; want %v", c.UsedAt, err, day)
	}
	if c, err := s.Challenge(t.Context(), "chl_2"); err != nil || c.UsedAt != nil {
		t.Errorf("another one was used at %v, %v", c.UsedAt, err)
	}
}

func endChallenges(t *testing.T, s account.Store) {
	other := mail("chl_4", "cus_1")
	other.Kind = account.ChallengeWelcome
	used := mail("chl_2", "cus_1")
	used.UsedAt = &day
	for _, c := range []account.Challenge{mail("chl_1", "cus_1"), used, mail("chl_3", "cus_2"), other} {
		addChallenge(t, s, c)
	}
	later := day.Add(time.Minute)
	if err := s.EndChallenges(t.Context(), "cus_1", account.ChallengePasswordReset, later); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]*time.Time{"chl_1": &later, "chl_2": &day, "chl_3": nil, "chl_4": nil} {
		c, err := s.Challenge(t.Context(), id)
		if err != nil || !reflect.DeepEqual(c.UsedAt, want) {
			t.Errorf("%s used at %v, %v; want %v", id, c.UsedAt, err, want)
		}
	}
}

func attempt(t *testing.T, s account.Store, key string, at time.Duration, want bool, wait time.Duration) {
	t.Helper()
	ok, after, err := s.Attempt(t.Context(), key, day.Add(at), time.Minute, 3)
	if err != nil || ok != want || after != wait {
		t.Errorf("%s after %v: %v, wait %v, %v; want %v, %v", key, at, ok, after, err, want, wait)
	}
}

func attemptLimit(t *testing.T, s account.Store) {
	attempt(t, s, "a", 0, true, 0)
	attempt(t, s, "a", 10*time.Second, true, 0)
	attempt(t, s, "a", 20*time.Second, true, 0)
	attempt(t, s, "a", 30*time.Second, false, 30*time.Second)
	attempt(t, s, "a", 59*time.Second, false, time.Second)
	attempt(t, s, "A", 59*time.Second, true, 0)
}

func attemptWindow(t *testing.T, s account.Store) {
	for range 3 {
		attempt(t, s, "a", 0, true, 0)
	}
	attempt(t, s, "a", time.Minute-time.Microsecond, false, time.Microsecond)
	for range 3 {
		attempt(t, s, "a", time.Minute, true, 0)
	}
	attempt(t, s, "a", 90*time.Second, false, 30*time.Second)
}

func attemptExact(t *testing.T, s account.Store) {
	if won := winners(t, 24, func(ctx context.Context) (bool, error) {
		ok, _, err := s.Attempt(ctx, "a", day, time.Minute, 5)
		return ok, err
	}); won != 5 {
		t.Errorf("%d tries of 24 let through, want 5", won)
	}
}

func forgetAttempts(t *testing.T, s account.Store) {
	for _, key := range []string{"a", "b", "c"} {
		for range 3 {
			attempt(t, s, key, 0, true, 0)
		}
	}
	if err := errors.Join(s.ForgetAttempts(t.Context()), s.ForgetAttempts(t.Context(), "a", "b", "none")); err != nil {
		t.Fatal(err)
	}
	attempt(t, s, "a", 0, true, 0)
	attempt(t, s, "b", 0, true, 0)
	attempt(t, s, "c", 0, false, time.Minute)
}

func prune(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	addChallenge(t, s, mail("chl_1", "cus_1"))
	for range 4 {
		_, _, _ = s.Attempt(t.Context(), "a", day, time.Hour, 3)
	}
	for _, c := range []struct {
		before time.Duration
		want   bool
	}{{time.Hour, true}, {time.Hour + time.Microsecond, false}} {
		if err := s.Prune(t.Context(), day.Add(c.before)); err != nil {
			t.Fatal(err)
		}
		_, sessionErr := s.Session(t.Context(), "ses_1")
		_, challengeErr := s.Challenge(t.Context(), "chl_1")
		fresh, _, err := s.Attempt(t.Context(), "a", day, time.Hour, 3)
		if (sessionErr == nil) != c.want || (challengeErr == nil) != c.want || err != nil || fresh == c.want {
			t.Errorf("before %v: session %v, challenge %v, count forgotten %v, %v", c.before, sessionErr, challengeErr, fresh, err)
		}
	}
}

func sessionRollback(t *testing.T, s account.Store) {
	addSession(t, s, signIn("ses_1", "cus_1"))
	addChallenge(t, s, mail("chl_1", "cus_1"))
	err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
		for _, write := range []func() error{
			func() error { return s.AddSession(ctx, signIn("ses_2", "cus_1")) },
			func() error { _, err := s.Rotate(ctx, "ses_1", 1, day, day); return err },
			func() error { return s.EndSessions(ctx, "cus_1", "", day) },
			func() error { _, err := s.UseChallenge(ctx, "chl_1", day); return err },
		} {
			if err := write(); err != nil {
				return err
			}
		}
		return errBoom
	})
	wantErr(t, err, errBoom)
	if got := session(t, s, "ses_1"); !reflect.DeepEqual(got, signIn("ses_1", "cus_1")) {
		t.Errorf("a unit that failed left %+v", got)
	}
	if _, err := s.Session(t.Context(), "ses_2"); !errors.Is(err, account.ErrSessionNotFound) {
		t.Errorf("a unit that failed left a session, %v", err)
	}
	if c, err := s.Challenge(t.Context(), "chl_1"); err != nil || c.UsedAt != nil {
		t.Errorf("a unit that failed left a used code, %v", err)
	}
}
