package account

import (
	"context"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// UpdateMe changes what the user who asks says about themselves.
func (e *Engine) UpdateMe(ctx context.Context, in UpdateMeInput) (User, error) {
	if err := OpUpdateMe.Admit(ctx, in); err != nil {
		return User{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (User, error) {
		u, err := e.self(ctx)
		if err != nil {
			return User{}, err
		}
		u.Name, u.Phone, u.Locale = in.Name.Or(u.Name), in.Phone.Or(u.Phone), in.Locale.Or(u.Locale)
		err = e.saveUser(ctx, &u)
		return u, err
	})
}

// Customers returns a page of customers, the newest first.
func (e *Engine) Customers(ctx context.Context, in CustomersInput) (page.Page[User], error) {
	if err := OpCustomers.Admit(ctx, in); err != nil {
		return page.Page[User]{}, err
	}
	return e.people(ctx, UserFilter{Kind: KindCustomer, Email: ident.NormalEmail(in.Email), Text: in.Q, Group: in.Group}, in.Query)
}

func (e *Engine) people(ctx context.Context, f UserFilter, q page.Query) (page.Page[User], error) {
	var after position
	if _, err := page.Decode(q.Cursor, &after); err != nil {
		return page.Page[User]{}, err
	}
	f.Text = SearchText(f.Text)
	found, err := e.store.Users(ctx, f, after.Created, after.ID, q.Size()+1)
	if err != nil {
		return page.Page[User]{}, err
	}
	return page.Of(found, q.Size(), func(u User) any { return position{u.CreatedAt, u.ID} }), nil
}

// Customer returns a customer, or ErrUserNotFound.
func (e *Engine) Customer(ctx context.Context, in IDInput) (User, error) {
	if err := OpCustomer.Admit(ctx, in); err != nil {
		return User{}, err
	}
	return e.person(ctx, KindCustomer, in.ID)
}

// UpdateCustomer changes what the shop says about a customer. Who is disabled is
// signed out everywhere; access tokens live on for their few minutes. It
// returns ErrUserNotFound.
func (e *Engine) UpdateCustomer(ctx context.Context, in UpdateCustomerInput) (User, error) {
	if err := OpUpdateCustomer.Admit(ctx, in); err != nil {
		return User{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (User, error) {
		u, err := e.person(ctx, KindCustomer, in.ID)
		if err != nil {
			return User{}, err
		}
		was := u
		u.Name, u.Disabled = in.Name.Or(u.Name), in.Disabled.Or(u.Disabled)
		if in.Groups.Set {
			if u.Groups, err = e.inGroups(ctx, in.Groups.Value); err != nil {
				return User{}, err
			}
		}
		if err := e.saveUser(ctx, &u); err != nil {
			return User{}, err
		}
		if u.Disabled && !was.Disabled {
			return u, e.store.EndSessions(ctx, u.ID, "", e.now())
		}
		return u, nil
	})
}

// SearchText returns the form in which names and addresses are searched: lower
// case, with one space between words.
func SearchText(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// SearchText returns what UserFilter.Text is looked for in.
func (u User) SearchText() string { return SearchText(u.Name + " " + u.Email) }
