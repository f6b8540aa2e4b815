package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/account"
)

func apikeyCommand(w *world) *cobra.Command {
	return group("apikey", "Secret keys of the programs and people who run the shop", apikeyCreate(w), apikeyList(w), apikeyRevoke(w))
}

var apikeyHead = []string{"ID", "NAME", "SCOPES", "HINT", "CREATED", "EXPIRES", "LAST USED", "REVOKED"}

func apikeyRow(k account.APIKey) []string {
	return []string{k.ID, k.Name, strings.Join(k.Scopes, " "), k.Hint, when(k.CreatedAt), whenever(k.ExpiresAt), whenever(k.LastUsedAt), whenever(k.RevokedAt)}
}

func apikeyCreate(w *world) *cobra.Command {
	var in account.CreateKeyInput
	var expires string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a key; its secret is shown once", Args: cobra.ExactArgs(1),
		Long:    "Make a key. Its secret is shown once and kept nowhere.\n\nScopes: " + strings.Join(account.Scopes, ", ") + "; area:* is all of an area, * is everything.",
		Example: "  mercer apikey create warehouse --scope orders:read,orders:write,stock:write\n  mercer apikey create owner --scope '*' -o json",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if len(in.Scopes) == 0 {
			return usage("--scope is missing: say what the key may do, as in --scope orders:read,stock:write")
		}
		var err error
		if in.ExpiresAt, err = moment(expires); err != nil {
			return err
		}
		in.Name = args[0]
		k, err := s.Accounts.CreateKey(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: slices.Concat(apikeyHead, []string{"SECRET"})}
		t.add(append(apikeyRow(k.APIKey), k.Secret)...)
		return w.print(k, t, func(out io.Writer) {
			field(out, "Key", k.ID)
			field(out, "Name", k.Name)
			field(out, "Scopes", strings.Join(k.Scopes, " "))
			field(out, "Expires", whenever(k.ExpiresAt))
			field(out, "Secret", k.Secret)
			w.note("the secret is shown only now")
		})
	})
	cmd.Flags().StringSliceVar(&in.Scopes, "scope", nil, "what the key may do, with commas between")
	cmd.Flags().StringVar(&expires, "expires", "", "when it ends: 2027-01-31, or in how long: 720h")
	return w.keyed(cmd)
}

// moment reads a point in time, or a time from now; nil for "".
func moment(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return new(time.Now().UTC().Add(d).Truncate(time.Second)), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return new(t.UTC()), nil
		}
	}
	return nil, usagef("want a time as 2027-01-31, 2027-01-31T12:00:00Z or 720h; it is %q", s)
}

func apikeyList(w *world) *cobra.Command {
	var in account.KeysInput
	cmd := &cobra.Command{Use: "list", Short: "List the keys, newest first", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		p, err := s.Accounts.Keys(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: apikeyHead}
		for _, k := range p.Items {
			t.add(apikeyRow(k)...)
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	return cmd
}

func apikeyRevoke(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "revoke ID", Short: "End a key at once", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if _, err := s.Accounts.RevokeKey(cmd.Context(), account.IDInput{ID: args[0]}); err != nil {
			return err
		}
		w.note("the key %s opens nothing any more", args[0])
		return nil
	})
	return w.confirmed(w.keyed(cmd), func(args []string) string { return "revoke the key " + args[0] })
}
