package boot

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// until tries to get something that another program has not made ready yet,
// again and again until ctx ends: services start in any order. Why it waits is
// told when it changes, and once in a while.
func until[T any](ctx context.Context, log *slog.Logger, what string, try func(context.Context) (T, error)) (T, error) {
	const pause, remind = 500 * time.Millisecond, 30 * time.Second
	var told string
	var at time.Time
	for {
		v, err := try(ctx)
		if err == nil {
			return v, nil
		}
		if text := err.Error(); text != told || time.Since(at) > remind {
			log.WarnContext(ctx, "waiting for "+what, "err", err)
			told, at = text, time.Now()
		}
		select {
		case <-ctx.Done():
			var none T
			return none, fmt.Errorf("gave up waiting for %s: %w", what, err)
		case <-time.After(pause):
		}
	}
}
