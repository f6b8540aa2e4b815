// Command server serves a whole shop on one port: every engine in this process.
// Its settings come from flags and the environment; server -help names them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop() // not before the end: make and timeout send a signal twice
	if err := run(ctx, os.Args[1:], os.Environ(), os.Stderr, nil); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. ready, when not nil, is called with the address in
// use.
func run(ctx context.Context, args, environ []string, errs io.Writer, ready func(addr string)) (err error) {
	c, err := configure(args, environ, errs)
	if err != nil {
		return err
	}
	log := c.Logger(errs)
	s, err := boot.Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return boot.Serve(ctx, c, s, func(addr string) {
		log.Info("serving", "url", boot.URL(addr), "database", c.Database())
		if ready != nil {
			ready(addr)
		}
	})
}

func configure(args, environ []string, errs io.Writer) (boot.Config, error) {
	set := flag.NewFlagSet("server", flag.ContinueOnError)
	set.SetOutput(errs)
	for _, f := range boot.Flags() {
		set.String(f.Name, "", f.Usage)
	}
	if err := set.Parse(args); err != nil {
		return boot.Config{}, err
	}
	if set.NArg() > 0 {
		return boot.Config{}, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	flags := map[string]string{}
	set.Visit(func(f *flag.Flag) { flags[f.Name] = f.Value.String() })
	return boot.Load(flags, environ)
}
