package pricing

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// countTry counts one more try of a code.
func (e *Engine) countTry(ctx context.Context, cart string) error {
	if e.opts.Unlimited {
		return nil
	}
	keys := []string{ident.Nameless("promotion.cart", cart)}
	if addr := ident.Client(ctx); addr != "" {
		keys = append([]string{ident.Nameless("promotion.client", addr)}, keys...)
	}
	var refused error
	err := e.Scope().Do(ctx, func(ctx context.Context) error {
		refused = nil
		for _, key := range keys {
			ok, wait, err := e.store.Attempt(ctx, key, e.now(), time.Minute, CodeTriesPerMinute)
			if err != nil {
				return err
			}
			if !ok { // the count stays
				refused = ErrTooManyAttempts.After(wait)
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// Prune forgets what was counted and no longer counts.
func (e *Engine) Prune(ctx context.Context) error { return e.store.ForgetAttempts(ctx, e.now()) }
