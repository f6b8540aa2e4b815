package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func staffCommand(w *world) *cobra.Command {
	return group("staff", "The people who run the shop", staffCreate(w), staffList(w), staffDisable(w))
}

var staffHead = []string{"ID", "EMAIL", "NAME", "ROLES", "DISABLED", "CREATED"}

func staffRow(u account.User) []string {
	return []string{u.ID, u.Email, u.Name, strings.Join(u.Roles, " "), yes(u.Disabled), when(u.CreatedAt)}
}

func staffCreate(w *world) *cobra.Command {
	var in account.CreateStaffInput
	var password string
	cmd := &cobra.Command{
		Use: "create EMAIL", Short: "Make an account for a member of the staff", Args: cobra.ExactArgs(1),
		Long: "Make an account for a member of the staff.\n\nThe password is asked for on a terminal, or comes from --password @file or MERCER_STAFF_PASSWORD: never from the command line, " +
			"which others on the machine can read.",
		Example: "  mercer staff create boss@shop.example --role owner\n  mercer staff create ann@shop.example --role rol_01JC… --password @password.txt",
	}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		if len(in.Roles) == 0 {
			return usage("--role is missing: say what they may do, as in --role owner")
		}
		var err error
		if in.Password, err = w.password(password); err != nil {
			return err
		}
		in.Email = args[0]
		u, err := s.Accounts.CreateStaff(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: staffHead}
		t.add(staffRow(u)...)
		return w.print(u, t, func(out io.Writer) { showPerson(out, "Staff", u) })
	})
	cmd.Flags().StringSliceVar(&in.Roles, "role", nil, "ids of roles, with commas between; owner may do everything")
	cmd.Flags().StringVar(&in.Name, "name", "", "what they are called")
	cmd.Flags().StringVar(&password, "password", "", "@file with the password (MERCER_STAFF_PASSWORD)")
	return w.keyed(cmd)
}

// password returns the password from where the flag says, from the environment,
// or from the terminal.
func (w *world) password(flag string) (string, error) {
	path, isFile := strings.CutPrefix(flag, "@")
	switch env := w.getenv("MERCER_STAFF_PASSWORD"); {
	case isFile:
		data, err := os.ReadFile(path)
		if err != nil {
			return "", usagef("the password cannot be read: %v", err)
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	case flag != "":
		return "", usage("--password wants @file: what stands on a command line is no secret")
	case env != "":
		return env, nil
	case !terminal(w.in):
		return "", usage("the password is missing: give --password @file or MERCER_STAFF_PASSWORD")
	}
	first, err := w.hidden("Password: ")
	if err != nil {
		return "", err
	}
	again, err := w.hidden("Again: ")
	if err == nil && first != again {
		return "", usage("the two passwords differ")
	}
	return first, err
}

// hidden asks on the terminal for what it does not show.
func (w *world) hidden(question string) (string, error) {
	fmt.Fprint(w.err, question)
	text, err := term.ReadPassword(int(w.in.(*os.File).Fd()))
	w.note("")
	return string(text), err
}

func staffList(w *world) *cobra.Command {
	var in account.StaffInput
	cmd := &cobra.Command{Use: "list", Short: "List the members of the staff, newest first", Args: cobra.NoArgs}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		p, err := s.Accounts.Staff(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: staffHead}
		for _, u := range p.Items {
			t.add(staffRow(u)...)
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	cmd.Flags().StringVarP(&in.Q, "query", "q", "", "what the name or the address contains")
	return cmd
}

func staffDisable(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "disable STAFF", Short: "Sign a member of the staff out for good, by id or address", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		id := args[0]
		if strings.Contains(id, "@") {
			p, err := s.Accounts.Staff(cmd.Context(), account.StaffInput{Query: page.Query{Limit: 100}, Q: id})
			if err != nil {
				return err
			}
			u, err := exactly(p.Items, id)
			if err != nil {
				return err
			}
			id = u.ID
		}
		u, err := s.Accounts.UpdateStaff(cmd.Context(), account.UpdateStaffInput{ID: id, Disabled: op.Some(true)})
		if err != nil {
			return err
		}
		w.note("%s cannot sign in any more", u.Email)
		return nil
	})
	return w.confirmed(w.keyed(cmd), func(args []string) string { return "disable " + args[0] })
}
