package simulate

import "context"

// plot is a story that does not come from the seed, for tests that have it told
// in several ways. Nobody is there but its people, and the machinery of the shop;
// the weather is always the same.
type plot struct {
	setUp   func(ctx context.Context, w *world, p *process) error
	people  func(w *world)
	inOrder bool           // what can come in any order comes in that of the lists
	end     func(w *world) // when all has been judged
}

// anyOf picks one of n that can come in any order.
func (w *world) anyOf(n int) int {
	if w.plot != nil && w.plot.inOrder {
		return 0
	}
	return w.rng.IntN(n)
}

// fickle reports whether the bank may change its mind, in so many of a hundred
// cases.
func (w *world) fickle(percent int) bool { return w.plot == nil && w.chance(percent) }
