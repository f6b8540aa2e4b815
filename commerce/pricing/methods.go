package pricing

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// ShippingMethods returns the ways to deliver, as shoppers see them: by
// position, name and id.
func (e *Engine) ShippingMethods(ctx context.Context, in op.Nothing) (ShippingMethodsOutput, error) {
	if err := OpShippingMethods.Admit(ctx, in); err != nil {
		return ShippingMethodsOutput{}, err
	}
	s, err := e.current(ctx)
	if err != nil {
		return ShippingMethodsOutput{}, err
	}
	out := ShippingMethodsOutput{Items: []ShippingMethod{}}
	for _, m := range inOrder(s.ShippingMethods) {
		out.Items = append(out.Items, m.clone())
	}
	return out, nil
}

// CreateShippingMethod makes a way to deliver. It returns ErrMarketNotFound for
// a market that the shop does not have.
func (e *Engine) CreateShippingMethod(ctx context.Context, in ShippingMethodFields) (ShippingMethod, error) {
	if err := OpCreateShippingMethod.Admit(ctx, in); err != nil {
		return ShippingMethod{}, err
	}
	if err := e.haveMarkets(ctx, in.Markets); err != nil {
		return ShippingMethod{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (ShippingMethod, error) {
		m := in.method(e.opts.ID("so"))
		if err := e.store.SaveShippingMethod(ctx, m); err != nil {
			return ShippingMethod{}, err
		}
		return m, e.store.Bump(ctx)
	})
}

// UpdateShippingMethod replaces a way to deliver. It returns
// ErrShippingMethodNotFound, or ErrMarketNotFound for a market that the shop
// does not have.
func (e *Engine) UpdateShippingMethod(ctx context.Context, in UpdateShippingMethodInput) (ShippingMethod, error) {
	if err := OpUpdateShippingMethod.Admit(ctx, in); err != nil {
		return ShippingMethod{}, err
	}
	if err := e.haveMarkets(ctx, in.Markets); err != nil {
		return ShippingMethod{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (ShippingMethod, error) {
		old, err := e.store.ShippingMethod(ctx, in.ID)
		if err != nil {
			return ShippingMethod{}, err
		}
		m := in.method(in.ID)
		if reflect.DeepEqual(old.clone(), m) {
			return m, nil
		}
		if err := e.store.SaveShippingMethod(ctx, m); err != nil {
			return ShippingMethod{}, err
		}
		return m, e.store.Bump(ctx)
	})
}

// DeleteShippingMethod removes a way to deliver, or returns
// ErrShippingMethodNotFound.
func (e *Engine) DeleteShippingMethod(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteShippingMethod.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		if err := e.store.DeleteShippingMethod(ctx, in.ID); err != nil {
			return op.Nothing{}, err
		}
		return op.Nothing{}, e.store.Bump(ctx)
	})
}

// haveMarkets returns ErrMarketNotFound unless the shop has all of ids. Markets
// are never deleted, so the answer holds.
func (e *Engine) haveMarkets(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	s, err := e.current(ctx)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if _, ok := s.market(id); !ok {
			return ErrMarketNotFound.At(fmt.Sprintf("/markets/%d", i))
		}
	}
	return nil
}

func (f ShippingMethodFields) method(id string) ShippingMethod {
	return ShippingMethod{ID: id, Name: f.Name, Markets: f.Markets, Countries: f.Countries, By: f.By, Bands: f.Bands,
		TaxCategory: cmp.Or(f.TaxCategory, Standard), MinDays: f.MinDays, MaxDays: f.MaxDays, Position: f.Position}.clone()
}

// clone returns a copy of m whose lists are its own and never null.
func (m ShippingMethod) clone() ShippingMethod {
	m.Markets, m.Countries, m.Bands = list(m.Markets), list(m.Countries), list(m.Bands)
	for i := range m.Bands {
		m.Bands[i].Prices = list(m.Bands[i].Prices)
	}
	return m
}
