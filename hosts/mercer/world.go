package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// world is what commands reach outside of their own arguments.
type world struct {
	environ  []string
	in       io.Reader
	out, err io.Writer
	started  bool // the command line could be read

	db, data, url, token, format string // flags
}

// shop is an open shop, here or elsewhere.
type shop struct {
	*commerce.Shop
	files files
	close func(context.Context) error
	where string // its address in a browser
}

// files are what operations cannot carry.
type files interface {
	Import(ctx context.Context, f boot.Upload, o importer.ImportOptions, progress func(boot.Import)) (boot.Import, error)
	Export(ctx context.Context, w io.Writer, o importer.ExportOptions) error
}

// note tells people something, on stderr.
func (w *world) note(format string, args ...any) {
	fmt.Fprintf(w.err, format+"\n", args...)
}

// getenv returns a variable of the environment.
func (w *world) getenv(name string) string {
	value := ""
	for _, e := range w.environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// config reads the configuration from the environment and the flags of cmd.
func (w *world) config(cmd *cobra.Command) (boot.Config, error) {
	flags := map[string]string{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = f.Value.String() })
	known := map[string]string{}
	for _, f := range boot.Flags() {
		known[f.Name] = flags[f.Name]
	}
	return boot.Load(known, w.environ)
}

// logger is for the library: a command tells little unless it is asked to.
func (w *world) logger(c boot.Config) *slog.Logger {
	if w.getenv("MERCER_LOG") == "" {
		c.LogLevel = slog.LevelWarn
	}
	return c.Logger(w.err)
}

// remote returns the address of the shop elsewhere that was asked for, "" for a
// local one. A flag goes before the environment.
func (w *world) remote() (string, error) {
	env := w.getenv("MERCER_URL")
	switch {
	case w.url != "" && w.db != "":
		return "", usage("--db is for a local shop and --url for a remote one: give one of them")
	case w.url != "":
		return w.base(w.url)
	case env == "" || w.db != "":
		return "", nil
	case w.getenv("MERCER_DB") != "":
		return "", usage("MERCER_DB is for a local shop and MERCER_URL for a remote one: set one of them, or give --db or --url")
	default:
		return w.base(env)
	}
}

func (w *world) base(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", usagef("--url wants an address as https://shop.example")
	}
	return strings.TrimSuffix(address, "/"), nil
}

// secret returns the key for a remote shop, "" without.
func (w *world) secret() (string, error) {
	if w.token != "" {
		return fromFile(w.token)
	}
	v, err := fromFile(w.getenv("MERCER_TOKEN"))
	path := w.getenv("MERCER_TOKEN_FILE")
	if path == "" || err != nil {
		return v, err
	}
	filed, err := fromFile("@" + path)
	if v != "" && v != filed {
		return "", usage("MERCER_TOKEN has another value than MERCER_TOKEN_FILE: set one of them")
	}
	return filed, err
}

// fromFile returns what is in the file that @file names, and everything else as
// it is.
func fromFile(v string) (string, error) {
	path, ok := strings.CutPrefix(v, "@")
	if !ok {
		return v, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", usagef("the token cannot be read: %v", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// localOnly returns a usage error when a remote shop was asked for.
func (w *world) localOnly(what string) error {
	base, err := w.remote()
	if err == nil && base != "" {
		err = usagef("%s works on a local shop only: run it where the database is, without --url", what)
	}
	return err
}

// open opens the shop that the flags name.
func (w *world) open(cmd *cobra.Command) (*shop, error) {
	if err := w.checkFormat(); err != nil {
		return nil, err
	}
	base, err := w.remote()
	switch {
	case err != nil:
		return nil, err
	case base != "":
		return w.openRemote(base)
	case w.token != "":
		return nil, usage("--token is for a remote shop: give --url too")
	default:
		return w.openLocal(cmd, boot.OpenCommand)
	}
}

func (w *world) openRemote(base string) (*shop, error) {
	token, err := w.secret()
	if err != nil {
		return nil, err
	}
	w.note("shop: %s", base)
	client := httpapi.Client{Base: base, Token: token}
	return &shop{Shop: commerce.Remote(client), files: boot.Remote{Base: base, Token: token}, where: base,
		close: func(context.Context) error { return nil }}, nil
}

// opener opens a local shop.
type opener func(context.Context, boot.Config, *slog.Logger) (*boot.Shop, error)

func (w *world) openLocal(cmd *cobra.Command, open opener) (*shop, error) {
	c, err := w.config(cmd)
	if err != nil {
		return nil, err
	}
	s, err := open(cmd.Context(), c, w.logger(c))
	if err != nil {
		return nil, err
	}
	w.note("shop: %s", c.Database())
	return &shop{Shop: commerce.Remote(newLocal(s)), files: s, where: boot.URL(c.Addr), close: func(context.Context) error {
		return errors.Join(w.drain(cmd.Context(), s), s.Close())
	}}, nil
}

// drain brings lists up to date: they must show the change even when no server
// runs. Who does not want to wait for it leaves it to the next server.
func (w *world) drain(ctx context.Context, s *boot.Shop) error {
	slow := time.AfterFunc(2*time.Second, func() { w.note("bringing the lists up to date; Ctrl-C leaves that to the next server") })
	defer slow.Stop()
	if err := s.Drain(ctx); ctx.Err() == nil {
		return err
	}
	w.note("the next server brings the lists up to date")
	return nil
}

// with runs fn on the shop that the flags name.
func (w *world) with(fn func(cmd *cobra.Command, s *shop, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := w.open(cmd)
		if err != nil {
			return err
		}
		err = fn(cmd, s, args)
		return errors.Join(err, s.close(context.WithoutCancel(cmd.Context())))
	}
}

// keyed adds --idempotency-key to a command that changes something, and makes
// the key when it is not given.
func (w *world) keyed(cmd *cobra.Command) *cobra.Command {
	key := cmd.Flags().String("idempotency-key", "", "key under which this happens once, however often it is sent; made when absent")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		k := *key
		if k == "" {
			k = ident.NewID("key")
			w.note("idempotency key: %s", k)
		}
		cmd.SetContext(ident.WithKey(cmd.Context(), k))
		return run(cmd, args)
	}
	return cmd
}

// confirmed adds --yes to a command that cannot be undone, and asks without it.
func (w *world) confirmed(cmd *cobra.Command, question func(args []string) string) *cobra.Command {
	yes := cmd.Flags().Bool("yes", false, "do not ask")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !*yes {
			if err := w.ask(question(args)); err != nil {
				return err
			}
		}
		return run(cmd, args)
	}
	return cmd
}

var errNo = errors.New("nothing was done")

func (w *world) ask(question string) error {
	if !terminal(w.in) {
		return usagef("%s: this cannot be undone; say --yes", question)
	}
	fmt.Fprintf(w.err, "%s? This cannot be undone. [y/N] ", question)
	line, _ := bufio.NewReader(w.in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errNo
	}
	return nil
}

// terminal reports whether a stream of this process is one.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
