package once_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/once"
)

// marks is the smallest Keys: one goroutine, no units of work.
type marks map[string]once.State

func (m marks) Mark(_ context.Context, op, key string, to once.State) (once.State, error) {
	was := m[op+" "+key]
	m[op+" "+key] = max(was, to)
	return was, nil
}

type broken struct{}

var errDown = errors.New("database is down")

func (broken) Mark(context.Context, string, string, once.State) (once.State, error) {
	return once.Never, errDown
}

func TestDoAndUndo(t *testing.T) {
	for sent, want := range map[string]struct {
		left int   // what remains of the work
		err  error // of the last one sent
	}{
		"d": {1, nil}, "dd": {1, nil}, "du": {0, nil}, "duu": {0, nil}, "u": {0, nil}, "uu": {0, nil},
		"ud": {0, once.ErrUndone}, "dud": {0, once.ErrUndone}, "udu": {0, nil}, "ddudu": {0, nil},
	} {
		k, left := marks{}, 0
		var err error
		for _, c := range sent {
			if c == 'd' {
				err = once.Do(t.Context(), k, "stock.reserve", "k", func() error { left++; return nil })
			} else {
				err = once.Undo(t.Context(), k, "stock.reserve", "k", func() error { left--; return nil })
			}
		}
		if left != want.left || !errors.Is(err, want.err) {
			t.Errorf("%s: %d left, %v; want %d, %v", sent, left, err, want.left, want.err)
		}
	}
	if got := fault.KindOf(once.ErrUndone); got != fault.Refused {
		t.Errorf("ErrUndone is %s, want refused", got)
	}
}

func TestErrorsComeThrough(t *testing.T) {
	boom := errors.New("boom")
	never := func() error { t.Error("called without a mark"); return nil }
	if err := once.Do(t.Context(), broken{}, "x", "k", never); !errors.Is(err, errDown) {
		t.Errorf("Do: %v", err)
	}
	if err := once.Undo(t.Context(), broken{}, "x", "k", never); !errors.Is(err, errDown) {
		t.Errorf("Undo: %v", err)
	}
	k := marks{}
	if err := once.Do(t.Context(), k, "x", "k", func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Do: %v", err)
	}
	if err := once.Undo(t.Context(), k, "x", "k", func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("Undo: %v", err)
	}
}

func Example() {
	ctx, keys, stock := context.Background(), marks{}, 10
	reserve := func(key string) error {
		return once.Do(ctx, keys, "stock.reserve", key, func() error { stock--; return nil })
	}
	release := func(key string) error {
		return once.Undo(ctx, keys, "stock.reserve", key, func() error { stock++; return nil })
	}
	fmt.Println(reserve("order_1"), reserve("order_1"), stock) // sent twice, counts once
	fmt.Println(release("order_1"), stock)
	fmt.Println(release("order_2"), stock)                            // nothing to release
	fmt.Println(errors.Is(reserve("order_2"), once.ErrUndone), stock) // too late
	// Output:
	// <nil> <nil> 9
	// <nil> 10
	// <nil> 10
	// true 10
}
