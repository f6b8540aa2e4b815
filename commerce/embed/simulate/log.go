package simulate

import (
	"context"
	"log/slog"
	"strings"
)

// teller is a slog.Handler that puts what engines log into the story.
type teller struct {
	slog.Handler
	w *world
}

// Enabled implements slog.Handler.
func (t teller) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

// Handle implements slog.Handler.
func (t teller) Handle(ctx context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Level.String() + " " + r.Message)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(" " + a.String())
		return true
	})
	t.w.say("log: %s", b.String())
	if t.Handler.Enabled(ctx, r.Level) {
		return t.Handler.Handle(ctx, r)
	}
	return nil
}
