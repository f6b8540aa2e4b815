package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/inventory"
)

func stockCommand(w *world) *cobra.Command {
	return group("stock", "See and change what lies on the shelves", stockShow(w), stockSet(w), stockAdjust(w))
}

func stockShow(w *world) *cobra.Command {
	var in inventory.LevelsInput
	cmd := &cobra.Command{
		Use: "show [VARIANT…]", Short: "Show the stock of some variants, or of all",
		Example: "  mercer stock show MUG-BLUE\n  mercer stock show varsity-top/S",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		for _, ref := range args {
			v, err := s.variant(cmd.Context(), ref)
			if err != nil {
				return err
			}
			in.VariantIDs = append(in.VariantIDs, v.ID)
		}
		p, err := s.Inventory.Levels(cmd.Context(), in)
		if err != nil {
			return err
		}
		t, err := s.levels(cmd.Context(), p.Items)
		if err != nil {
			return err
		}
		if len(args) > 0 && len(p.Items) == 0 {
			w.note("no stock is written for it: it is always for sale")
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	cmd.Flags().StringVar(&in.LocationID, "location", "", "only at this location")
	return cmd
}

// levels is a table of levels with the names of their variants.
func (s *shop) levels(ctx context.Context, levels []inventory.Level) (table, error) {
	t := table{head: []string{"VARIANT", "LOCATION", "ON HAND", "RESERVED", "AVAILABLE", "TRACKED", "BACKORDER", "ID"}}
	var ids []string
	for _, l := range levels {
		ids = append(ids, l.VariantID)
	}
	names := map[string]string{}
	if len(ids) > 0 {
		out, err := s.Catalog.Variants(ctx, catalog.VariantsInput{IDs: ids})
		if err != nil {
			return t, err
		}
		for _, v := range out.Items {
			names[v.ID] = named(v)
		}
	}
	for _, l := range levels {
		backorder := number(l.Backorder)
		if l.Backorder >= inventory.Unlimited {
			backorder = "unlimited"
		}
		t.add(names[l.VariantID], l.LocationID, number(l.OnHand), number(l.Reserved), number(l.Available()), strconv.FormatBool(l.Tracked), backorder, l.VariantID)
	}
	return t, nil
}

// printLevel writes one level.
func (w *world) printLevel(ctx context.Context, s *shop, l inventory.Level) error {
	t, err := s.levels(ctx, []inventory.Level{l})
	if err != nil {
		return err
	}
	return w.print(l, t, nil)
}

func stockSet(w *world) *cobra.Command {
	var in inventory.SetLevelInput
	var expected int64
	cmd := &cobra.Command{
		Use: "set VARIANT QUANTITY", Short: "Say how many of a variant lie on the shelf", Args: cobra.ExactArgs(2),
		Long:    "Say how many of a variant lie on the shelf. From then on its stock is counted and enforced.",
		Example: "  mercer stock set MUG-BLUE 40\n  mercer stock set varsity-top/S 12 --expected 10",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		n, err := quantity(args[1])
		if err != nil {
			return err
		}
		v, err := s.variant(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		in.VariantID, in.OnHand = v.ID, n
		if cmd.Flags().Changed("expected") {
			in.ExpectedOnHand = &expected
		}
		l, err := s.Inventory.SetLevel(cmd.Context(), in)
		if err != nil {
			return err
		}
		w.note("stock of %s is tracked: no more than is there can be sold", named(v))
		return w.printLevel(cmd.Context(), s, l)
	})
	cmd.Flags().StringVar(&in.LocationID, "location", "", "where (main when absent)")
	cmd.Flags().Int64Var(&expected, "expected", 0, "do nothing unless this many lie there now")
	return w.keyed(cmd)
}

func stockAdjust(w *world) *cobra.Command {
	var in inventory.AdjustInput
	cmd := &cobra.Command{
		Use: "adjust VARIANT DELTA", Short: "Add to the shelf, or take from it", Args: cobra.ExactArgs(2),
		Example: "  mercer stock adjust MUG-BLUE 12 --reason received\n  mercer stock adjust MUG-BLUE -1 --reason damaged",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		n, err := quantity(args[1])
		if err != nil {
			return err
		}
		v, err := s.variant(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		in.VariantID, in.Delta = v.ID, n
		l, err := s.Inventory.Adjust(cmd.Context(), in)
		if err != nil {
			return err
		}
		return w.printLevel(cmd.Context(), s, l)
	})
	cmd.Flags().StringVar(&in.LocationID, "location", "", "where (main when absent)")
	cmd.Flags().StringVar(&in.Reason, "reason", "adjusted", "why, in a word")
	return w.keyed(cmd)
}

func quantity(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, usagef("%s is out of range", s)
	}
	if err != nil {
		return 0, usagef("want a whole number; it is %q", s)
	}
	return n, nil
}
