package contracttest

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/catalog"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/storefront"
)

// actor is somebody who tries an operation on things of somebody else.
type actor struct {
	name string
	ident.Actor
}

// strangers are all sorts of callers who own nothing that is asked for. Some of
// them have what is other's.
func strangers(other belongings) (all []actor) {
	held := other.tokens
	foreign := held
	foreign.Kind, foreign.ID = ident.Customer, ident.NewID("cus")
	all = []actor{
		{"a guest", ident.Actor{Kind: ident.Guest}},
		{"a guest with other tokens", held},
		{"a customer", ident.Actor{Kind: ident.Customer, ID: ident.NewID("cus"), Email: "ada@example.com"}},
		{"another customer", insider(other)},
		{"a customer without a name", ident.Actor{Kind: ident.Customer}},
		{"a customer with other tokens", foreign},
		{"a customer with scopes", ident.Actor{Kind: ident.Customer, ID: ident.NewID("cus"), Scopes: []string{"*"}}},
		{"nobody known", ident.Actor{Kind: "robot", ID: "r2", Scopes: []string{"*"}}},
		{"staff without scopes", ident.Actor{Kind: ident.Staff, ID: "key_none"}},
	}
	for _, s := range account.Scopes {
		all = append(all, actor{"staff with " + s, ident.Actor{Kind: ident.Staff, ID: "key_one", Scopes: []string{s}}})
	}
	return all
}

// policy is what an operation answers to strangers. An answer is an HTTP status;
// 0 lets them pass, whatever comes of it.
type policy struct {
	guest, customer, staff int
	unknown                int    // whoever has no name, customer when 0
	scope                  string // that lets staff pass
	own                    bool   // everybody who has signed in has something of it
	member                 int    // others who have signed in, if own
}

// of returns the answer to who.
func (p policy) of(who actor) int {
	switch who.Kind {
	case ident.Guest:
		return p.guest
	case ident.Customer:
		switch {
		case who.ID == "":
			return cmp.Or(p.unknown, p.customer)
		case p.own && who.Session != "":
			return p.member
		}
		return p.customer
	case ident.Staff:
		if p.scope != "" && who.May(p.scope) {
			return 0
		}
		return p.staff
	default:
		return cmp.Or(p.unknown, p.customer)
	}
}

// A thing of somebody else is not there: 404. Who has no name is asked for one:
// 401. Who has one and not the right is told so: 403.
var (
	foreign  = policy{guest: 404, customer: 404, staff: 404}
	readable = policy{guest: 404, customer: 404, staff: 404, scope: "carts:read"}
	ordered  = policy{guest: 404, customer: 404, staff: 404, scope: "orders:read"}
	changed  = policy{guest: 404, customer: 404, staff: 403, scope: "orders:write"}
	named    = policy{guest: 401, customer: 404, staff: 403, unknown: 403}
)

// inside is the policy of what is not the shopper's.
func scoped(a op.Access) policy {
	return policy{guest: 401, customer: 403, staff: 403, scope: a.Scope()}
}

// Every operation answers every sort of caller as is written down, and what is
// refused changes nothing.
func TestPermissions(t *testing.T) {
	top := topologytest.Topologies[0].Open(t)
	w := newWorld(t, &recorder{caller: top.Caller, seen: map[string]bool{}}, topology(t, top))
	theirs, others := w.belongings(), w.belongings()
	all := strangers(others)
	before := digest(t, top.DBs[0])
	for _, h := range operations() {
		t.Run(h.Name, func(t *testing.T) {
			p, in := policyOf(t, h, theirs)
			for _, who := range all {
				want := p.of(who)
				if want == 0 {
					continue
				}
				if got := status(top.Caller.Call(ident.With(t.Context(), who.Actor), h.Name, in, h.NewOut())); got != want {
					t.Errorf("to %s: %d, want %d", who.name, got, want)
				}
			}
			if after := digest(t, top.DBs[0]); after != before {
				t.Errorf("what was refused has changed data:\n%s", before.against(after))
				before = after
			}
		})
	}
}

// policyOf returns what h answers to strangers who send in. An operation that
// nobody has written a policy for fails.
func policyOf(t *testing.T, h op.Handler, theirs belongings) (p policy, in any) {
	t.Helper()
	switch h.Access {
	case op.Anyone:
		return policy{}, blank(h)
	case op.Owner:
		rule, ok := owned[h.Name]
		if !ok {
			t.Fatal("this is for its owner, and nobody has written down what others are told")
		}
		return rule.policy, rule.in(theirs)
	case op.Inside:
		return scoped(h.Access), blank(h)
	}
	if !slices.Contains(account.Scopes, h.Access.Scope()) {
		t.Fatalf("access %q is no scope that there is", h.Access)
	}
	return scoped(h.Access), blank(h)
}

// Who may, is not kept out: their owner, the shop itself, and staff with the one
// scope that is asked for.
func TestPermitted(t *testing.T) {
	top := topologytest.Topologies[0].Open(t)
	w := newWorld(t, &recorder{caller: top.Caller, seen: map[string]bool{}}, topology(t, top))
	for _, h := range operations() {
		t.Run(h.Name, func(t *testing.T) {
			scope := h.Access.Scope()
			if rule, ok := owned[h.Name]; ok {
				scope = rule.scope
			}
			try := func(name string, ctx func(belongings) context.Context) {
				theirs := belongings{}
				if h.Access == op.Owner {
					theirs = w.belongings()
				}
				_, in := policyOf(t, h, theirs)
				err := top.Caller.Call(ctx(theirs), h.Name, in, h.NewOut())
				if code := status(err); code == 401 || code == 403 || h.Access == op.Owner && code != 200 {
					t.Errorf("%s is kept out: %v", name, err)
				}
			}
			if scope != "" {
				try("staff with "+scope, func(belongings) context.Context {
					return w.as(ident.Actor{Kind: ident.Staff, ID: "key_one", Scopes: []string{scope}})
				})
			}
			if h.Access == op.Owner {
				try("the owner", func(b belongings) context.Context { return w.as(owned[h.Name].who(b)) })
			}
			if !owned[h.Name].personal && !slices.Contains(proving, h.Name) {
				try("a service", func(belongings) context.Context { return w.inside() })
			}
		})
	}
}

// proving are operations that find out who somebody is: to whoever proves
// nothing they say so.
var proving = []string{account.OpAuthenticate.Name, account.OpRefresh.Name, account.OpLogin.Name, account.OpStaffLogin.Name}

// status is what HTTP would answer.
func status(err error) int {
	if err == nil {
		return 200
	}
	return fault.KindOf(err).Status()
}

// NULL is nobody: what belongs to no customer is not that of a customer without
// a name, nor of a guest without a token.
func TestNobodyOwnsNothing(t *testing.T) {
	top := topologytest.Topologies[0].Open(t)
	w := newWorld(t, &recorder{caller: top.Caller, seen: map[string]bool{}}, topology(t, top))
	b := w.belongings()
	for _, who := range []ident.Actor{{Kind: ident.Customer}, {Kind: ident.Guest}, {Kind: ident.Customer, Email: b.order.Email}, {}} {
		if _, err := w.Orders.Order(w.as(who), byID(b.order)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("%+v reads the order of a guest: %v", who, err)
		}
		if page, err := w.Orders.Orders(w.as(who), order.OrdersInput{}); err == nil && len(page.Items) > 0 {
			t.Errorf("%+v lists %d orders of guests", who, len(page.Items))
		}
	}
}

// secrets are names of what shoppers are never shown.
var secrets = []string{"password", "hash", "secret", "provider_id", "cost", "actor", "cause_id", "send_count", "checkout_id", "epoch", "attempt", "scopes"}

// What anybody or an owner can read has no field for what is not theirs to know.
func TestShoppersAreShownNoSecrets(t *testing.T) {
	// The engines' own carts are for the shop; shoppers are shown the
	// storefront's.
	internal := func(name string) bool { return strings.HasPrefix(name, "cart.") }
	for _, h := range operations() {
		if h.Access != op.Anyone && h.Access != op.Owner || internal(h.Name) {
			continue
		}
		for _, field := range fieldsOf(h.Out, map[reflect.Type]bool{}) {
			if slices.Contains(secrets, field) {
				t.Errorf("%s shows %s", h.Name, field)
			}
		}
	}
}

// fieldsOf returns the JSON names in a type and all that it is made of.
func fieldsOf(t reflect.Type, seen map[reflect.Type]bool) (names []string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		return fieldsOf(t.Elem(), seen)
	case reflect.Struct:
	default:
		return nil
	}
	if seen[t] {
		return nil
	}
	seen[t] = true
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "-" {
			names = append(append(names, name), fieldsOf(f.Type, seen)...)
		}
	}
	return names
}

// What is not published is not there, for all but staff who may read it.
func TestDraftsAreNotThere(t *testing.T) {
	top := topologytest.Topologies[0].Open(t)
	w := newWorld(t, &recorder{caller: top.Caller, seen: map[string]bool{}}, topology(t, top))
	f := w.fields()
	f.Status, f.Published = catalog.StatusDraft, nil
	draft := got(w.Catalog.CreateProduct(w.Context(), catalog.CreateProductInput{ProductFields: f}))(w)
	v := draft.Variants[0]
	for _, who := range strangers(w.belongings()) {
		if who.May("catalog:read") {
			continue
		}
		ctx := w.as(who.Actor)
		for name, find := range map[string]func(id string) error{
			"catalog.product": func(id string) error { _, err := w.Catalog.Product(ctx, catalog.ProductInput{ID: id}); return err },
			"storefront.product": func(id string) error {
				_, err := w.Storefront.Product(ctx, storefront.ProductInput{ID: id})
				return err
			},
		} {
			for _, id := range []string{draft.ID, draft.Slug} {
				if err := find(id); !errors.Is(err, catalog.ErrProductNotFound) {
					t.Errorf("%s shows a draft to %s: %v", name, who.name, err)
				}
			}
		}
		if _, err := w.Storefront.Variant(ctx, storefront.VariantInput{ID: v.ID}); !errors.Is(err, catalog.ErrVariantNotFound) {
			t.Errorf("storefront.variant shows a draft to %s: %v", who.name, err)
		}
		if out, err := w.Catalog.Variants(ctx, catalog.VariantsInput{IDs: []string{v.ID}, SKUs: []string{v.SKU}}); err != nil || len(out.Items) > 0 {
			t.Errorf("catalog.variants shows %d drafts to %s, %v", len(out.Items), who.name, err)
		}
	}
}
