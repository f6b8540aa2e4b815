package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func configCommand(w *world) *cobra.Command {
	return group("config", "The configuration of a local shop", configShow(w), configCheck(w))
}

func configShow(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Show every setting and where it comes from, secrets masked", Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := w.checkFormat(); err != nil {
			return err
		}
		c, err := w.config(cmd) // what is wrong is said below what is there
		t := table{head: []string{"SETTING", "VALUE", "SOURCE"}}
		for _, s := range c.Settings() {
			t.add(s.Name, s.Value, s.Source)
		}
		return errors.Join(w.print(c.Settings(), t, nil), err)
	}
	settingFlags(cmd)
	return cmd
}

func configCheck(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "check", Short: "Say everything that is wrong with the configuration", Args: cobra.NoArgs}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := w.checkFormat(); err != nil {
			return err
		}
		c, err := w.config(cmd)
		faults := boot.Faults{}
		if f, ok := errors.AsType[boot.Faults](err); ok {
			faults = f
		}
		faults = append(faults, c.ServeFaults()...)
		t := table{head: []string{"SETTING", "FAULT"}}
		for _, f := range faults {
			t.add(f.Name, f.Message)
		}
		if err := w.print(faults, t, nil); err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		w.note("the configuration has no faults")
		return nil
	}
	settingFlags(cmd)
	return cmd
}

// settingFlags adds the flags of all settings but those that every command has.
func settingFlags(cmd *cobra.Command) {
	for _, f := range boot.Flags() {
		if f.Name != "db" && f.Name != "data" {
			cmd.Flags().String(f.Name, "", f.Usage)
		}
	}
}
