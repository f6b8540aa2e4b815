package pricing

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// maxMarkets is how many markets a shop may have: they are read as a whole.
const maxMarkets = 100

// Markets returns the markets, the default one first, then by id.
func (e *Engine) Markets(ctx context.Context, in op.Nothing) (MarketsOutput, error) {
	if err := OpMarkets.Admit(ctx, in); err != nil {
		return MarketsOutput{}, err
	}
	s, err := e.current(ctx)
	if err != nil {
		return MarketsOutput{}, err
	}
	out := MarketsOutput{Items: []Market{}}
	for _, m := range s.Markets {
		out.Items = append(out.Items, m.clone())
	}
	slices.SortStableFunc(out.Items, func(a, b Market) int { return cmp.Compare(a.rank(), b.rank()) })
	return out, nil
}

func (m Market) rank() int {
	if m.ID == DefaultMarket {
		return 0
	}
	return 1
}

// clone returns a copy of m whose lists are its own and never null.
func (m Market) clone() Market {
	m.Countries, m.Locales = list(m.Countries), list(m.Locales)
	return m
}

// list returns a copy of l that is never null.
func list[T any](l []T) []T { return append([]T{}, l...) }

// PutMarket makes a market, or changes the one with its id. It returns
// ErrCurrencyFixed for another currency than the market has, and
// ErrTooManyMarkets for the 101st. When somebody makes the same market at the
// same moment it looks again.
func (e *Engine) PutMarket(ctx context.Context, in Market) (m Market, err error) {
	if err := OpPutMarket.Admit(ctx, in); err != nil {
		return Market{}, err
	}
	for range 3 {
		m, err = txn.Get(ctx, e.Scope(), func(ctx context.Context) (Market, error) { return e.putMarket(ctx, in.clone()) })
		if !errors.Is(err, ErrTaken) || txn.Outside(ctx) != nil {
			break
		}
	}
	return m, err
}

func (e *Engine) putMarket(ctx context.Context, m Market) (Market, error) {
	old, err := e.store.Market(ctx, m.ID)
	switch {
	case errors.Is(err, ErrMarketNotFound):
		err = e.createMarket(ctx, m)
	case err != nil:
	case old.Currency != m.Currency:
		err = ErrCurrencyFixed
	case reflect.DeepEqual(old.clone(), m):
		return m, nil
	default:
		err = e.store.SaveMarket(ctx, m)
	}
	if err != nil {
		return Market{}, err
	}
	return m, e.store.Bump(ctx)
}

func (e *Engine) createMarket(ctx context.Context, m Market) error {
	s, err := e.store.Settings(ctx)
	if err != nil {
		return err
	}
	if len(s.Markets) >= maxMarkets {
		return ErrTooManyMarkets
	}
	return e.store.CreateMarket(ctx, m)
}

// seededMethod is the id of the way to deliver that every shop starts with.
const seededMethod = "so_standard"

// Seed gives a new shop what it needs to sell: the market DefaultMarket and a
// way to deliver anywhere for nothing. It does nothing when there is a market.
func (e *Engine) Seed(ctx context.Context, in SeedInput) (op.Nothing, error) {
	if err := OpSeed.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	out, err := txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		s, err := e.store.Settings(ctx)
		if err != nil || len(s.Markets) > 0 {
			return op.Nothing{}, err
		}
		return op.Nothing{}, e.seed(ctx, in)
	})
	if errors.Is(err, ErrTaken) && txn.Outside(ctx) == nil {
		return op.Nothing{}, nil // somebody else has seeded meanwhile
	}
	return out, err
}

func (e *Engine) seed(ctx context.Context, in SeedInput) error {
	m := Market{ID: DefaultMarket, Name: "Default", Currency: in.Currency, Country: in.Country,
		Countries: []string{}, Locales: []string{}, TaxIncluded: in.TaxIncluded, TimeZone: "UTC"}
	if err := e.store.CreateMarket(ctx, m); err != nil {
		return err
	}
	free := ShippingMethod{ID: seededMethod, Name: "Standard", Markets: []string{}, Countries: []string{}, By: Flat,
		Bands: []Band{{Prices: []money.Amount{money.Zero(in.Currency)}}}, TaxCategory: Standard}
	if err := e.store.SaveShippingMethod(ctx, free); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}
