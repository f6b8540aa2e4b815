package main

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"
)

// newRoot returns the whole tree of commands.
func newRoot(w *world) *cobra.Command {
	root := group("mercer", "Run a shop, and work on one",
		migrateCommand(w), seedCommand(w), catalogCommand(w), stockCommand(w), orderCommand(w),
		apikeyCommand(w), giftcardCommand(w), customerCommand(w), staffCommand(w), outboxCommand(w), reconCommand(w), webhookCommand(w), configCommand(w), serveCommand(w))
	root.Long = `Mercer runs a shop and works on one.

Without --url a command works on a local database: --db, MERCER_DB, or ./data/shop.db.
With --url and --token the same command works on a server.`
	root.Example = `  mercer serve --demo
  mercer catalog import products.csv
  mercer order list --url https://shop.example --token @key.txt`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRun = func(*cobra.Command, []string) { w.started = true }
	f := root.PersistentFlags()
	f.StringVar(&w.db, "db", "", "local shop: a SQLite path, mysql://user:password@host:port/name, or @file with one of them (MERCER_DB)")
	f.StringVar(&w.data, "data", "", "directory of the local shop's files (MERCER_DATA)")
	f.StringVar(&w.url, "url", "", "remote shop, as in https://shop.example (MERCER_URL)")
	f.StringVar(&w.token, "token", "", "secret key for the remote shop, or @file with it (MERCER_TOKEN)")
	f.StringVarP(&w.format, "output", "o", "table", "table, json, yaml or csv")
	return root
}

// group returns a command that only has others below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			text := fmt.Sprintf("there is no command %q in %s", args[0], cmd.CommandPath())
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				text += fmt.Sprintf(": did you mean %q?", near[0])
			}
			return usage(text)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(below...)
	return cmd
}

var negative = regexp.MustCompile(`^-[0-9]+$`)

// negatives moves numbers below zero behind "--", so that they are arguments
// and not flags. Only stock adjust takes any.
func negatives(args []string) []string {
	if !slices.Contains(args, "adjust") || slices.Contains(args, "--") {
		return args
	}
	var flags, numbers []string
	for _, a := range args {
		if negative.MatchString(a) {
			numbers = append(numbers, a)
		} else {
			flags = append(flags, a)
		}
	}
	if numbers == nil {
		return args
	}
	return slices.Concat(flags, []string{"--"}, numbers)
}
