package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/demo"
)

func seedCommand(w *world) *cobra.Command {
	var trial bool
	cmd := &cobra.Command{
		Use: "seed --demo", Short: "Fill a shop with a small catalog to try it", Args: cobra.NoArgs,
		Long: "Fill a shop with a small catalog of some forty products, with prices, stock, taxes and shipping. What is there already stays.",
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if !trial {
			return usage("say what to fill the shop with: --demo")
		}
		s, err := w.openSeed(cmd)
		if err != nil {
			return err
		}
		out, err := demo.Load(cmd.Context(), s.Shop, s.where)
		if err = errors.Join(err, s.close(context.WithoutCancel(cmd.Context()))); err != nil {
			return err
		}
		t := table{head: []string{"PRODUCTS", "VARIANTS", "UNCHANGED"}}
		t.add(number(int64(out.Products)), number(int64(out.Variants)), number(int64(out.Unchanged)))
		return w.print(out, t, nil)
	}
	cmd.Flags().BoolVar(&trial, "demo", false, "with the demo catalog")
	return cmd
}

// openSeed opens a shop like open, and makes a local one that is missing.
func (w *world) openSeed(cmd *cobra.Command) (*shop, error) {
	base, err := w.remote()
	if err != nil {
		return nil, err
	}
	if base != "" || w.token != "" {
		return w.open(cmd)
	}
	if err := w.checkFormat(); err != nil {
		return nil, err
	}
	return w.openLocal(cmd, func(ctx context.Context, c boot.Config, log *slog.Logger) (*boot.Shop, error) {
		if !c.Migrate {
			return boot.OpenCommand(ctx, c, log)
		}
		s, err := boot.OpenNew(ctx, c, log)
		if err == nil {
			err = s.Seed(ctx, "USD", "US")
		}
		if err != nil && s != nil {
			err = errors.Join(err, s.Close())
		}
		return s, err
	})
}
