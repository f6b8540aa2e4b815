package idem_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

type input struct {
	N int `json:"n"`
}

type output struct {
	N     int    `json:"n"`
	Token string `json:"token,omitempty"`
	Later bool   `json:"later,omitempty"`
}

func (o output) Pending() bool { return o.Later }

func (o output) Secretless() any { o.Token = ""; return o }

type sum int

// counted writes down the calls of a store.
type counted struct {
	memstore.Idem
	log *[]string
}

func (c counted) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	*c.log = append(*c.log, "claim")
	return c.Idem.Claim(ctx, r)
}

func (c counted) Take(ctx context.Context, r idem.Record, now, until time.Time) (bool, error) {
	*c.log = append(*c.log, "take")
	return c.Idem.Take(ctx, r, now, until)
}

func (c counted) Save(ctx context.Context, r idem.Record) error {
	in := "save alone"
	if txn.Outside(ctx) != nil {
		in = "save in unit"
	}
	*c.log = append(*c.log, in)
	return c.Idem.Save(ctx, r)
}

func (c counted) Free(ctx context.Context, r idem.Record) error {
	*c.log = append(*c.log, "free")
	return c.Idem.Free(ctx, r)
}

// desk is a shop with one operation, whose function each test sets.
type desk struct {
	db   *memstore.DB
	now  time.Time
	log  []string
	fn   func(ctx context.Context, in input) (output, error)
	call func(ctx context.Context, in any) (any, error)
}

func newDesk(kind op.Kind) *desk {
	d := &desk{db: memstore.New(), now: time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)}
	opts := &idem.Options{
		Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler),
		Refill: map[string]func(context.Context, any) any{"desk.add": func(_ context.Context, out any) any {
			o := out.(output)
			o.Token = "refilled"
			return o
		}},
	}
	r := op.RegistrarFunc(func(h op.Handler) { d.call = h.Call })
	o := op.Op[input, output]{Name: "desk.add", Kind: kind, Access: op.Anyone}
	op.Handle(idem.Registrar(r, counted{memstore.Idem{DB: d.db}, &d.log}, opts), o,
		func(ctx context.Context, in input) (output, error) { return d.fn(ctx, in) })
	return d
}

// add is the command of an engine whose unit returns the output of the
// operation.
func (d *desk) add(ctx context.Context, in input) (output, error) {
	return txn.Get(ctx, d.db, func(ctx context.Context) (output, error) {
		n, err := d.bump(ctx)
		return output{N: n + in.N, Token: "secret"}, err
	})
}

// addInside is one whose unit returns something else.
func (d *desk) addInside(ctx context.Context, in input) (output, error) {
	n, err := txn.Get(ctx, d.db, func(ctx context.Context) (sum, error) {
		n, err := d.bump(ctx)
		return sum(n), err
	})
	return output{N: int(n) + in.N}, err
}

// bump counts how often the effect has happened.
func (d *desk) bump(ctx context.Context) (int, error) {
	for n := 1; ; n++ {
		was, err := d.db.Mark(ctx, "bump", strings.Repeat("x", n), once.Done)
		if err != nil || was == once.Never {
			return n, err
		}
	}
}

func (d *desk) bumps(t *testing.T) int {
	t.Helper()
	n, err := d.bump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n - 1
}

func (d *desk) took(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.log, want) {
		t.Errorf("store calls %v, want %v", d.log, want)
	}
	d.log = nil
}

// as returns the context of a request with a key.
func as(t *testing.T, a ident.Actor, key string) context.Context {
	return ident.WithKey(ident.With(t.Context(), a), key)
}

var ann = ident.Actor{Kind: ident.Customer, ID: "cus_ann"}

func TestSecondTimeIsAReplay(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = d.add
	first, err := d.call(as(t, ann, "k"), &input{5})
	if err != nil || first != (output{N: 6, Token: "secret"}) {
		t.Fatal(first, err)
	}
	d.took(t, "claim", "save in unit")
	ctx, replayed := idem.Watch(as(t, ann, "k"))
	second, err := d.call(ctx, &input{5})
	if err != nil || second != (output{N: 6, Token: "refilled"}) || !*replayed {
		t.Errorf("replay: %v, %v, told %v; want the first answer", second, err, *replayed)
	}
	d.took(t, "claim")
	if n := d.bumps(t); n != 1 {
		t.Errorf("happened %d times, want 1", n)
	}
}

func TestMark(t *testing.T) {
	idem.Mark(t.Context()) // nobody watches
	ctx, replayed := idem.Watch(t.Context())
	_, other := idem.Watch(ctx)
	if idem.Mark(ident.WithKey(ctx, "k")); !*replayed || *other {
		t.Errorf("marked %v, another's %v", *replayed, *other)
	}
}

func TestStoredAnswerHasNoSecret(t *testing.T) {
	d := newDesk(op.Command)
	for _, fn := range []func(context.Context, input) (output, error){d.add, func(context.Context, input) (output, error) { return output{Token: "secret"}, nil }} {
		d.fn = fn
		if _, err := d.call(as(t, ann, "k"), &input{}); err != nil {
			t.Fatal(err)
		}
	}
	var kept []string
	spy := spy{memstore.Idem{DB: d.db}, &kept}
	h := op.Handler{Name: "desk.add", NewOut: func() any { return new(output) }, Call: func(ctx context.Context, in any) (any, error) { return d.fn(ctx, *in.(*input)) }}
	for _, key := range []string{"k", "k2"} {
		if _, err := idem.Wrap(spy, nil)(h).Call(as(t, ann, key), &input{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) == 0 || strings.Contains(strings.Join(kept, " "), "secret") {
		t.Errorf("stored %q, want answers without their secrets", kept)
	}
}

// spy shows what is stored.
type spy struct {
	memstore.Idem
	kept *[]string
}

func (s spy) Claim(ctx context.Context, r idem.Record) (idem.Record, bool, error) {
	old, won, err := s.Idem.Claim(ctx, r)
	*s.kept = append(*s.kept, string(old.Answer)+string(old.Memo))
	return old, won, err
}

func (s spy) Save(ctx context.Context, r idem.Record) error {
	*s.kept = append(*s.kept, string(r.Answer)+string(r.Memo))
	return s.Idem.Save(ctx, r)
}

func TestOtherUnitTakesOneMoreStatement(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = d.addInside
	for _, want := range [][]string{{"claim", "save in unit", "save alone"}, {"claim"}} {
		out, err := d.call(as(t, ann, "k"), &input{5})
		if err != nil || out.(output).N != 6 {
			t.Fatal(out, err)
		}
		d.took(t, want...)
	}
}

func TestWithoutKeyAndQueries(t *testing.T) {
	for _, c := range []struct {
		kind op.Kind
		key  string
	}{{op.Command, ""}, {op.Query, "k"}} {
		d := newDesk(c.kind)
		d.fn = d.add
		for range 2 {
			if _, err := d.call(as(t, ann, c.key), &input{}); err != nil {
				t.Fatal(err)
			}
		}
		d.took(t)
		if n := d.bumps(t); n != 2 {
			t.Errorf("happened %d times, want 2", n)
		}
	}
}

func TestKeyReused(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = d.add
	if _, err := d.call(as(t, ann, "k"), &input{5}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.call(as(t, ann, "k"), &input{6}); !errors.Is(err, idem.ErrReused) || fault.KindOf(err).Status() != 422 {
		t.Errorf("other request: %v, want 422 idempotency.key_reused", err)
	}
}

func TestScopes(t *testing.T) {
	long := strings.Repeat("k", 22)
	bob, cart1, cart2 := ident.Actor{Kind: ident.Customer, ID: "cus_bob"}, ident.Actor{Kind: ident.Guest, CartToken: "1"}, ident.Actor{Kind: ident.Guest, CartToken: "2"}
	staff := ident.Actor{Kind: ident.Staff, ID: "cus_ann"}
	d := newDesk(op.Command)
	d.fn = d.add
	for i, who := range []ident.Actor{ann, bob, staff, cart1, cart2, {Kind: ident.Guest, OrderToken: "1"}, {Kind: ident.Guest},
		{Kind: ident.Service, ID: "x", For: &ann}, {Kind: ident.Service, ID: "x", For: &bob}} {
		for n := range 2 {
			if n == 1 && who.CartToken != "" {
				who.OrderToken = "3" // the first answer had it
			}
			if out, err := d.call(as(t, who, long), &input{}); err != nil || out.(output).N != i+1 {
				t.Errorf("%+v: %v, %v; want %d both times", who, out, err, i+1)
			}
		}
	}
}

func TestBadKeys(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = d.add
	guest := ident.Actor{Kind: ident.Guest}
	for _, c := range []struct {
		who ident.Actor
		key string
		ok  bool
	}{
		{ann, "!", true}, {ann, strings.Repeat("~", 255), true}, {ann, strings.Repeat("k", 256), false}, {ann, "a b", false},
		{ann, "é", false}, {ann, "a\x7f", false}, {ann, "a\n", false},
		{guest, strings.Repeat("k", 21), false}, {guest, strings.Repeat("k", 22), true}, {ident.Actor{Kind: ident.Guest, CartToken: "t"}, "k", true},
	} {
		_, err := d.call(as(t, c.who, c.key), &input{})
		if c.ok && err != nil || !c.ok && (!errors.Is(err, idem.ErrBadKey) || fault.KindOf(err).Status() != 400) {
			t.Errorf("%s with key %q: %v, want ok = %v", c.who, c.key, err, c.ok)
		}
	}
}

func TestWhatIsFrozen(t *testing.T) {
	wrong := fault.New(fault.Invalid, "desk.wrong", "no").With(map[string]int{"max": 3})
	for _, c := range []struct {
		name   string
		out    output
		err    error
		frozen bool
	}{
		{"success", output{N: 1}, nil, true},
		{"pending", output{N: 1, Later: true}, nil, false},
		{"invalid", output{}, wrong, true},
		{"refused", output{}, fault.New(fault.Refused, "desk.short", "no"), false},
		{"denied", output{}, fault.ErrDenied, false},
		{"throttled", output{}, fault.New(fault.Throttled, "desk.slow", "no"), false},
		{"internal", output{}, errors.New("oops"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(op.Command)
			calls := 0
			d.fn = func(context.Context, input) (output, error) { calls++; return c.out, c.err }
			for range 2 {
				if _, err := d.call(as(t, ann, "k"), &input{}); !errors.Is(err, c.err) {
					t.Errorf("%v, want %v", err, c.err)
				} else if f, ok := errors.AsType[*fault.Error](err); ok && string(f.Meta) != string(fault.Public(c.err).Meta) {
					t.Errorf("detail %s is lost", f.Meta)
				}
			}
			if want := map[bool]int{true: 1, false: 2}[c.frozen]; calls != want {
				t.Errorf("called %d times, want %d", calls, want)
			}
		})
	}
}

func TestInFlight(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = func(ctx context.Context, in input) (output, error) {
		_, err := d.call(as(t, ann, "k"), &in)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != "idempotency.in_flight" || f.RetryAfter != 1 || f.Kind.Status() != 409 {
			t.Errorf("second request meanwhile: %v, want 409 with Retry-After", err)
		}
		return d.add(ctx, in)
	}
	if _, err := d.call(as(t, ann, "k"), &input{}); err != nil {
		t.Fatal(err)
	}
}

// TestDeathBeforeCommit is C07: it lets a slow process meet the one that took over: it may
// not commit.
func TestDeathBeforeCommit(t *testing.T) {
	d := newDesk(op.Command)
	var late error
	slow := true
	d.fn = func(ctx context.Context, in input) (output, error) {
		if slow {
			slow = false
			d.now = d.now.Add(2 * time.Minute)
			if _, err := d.call(as(t, ann, "k"), &in); err != nil {
				t.Errorf("take over: %v", err)
			}
		}
		return d.add(ctx, in)
	}
	_, late = d.call(as(t, ann, "k"), &input{})
	if !errors.Is(late, idem.ErrInFlight) {
		t.Errorf("the slow one: %v, want ErrInFlight", late)
	}
	if n := d.bumps(t); n != 1 {
		t.Errorf("happened %d times, want 1", n)
	}
}

var errKilled = errors.New("killed")

// dying is a store for which a kill is final: nothing is freed any more.
type dying struct{ counted }

func (dying) Free(context.Context, idem.Record) error { return errKilled }

// TestDeathAfterCommit is C06: it kills the process between COMMIT and answer, at a point
// that it names, and sends the command again.
func TestDeathAfterCommit(t *testing.T) {
	for _, c := range []struct {
		name string
		fn   func(d *desk) func(context.Context, input) (output, error)
		log  []string
	}{
		{"output", func(d *desk) func(context.Context, input) (output, error) { return d.add }, []string{"claim"}},
		{"other", func(d *desk) func(context.Context, input) (output, error) { return d.addInside }, []string{"claim", "take", "save alone"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(op.Command)
			var point string
			h := op.Handler{Name: "desk.add", Out: nil, NewOut: func() any { return new(output) }}
			op.Handle(op.RegistrarFunc(func(whole op.Handler) { h = whole }), op.Op[input, output]{Name: "desk.add", Access: op.Anyone},
				func(ctx context.Context, in input) (output, error) {
					if _, err := c.fn(d)(ctx, in); err != nil {
						t.Fatal(err)
					}
					point = "after commit"
					panic(errKilled)
				})
			func() {
				defer func() {
					if r := recover(); r != errKilled || point != "after commit" {
						t.Fatalf("died of %v at %q", r, point)
					}
				}()
				store := dying{counted{memstore.Idem{DB: d.db}, new([]string)}}
				_, _ = idem.Wrap(store, &idem.Options{Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler)})(h).Call(as(t, ann, "k"), &input{5})
			}()
			d.fn = c.fn(d)
			d.now = d.now.Add(2 * time.Minute)
			out, err := d.call(as(t, ann, "k"), &input{5})
			if err != nil || out.(output).N != 6 {
				t.Errorf("sent again: %v, %v; want the answer of the first time", out, err)
			}
			d.took(t, c.log...)
			if n := d.bumps(t); n != 1 {
				t.Errorf("happened %d times, want 1", n)
			}
		})
	}
}

func TestPanicFreesTheKey(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = func(context.Context, input) (output, error) { panic(errKilled) }
	func() {
		defer func() {
			if recover() != errKilled {
				t.Error("the panic is swallowed")
			}
		}()
		_, _ = d.call(as(t, ann, "k"), &input{})
	}()
	d.fn = d.add
	if _, err := d.call(as(t, ann, "k"), &input{}); err != nil {
		t.Errorf("after the panic: %v, want success", err)
	}
}

// TestAppliedThenRefused has its unit committed and is refused later: the next
// try goes on at once and does not do the unit again.
func TestAppliedThenRefused(t *testing.T) {
	d := newDesk(op.Command)
	down := fault.ErrUnavailable
	d.fn = func(ctx context.Context, in input) (output, error) {
		if _, err := d.addInside(ctx, in); err != nil {
			return output{}, err
		}
		return output{}, down
	}
	if _, err := d.call(as(t, ann, "k"), &input{}); !errors.Is(err, down) {
		t.Fatal(err)
	}
	d.fn = d.addInside
	d.now = d.now.Add(time.Second)
	if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).N != 1 {
		t.Errorf("next try: %v, %v; want it to go on", out, err)
	}
	if n := d.bumps(t); n != 1 {
		t.Errorf("happened %d times, want 1", n)
	}
}

// TestAnotherScope leaves units of another database alone.
func TestAnotherScope(t *testing.T) {
	d := newDesk(op.Command)
	other := memstore.New()
	d.fn = func(ctx context.Context, _ input) (output, error) {
		return txn.Get(ctx, other, func(context.Context) (output, error) { return output{N: 3}, nil })
	}
	if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).N != 3 {
		t.Fatal(out, err)
	}
	d.took(t, "claim", "save alone")
}

// TestAppliedElsewhere takes a claim over and meets a unit of another database
// that has a result of the same type.
func TestAppliedElsewhere(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = func(ctx context.Context, in input) (output, error) {
		_, err := d.addInside(ctx, in)
		return output{}, errors.Join(err, fault.ErrUnavailable)
	}
	if _, err := d.call(as(t, ann, "k"), &input{}); !errors.Is(err, fault.ErrUnavailable) {
		t.Fatal(err)
	}
	other := memstore.New()
	d.fn = func(ctx context.Context, _ input) (output, error) {
		n, err := txn.Get(ctx, other, func(context.Context) (sum, error) { return 42, nil })
		return output{N: int(n)}, err
	}
	d.now = d.now.Add(time.Second)
	if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).N != 42 {
		t.Errorf("%v, %v; want the work of the other database done", out, err)
	}
}

// TestPendingInTheUnit answers that it is not ready yet: the next try looks again.
func TestPendingInTheUnit(t *testing.T) {
	d := newDesk(op.Command)
	later := true
	d.fn = func(ctx context.Context, _ input) (output, error) {
		return txn.Get(ctx, d.db, func(context.Context) (output, error) { return output{Later: later}, nil })
	}
	for _, want := range []bool{true, false, false} {
		if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).Later != want {
			t.Errorf("%+v, %v; want pending = %v", out, err, want)
		}
		later = false
	}
}

// TestAnswerIsTheLastWord has its answer written by a unit and then answers
// something else, after a unit that failed.
func TestAnswerIsTheLastWord(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = func(ctx context.Context, in input) (output, error) {
		if _, err := d.add(ctx, in); err != nil {
			return output{}, err
		}
		_, _ = txn.Get(ctx, d.db, func(context.Context) (sum, error) { return 0, errKilled })
		return output{N: 7}, nil
	}
	for range 2 {
		if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).N != 7 {
			t.Errorf("%v, %v; want what was answered first", out, err)
		}
	}
}

// TestRetryInside has a unit that fails and is tried again by its engine.
func TestRetryInside(t *testing.T) {
	d := newDesk(op.Command)
	d.fn = func(ctx context.Context, in input) (output, error) {
		_, _ = txn.Get(ctx, d.db, func(ctx context.Context) (output, error) {
			_, err := d.bump(ctx)
			return output{N: 99}, errors.Join(err, errors.New("stale"))
		})
		return d.add(ctx, in)
	}
	for range 2 {
		if out, err := d.call(as(t, ann, "k"), &input{}); err != nil || out.(output).N != 1 {
			t.Errorf("%v, %v; want the second unit's result", out, err)
		}
	}
}
