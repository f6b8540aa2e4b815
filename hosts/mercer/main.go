// Command mercer runs a shop and works on one: on a local database or, with the
// same verbs and the same output, on a server elsewhere.
//
// Data goes to stdout; notes, questions and progress go to stderr. What people
// get wrong: without --url a command opens the database itself. It may do so
// beside a running server, which notices within a second.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop() // not before the end: make and timeout send a signal twice
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run performs one command line and returns the exit code.
func run(ctx context.Context, args, environ []string, in io.Reader, out, errs io.Writer) int {
	w := &world{environ: environ, in: in, out: out, err: errs}
	root := newRoot(w)
	root.SetArgs(negatives(args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err != nil && !w.started {
		err = usage(err.Error())
	}
	return w.fail(err)
}
