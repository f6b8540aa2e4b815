package boot

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Serving is what a program does until ctx ends. It calls ready, when that is
// not nil, with the address in use when it serves.
type Serving func(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error

// Command is another thing that a program does: its name is the argument.
type Command struct {
	Name string
	Args bool // it takes more arguments: Config.Args
	Run  func(ctx context.Context, c Config, log *slog.Logger) error
}

// Main is the main function of a program that serves until it is told to stop.
func Main(program string, serve Serving, more ...Command) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop() // not before the end: make and timeout send a signal twice
	err := Run(ctx, program, os.Args[1:], os.Environ(), os.Stderr, serve, nil, more...)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, program+":", err)
		os.Exit(1)
	}
}

// Run does what the arguments of a program say.
func Run(ctx context.Context, program string, args, environ []string, errs io.Writer, serve Serving, ready func(addr string), more ...Command) error {
	set := flag.NewFlagSet(program, flag.ContinueOnError)
	set.SetOutput(errs)
	for _, f := range Flags() {
		set.String(f.Name, "", f.Usage)
	}
	check := set.Bool("healthcheck", false, "ask the one that serves on this machine whether it is ready, and end")
	if err := set.Parse(args); err != nil {
		return err
	}
	flags := map[string]string{}
	set.Visit(func(f *flag.Flag) {
		if f.Name != "healthcheck" {
			flags[f.Name] = f.Value.String()
		}
	})
	c, err := Load(flags, environ)
	if err != nil {
		return err
	}
	log := c.Logger(errs)
	slog.SetDefault(log)
	switch {
	case *check:
		return healthcheck(ctx, c)
	case set.NArg() == 0:
		return serve(ctx, c, log, ready)
	}
	for _, m := range more {
		if set.Arg(0) == m.Name && (m.Args || set.NArg() == 1) {
			c.Args = set.Args()[1:]
			return m.Run(ctx, c, log)
		}
	}
	return fmt.Errorf("unexpected argument %q", set.Arg(0))
}

// healthcheck asks the server at c.Addr whether it is ready.
func healthcheck(ctx context.Context, c Config) error {
	_, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port)+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return fmt.Errorf("not ready: %s %s", resp.Status, text)
	}
	return nil
}
