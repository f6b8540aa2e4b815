package txn

import "context"

// A Memo remembers the result of one unit of work, so that a command that is
// sent again under the same key does not do its work again. Package idem has
// the only implementation; engines never see it.
type Memo interface {
	// Replay puts the remembered result in v, a pointer, and reports whether
	// there was one of that type from that Scope.
	Replay(s Scope, v any) bool
	// Keep remembers v. It is called in the unit of work, before it commits.
	Keep(ctx context.Context, s Scope, v any) error
}

type memoKey struct{}

// WithMemo returns a context in which the outermost Get consults m.
func WithMemo(ctx context.Context, m Memo) context.Context {
	return context.WithValue(ctx, memoKey{}, m)
}

// takeMemo returns the memo of ctx, if it has one and is outside of units, and
// a context without it for what happens in the unit.
func takeMemo(ctx context.Context) (Memo, context.Context) {
	m, _ := ctx.Value(memoKey{}).(Memo)
	if m == nil || Outside(ctx) != nil {
		return nil, ctx
	}
	return m, context.WithValue(ctx, memoKey{}, Memo(nil))
}
