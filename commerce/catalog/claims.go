package catalog

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// work is one product of a call on its way.
type work struct {
	fields  ProductFields // settled
	edit    Edit          // New nil: nothing to do yet
	changes []Change
	err     error // why it cannot be done
}

// judge sets err on the works that refer to categories that do not exist or
// claim a SKU that somebody else has. Works count in their order: a SKU that
// one gives up is free for those after it. Against units of work at the same
// time the unique index stands guard.
func (e *Engine) judge(ctx context.Context, works []work) error {
	if err := e.judgeCategories(ctx, works); err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, w := range works {
		for sku := range claims(w.edit) {
			wanted[sku] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	owners, err := e.store.SKUs(ctx, slices.Sorted(maps.Keys(wanted)))
	if err != nil {
		return err
	}
	for i := range works {
		if w := &works[i]; w.err == nil && w.edit.New != nil {
			w.err = claim(owners, w.edit)
		}
	}
	return nil
}

// claim moves SKUs in owners, variant ids by SKU, from the old variants of ed to
// its new ones, or changes nothing and returns ErrSKUTaken.
func claim(owners map[string]string, ed Edit) error {
	released := map[string]bool{}
	if ed.Old != nil {
		for _, v := range ed.Old.Variants {
			released[v.SKU] = true
		}
	}
	for i, v := range ed.New.Variants {
		owner, taken := owners[v.SKU]
		if v.SKU != "" && taken && !released[v.SKU] {
			return skuTaken(v.SKU, owner).At(at("variants", i, "sku"))
		}
	}
	maps.DeleteFunc(owners, func(sku, _ string) bool { return released[sku] })
	for _, v := range ed.New.Variants {
		if v.SKU != "" {
			owners[v.SKU] = v.ID
		}
	}
	return nil
}

// claims yields the SKUs that ed has and its old product did not.
func claims(ed Edit) map[string]bool {
	out := map[string]bool{}
	if ed.New == nil {
		return out
	}
	for _, v := range ed.New.Variants {
		out[v.SKU] = true
	}
	delete(out, "")
	if ed.Old != nil {
		for _, v := range ed.Old.Variants {
			delete(out, v.SKU)
		}
	}
	return out
}

func (e *Engine) judgeCategories(ctx context.Context, works []work) error {
	wanted := map[string]bool{}
	for _, w := range works {
		for _, id := range newCategories(w.edit) {
			wanted[id] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	cs, err := e.store.Categories(ctx, slices.Sorted(maps.Keys(wanted)))
	if err != nil {
		return err
	}
	for _, c := range cs {
		delete(wanted, c.ID)
	}
	for i := range works {
		for _, id := range newCategories(works[i].edit) {
			if wanted[id] && works[i].err == nil {
				works[i].err = ErrCategoryNotFound.With(map[string]string{"id": id}).At("/category_ids")
			}
		}
	}
	return nil
}

// newCategories returns the categories of ed that its old product is not in.
func newCategories(ed Edit) []string {
	switch {
	case ed.New == nil:
		return nil
	case ed.Old == nil:
		return ed.New.CategoryIDs
	}
	return slices.DeleteFunc(slices.Clone(ed.New.CategoryIDs), func(id string) bool { return slices.Contains(ed.Old.CategoryIDs, id) })
}

func skuTaken(sku, variantID string) *fault.Error {
	return ErrSKUTaken.With(map[string]string{"sku": sku, "variant_id": variantID})
}

func hasMeta(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Meta != nil
}
