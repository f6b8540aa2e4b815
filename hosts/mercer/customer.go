package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
)

func customerCommand(w *world) *cobra.Command {
	return group("customer", "The customers", customerList(w), customerShow(w))
}

var customerHead = []string{"ID", "EMAIL", "VERIFIED", "NAME", "GROUPS", "DISABLED", "CREATED"}

func customerRow(u account.User) []string {
	return []string{u.ID, u.Email, whenever(u.EmailVerifiedAt), u.Name, strings.Join(u.Groups, " "), yes(u.Disabled), when(u.CreatedAt)}
}

func customerList(w *world) *cobra.Command {
	var in account.CustomersInput
	cmd := &cobra.Command{Use: "list", Short: "List the customers, newest first", Args: cobra.NoArgs,
		Example: "  mercer customer list -q lovelace\n  mercer customer list --group grp_01JC…"}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, _ []string) error {
		p, err := s.Accounts.Customers(cmd.Context(), in)
		if err != nil {
			return err
		}
		t := table{head: customerHead}
		for _, u := range p.Items {
			t.add(customerRow(u)...)
		}
		w.more(p.NextCursor)
		return w.print(p, t, nil)
	})
	pages(cmd, &in.Query)
	cmd.Flags().StringVarP(&in.Q, "query", "q", "", "what the name or the address contains")
	cmd.Flags().StringVar(&in.Email, "email", "", "how the address begins")
	cmd.Flags().StringVar(&in.Group, "group", "", "id of a group")
	return cmd
}

func customerShow(w *world) *cobra.Command {
	cmd := &cobra.Command{Use: "show CUSTOMER", Short: "Show a customer, by id or address", Args: cobra.ExactArgs(1)}
	cmd.RunE = w.with(func(cmd *cobra.Command, s *shop, args []string) error {
		u, err := customerOf(cmd, s, args[0])
		if err != nil {
			return err
		}
		t := table{head: customerHead}
		t.add(customerRow(u)...)
		return w.print(u, t, func(out io.Writer) { showPerson(out, "Customer", u) })
	})
	return cmd
}

// customerOf finds a customer by id or address.
func customerOf(cmd *cobra.Command, s *shop, name string) (account.User, error) {
	if !strings.Contains(name, "@") {
		return s.Accounts.Customer(cmd.Context(), account.IDInput{ID: name})
	}
	p, err := s.Accounts.Customers(cmd.Context(), account.CustomersInput{Query: page.Query{Limit: 100}, Email: name})
	if err != nil {
		return account.User{}, err
	}
	return exactly(p.Items, name)
}

// exactly returns the person with this address among those whose addresses begin
// like it or contain it.
func exactly(found []account.User, email string) (account.User, error) {
	for _, u := range found {
		if ident.NormalEmail(u.Email) == ident.NormalEmail(email) {
			return u, nil
		}
	}
	return account.User{}, account.ErrUserNotFound
}

func showPerson(out io.Writer, kind string, u account.User) {
	field(out, kind, u.ID)
	field(out, "Email", u.Email)
	field(out, "Verified", whenever(u.EmailVerifiedAt))
	field(out, "Name", u.Name)
	field(out, "Phone", u.Phone)
	field(out, "Locale", u.Locale)
	field(out, "Groups", strings.Join(u.Groups, " "))
	field(out, "Roles", strings.Join(u.Roles, " "))
	field(out, "Disabled", yes(u.Disabled))
	field(out, "Created", when(u.CreatedAt))
}
