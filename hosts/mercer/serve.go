package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/demo"
)

func serveCommand(w *world) *cobra.Command {
	var trial bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the whole shop on one port", Args: cobra.NoArgs,
		Long: `Serve the whole shop on one port until SIGTERM or Ctrl-C; requests in flight get their answer first.

With --demo it loads a small catalog of its own, makes a key for you, and prints what to try. Run again, it keeps the data.`,
		Example: "  mercer serve --demo\n  mercer serve --addr :8080 --db mysql://shop:secret@db:3306/shop",
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := w.localOnly("serve"); err != nil {
			return err
		}
		c, err := w.config(cmd)
		if err != nil {
			return err
		}
		if trial {
			if c, err = demoConfig(c); err != nil {
				return err
			}
		}
		return w.serve(cmd.Context(), c)
	}
	settingFlags(cmd)
	cmd.Flags().BoolVar(&trial, "demo", false, "with a catalog and a key to try it")
	return cmd
}

func demoConfig(c boot.Config) (boot.Config, error) {
	if c.Env == boot.Production {
		return c, usage("--demo is not for production")
	}
	c.Demo = true
	if c.AllowedOrigins == nil {
		c.AllowedOrigins = []string{"http://localhost:*"}
	}
	return c, nil
}

func (w *world) serve(ctx context.Context, c boot.Config) error {
	return boot.Watched("server", w.serveShop)(ctx, c, c.Logger(w.err), nil)
}

func (w *world) serveShop(ctx context.Context, c boot.Config, log *slog.Logger, _ func(addr string)) (err error) {
	s, err := boot.Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	key := ""
	if c.Demo {
		if key, err = prepareDemo(ctx, c, s); err != nil {
			return err
		}
	}
	return boot.Serve(ctx, c, s, func(addr string) {
		if c.Demo {
			fmt.Fprint(w.out, welcome(boot.URL(addr), key))
			return
		}
		w.note("shop: %s at %s", c.Database(), boot.URL(addr))
	})
}

// prepareDemo loads the catalog and returns the secret of the demo's key.
func prepareDemo(ctx context.Context, c boot.Config, s *boot.Shop) (string, error) {
	if _, err := demo.Load(ctx, s.Shop.Shop, boot.URL(c.Addr)); err != nil {
		return "", fmt.Errorf("load the demo: %w", err)
	}
	if err := s.Drain(ctx); err != nil {
		return "", err
	}
	return demoKey(ctx, s, filepath.Join(c.Data, "demo-key"))
}

// demoKey returns the secret that lies at path, or makes a key and puts its
// secret there when there is none, or it opens nothing any more.
func demoKey(ctx context.Context, s *boot.Shop, path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if secret := strings.TrimSpace(string(data)); secret != "" {
		_, err := s.Accounts.Authenticate(ctx, account.AuthenticateInput{Secret: secret})
		if fault.KindOf(err) != fault.Unauthenticated {
			return secret, err
		}
	}
	k, err := s.Accounts.CreateKey(ctx, account.CreateKeyInput{Name: "demo", Scopes: []string{"*"}})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return k.Secret, os.WriteFile(path, []byte(k.Secret+"\n"), 0o600)
}

// welcome says what there is to try.
func welcome(base, key string) string {
	return fmt.Sprintf(`
The shop is open.

  Start      %[1]s/
  Reference  %[1]s/docs
  Products   %[1]s/v1/products
  Mails      %[1]s/dev/mail
  Staff key  %[2]s

Try it:

  curl -s '%[1]s/v1/products?q=mug&limit=3'
  curl -s %[1]s/v1/carts -H 'Content-Type: application/json' -d '{"items":[{"sku":"MUG-BLUE","quantity":2}]}'
  curl -s %[1]s/v1/admin/orders -H 'Authorization: Bearer %[2]s'

Ctrl-C ends it; the data stays.

`, base, key)
}
