package contracttest

import (
	"slices"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// key makes a secret key that may read the catalog.
func (w *world) key() account.NewKey {
	w.Helper()
	return got(w.Accounts.CreateKey(w.Context(), account.CreateKeyInput{Name: "Contract", Scopes: []string{"catalog:read"}}))(w)
}

var accountCases = []trial{
	{"account.create_key", func(w *world) {
		if k := w.key(); k.Secret == "" || !slices.Equal(k.Scopes, []string{"catalog:read"}) {
			w.Errorf("key %+v, want one with its secret", k.APIKey)
		}
		w.fails(account.ErrScopeUnknown)(w.Accounts.CreateKey(w.Context(), account.CreateKeyInput{Name: "Contract", Scopes: []string{"moon:write"}}))
		w.fails(fault.ErrDenied)(w.Accounts.CreateKey(shoptest.Staff(w.Context(), "keys:write"), account.CreateKeyInput{Name: "Contract", Scopes: []string{"orders:write"}}))
	}},
	{"account.keys", func(w *world) {
		k := w.key()
		out := got(w.Accounts.Keys(w.Context(), account.KeysInput{}))(w)
		if !slices.ContainsFunc(out.Items, func(o account.APIKey) bool { return o.ID == k.ID }) {
			w.Errorf("the newest keys lack %s", k.ID)
		}
	}},
	{"account.revoke_key", func(w *world) {
		k := w.key()
		for range 2 { // again is fine
			w.ok(w.Accounts.RevokeKey(w.Context(), account.IDInput{ID: k.ID}))
		}
		w.fails(account.ErrKeyNotFound)(w.Accounts.RevokeKey(w.Context(), account.IDInput{ID: nobody}))
		w.fails(fault.ErrUnauthenticated)(w.Accounts.Authenticate(w.inside(), account.AuthenticateInput{Secret: k.Secret}))
	}},
	{"account.authenticate", func(w *world) {
		k := w.key()
		if out := got(w.Accounts.Authenticate(w.inside(), account.AuthenticateInput{Secret: k.Secret}))(w); out.KeyID != k.ID {
			w.Errorf("it is of %s, want %s", out.KeyID, k.ID)
		}
		w.fails(fault.ErrUnauthenticated)(w.Accounts.Authenticate(w.inside(), account.AuthenticateInput{Secret: account.Prefix + "wrong"}))
	}},
}
