package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeOptions change how Serve works. The zero value is good.
type ServeOptions struct {
	Log   *slog.Logger  // slog.Default()
	Grace time.Duration // how long requests in flight may take after the end, 25 seconds
	// ReadTimeout is how long a request may take to arrive, 1 minute. A handler
	// that takes more moves it by http.ResponseController.
	ReadTimeout time.Duration
}

// Serve serves h on l until ctx ends. Then it takes no new connection, lets
// requests in flight finish for up to Grace, and returns: nil when all of them
// got their answer. Their contexts do not end with ctx. opts may be nil.
func Serve(ctx context.Context, l net.Listener, h http.Handler, opts *ServeOptions) error {
	var o ServeOptions
	if opts != nil {
		o = *opts
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       cmp.Or(o.ReadTimeout, time.Minute),
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return drain(ctx, srv, cmp.Or(o.Grace, 25*time.Second), failed)
}

func drain(ctx context.Context, srv *http.Server, grace time.Duration, failed <-chan error) error {
	srv.SetKeepAlivesEnabled(false)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("serve: requests were in flight after %v: %w", grace, err), srv.Close())
	}
	<-failed //nolint:errcheck // http.ErrServerClosed
	return err
}
