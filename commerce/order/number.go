package order

import (
	"context"
	"strconv"
	"sync"

	"github.com/mercer-commerce/mercer/commerce/txn"
)

const (
	block = 100 // numbers that a process takes at once
	low   = 20  // numbers below which it takes more
)

// numbers are those that this process has taken and not yet used. What is left
// of them when it ends is lost.
type numbers struct {
	refill sync.Mutex // held by the one who takes more; never inside a unit
	mu     sync.Mutex
	free   []int64
}

func (n *numbers) left() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.free)
}

func (n *numbers) take() (int64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.free) == 0 {
		return 0, false
	}
	first := n.free[0]
	n.free = n.free[1:]
	return first, true
}

func (n *numbers) add(first, count int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range count {
		n.free = append(n.free, first+i)
	}
}

// Prepare makes sure that this process has order numbers at hand, in a unit of
// work of its own. Who calls Place inside a unit calls Prepare before it: else
// Place may have to take its number in that unit, which is right but makes
// all that place at the same time wait for one another. Inside a unit Prepare
// does nothing.
func (e *Engine) Prepare(ctx context.Context) error {
	if txn.Outside(ctx) != nil || e.numbers.left() >= low {
		return nil
	}
	e.numbers.refill.Lock()
	defer e.numbers.refill.Unlock()
	if e.numbers.left() >= low {
		return nil
	}
	var first int64
	err := e.store.Scope().Do(ctx, func(ctx context.Context) (err error) {
		first, err = e.store.Numbers(ctx, block)
		return err
	})
	if err == nil {
		e.numbers.add(first, block)
	}
	return err
}

// number returns the next number. It is called in a unit of work; a number that
// it takes there is used there or not at all.
func (e *Engine) number(ctx context.Context) (string, error) {
	n, ok := e.numbers.take()
	if !ok {
		var err error
		if n, err = e.store.Numbers(ctx, 1); err != nil {
			return "", err
		}
	}
	return strconv.FormatInt(n, 10), nil
}
