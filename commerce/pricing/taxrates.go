package pricing

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// TaxRates returns the tax rates, by id.
func (e *Engine) TaxRates(ctx context.Context, in op.Nothing) (TaxRatesOutput, error) {
	if err := OpTaxRates.Admit(ctx, in); err != nil {
		return TaxRatesOutput{}, err
	}
	s, err := e.current(ctx)
	if err != nil {
		return TaxRatesOutput{}, err
	}
	return TaxRatesOutput{Items: list(s.TaxRates)}, nil
}

// CreateTaxRate makes a tax rate and announces TaxChanged.
func (e *Engine) CreateTaxRate(ctx context.Context, in TaxRateFields) (TaxRate, error) {
	if err := OpCreateTaxRate.Admit(ctx, in); err != nil {
		return TaxRate{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (TaxRate, error) {
		r := in.rate(e.opts.ID("tax"))
		return r, e.saveTaxRate(ctx, r, r.changed(e))
	})
}

// UpdateTaxRate replaces a tax rate, or returns ErrTaxRateNotFound. It announces
// TaxChanged: for the place that the rate leaves, too, as deleted.
func (e *Engine) UpdateTaxRate(ctx context.Context, in UpdateTaxRateInput) (TaxRate, error) {
	if err := OpUpdateTaxRate.Admit(ctx, in); err != nil {
		return TaxRate{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (TaxRate, error) {
		old, err := e.store.TaxRate(ctx, in.ID)
		r := in.rate(in.ID)
		if err != nil || old == r {
			return old, err
		}
		evs := []event.Envelope{r.changed(e)}
		if old.Country != r.Country || old.Region != r.Region {
			evs = []event.Envelope{old.deleted(e), r.changed(e)}
		}
		return r, e.saveTaxRate(ctx, r, evs...)
	})
}

func (e *Engine) saveTaxRate(ctx context.Context, r TaxRate, evs ...event.Envelope) error {
	if err := e.store.SaveTaxRate(ctx, r); err != nil {
		return err
	}
	if err := e.store.Record(ctx, evs...); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}

// DeleteTaxRate removes a tax rate and announces TaxChanged, or returns
// ErrTaxRateNotFound.
func (e *Engine) DeleteTaxRate(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteTaxRate.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		old, err := e.store.TaxRate(ctx, in.ID)
		if err != nil {
			return op.Nothing{}, err
		}
		if err := e.store.DeleteTaxRate(ctx, in.ID); err != nil {
			return op.Nothing{}, err
		}
		if err := e.store.Record(ctx, old.deleted(e)); err != nil {
			return op.Nothing{}, err
		}
		return op.Nothing{}, e.store.Bump(ctx)
	})
}

func (f TaxRateFields) rate(id string) TaxRate {
	return TaxRate{ID: id, Name: f.Name, Country: f.Country, Region: f.Region, Category: f.Category, Rate: f.Rate}
}

func (r TaxRate) changed(e *Engine) event.Envelope {
	return announce(e, TaxChanged, r.ID, TaxChangedV1{TaxRate: r.ID, Country: r.Country, Region: r.Region})
}

func (r TaxRate) deleted(e *Engine) event.Envelope {
	return announce(e, TaxChanged, r.ID, TaxChangedV1{TaxRate: r.ID, Country: r.Country, Region: r.Region, Deleted: true})
}
