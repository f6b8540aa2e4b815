package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func migrateCommand(w *world) *cobra.Command {
	return group("migrate", "The tables of a local shop", migrateUp(w), migrateStatus(w))
}

func migrateUp(w *world) *cobra.Command {
	var currency, country string
	cmd := &cobra.Command{
		Use: "up", Short: "Make the tables, or bring them up to date", Args: cobra.NoArgs,
		Long: `Make the tables, or bring them up to date. A new shop can sell right away: it has the market "default", a way to deliver
anywhere for nothing, and payment by cash on delivery, bank transfer and invoice.`,
		Example: "  mercer migrate up --currency EUR --country DE",
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := errors.Join(w.localOnly("migrate"), w.checkFormat()); err != nil {
			return err
		}
		c, err := money.ParseCurrency(currency)
		if err != nil {
			return usagef("--currency wants a currency as EUR; it is %q", currency)
		}
		cfg, err := w.config(cmd)
		if err != nil {
			return err
		}
		return w.migrate(cmd, cfg, c, country)
	}
	cmd.Flags().StringVar(&currency, "currency", "USD", "of the default market of a new shop")
	cmd.Flags().StringVar(&country, "country", "US", "where a new shop is taxed until an address is known")
	return cmd
}

func (w *world) migrate(cmd *cobra.Command, cfg boot.Config, currency money.Currency, country string) (err error) {
	ctx := cmd.Context()
	db, err := boot.OpenDB(ctx, cfg, w.logger(cfg), true)
	if err != nil {
		return err
	}
	w.note("shop: %s", cfg.Database())
	done, err := db.Migrate(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	s, err := boot.OpenNew(ctx, cfg, w.logger(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.drain(ctx, s), s.Close()) }()
	before, err := s.Pricing.Markets(ctx, op.Nothing{})
	if err != nil {
		return err
	}
	if err := s.Seed(ctx, currency, country); err != nil {
		return err
	}
	if len(before.Items) > 0 && (cmd.Flags().Changed("currency") || cmd.Flags().Changed("country")) {
		w.note("the shop has a default market already, in %s: --currency and --country are for a new one", before.Items[0].Currency)
	}
	if len(done) == 0 {
		w.note("nothing to do: the tables are current")
	}
	return w.print(done, migrations(done), nil)
}

// migrations is a table of steps.
func migrations(list []bunstore.Migration) table {
	t := table{head: []string{"MIGRATION", "APPLIED"}}
	for _, m := range list {
		t.add(m.Name, when(m.Applied))
	}
	return t
}

func migrateStatus(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "status", Short: "Say which steps the tables have taken", Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if err := errors.Join(w.localOnly("migrate"), w.checkFormat()); err != nil {
			return err
		}
		cfg, err := w.config(cmd)
		if err != nil {
			return err
		}
		db, err := boot.OpenDB(cmd.Context(), cfg, w.logger(cfg), false)
		if err != nil {
			return err
		}
		w.note("shop: %s", cfg.Database())
		defer func() { err = errors.Join(err, db.Close()) }()
		all, err := db.Migrations(cmd.Context())
		if err != nil {
			return err
		}
		return w.print(all, migrations(all), nil)
	}
	return cmd
}
