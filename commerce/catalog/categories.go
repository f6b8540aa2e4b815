package catalog

import (
	"context"
	"maps"
	"slices"

	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Categories returns the whole tree, parents before children, siblings by
// position, then name.
func (e *Engine) Categories(ctx context.Context, in op.Nothing) (CategoriesOutput, error) {
	if err := OpCategories.Admit(ctx, in); err != nil {
		return CategoriesOutput{}, err
	}
	cs, err := e.store.Categories(ctx, nil)
	return CategoriesOutput{Items: inOrder(cs)}, err
}

// Category returns one category by id or slug, be it one that it had before, or
// ErrCategoryNotFound.
func (e *Engine) Category(ctx context.Context, in CategoryInput) (Category, error) {
	if err := OpCategory.Admit(ctx, in); err != nil {
		return Category{}, err
	}
	return e.store.Category(ctx, in.ID)
}

// CreateCategory makes a category. It returns ErrSlugTaken, ErrCategoryNotFound
// when the parent does not exist, or ErrCategoryTooDeep.
func (e *Engine) CreateCategory(ctx context.Context, in CreateCategoryInput) (Category, error) {
	if err := OpCreateCategory.Admit(ctx, in); err != nil {
		return Category{}, err
	}
	c := Category{ID: e.opts.ID("cat"), ParentID: in.ParentID, Slug: in.Slug, Name: in.Name, Position: in.Position}
	return e.grow(ctx, c.ID, func(t *tree) error { return settleCategory(t, c) })
}

// UpdateCategory renames or moves a category; the paths of all below it follow.
// Empty or null as parent makes it a root. It returns ErrCategoryNotFound,
// ErrSlugTaken, ErrCategoryCycle or ErrCategoryTooDeep.
func (e *Engine) UpdateCategory(ctx context.Context, in UpdateCategoryInput) (Category, error) {
	if err := OpUpdateCategory.Admit(ctx, in); err != nil {
		return Category{}, err
	}
	return e.grow(ctx, in.ID, func(t *tree) error {
		c, ok := t.nodes[in.ID]
		if !ok {
			return ErrCategoryNotFound
		}
		c.ParentID, c.Slug = in.ParentID.Or(c.ParentID), in.Slug.Or(c.Slug)
		c.Name, c.Position = in.Name.Or(c.Name), in.Position.Or(c.Position)
		return settleCategory(t, c)
	})
}

// DeleteCategory removes a category. Products that stand in it keep its id,
// which names nothing any more. It returns ErrCategoryNotFound or
// ErrCategoryNotEmpty.
func (e *Engine) DeleteCategory(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteCategory.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	_, err := e.grow(ctx, in.ID, func(t *tree) error {
		if _, ok := t.nodes[in.ID]; !ok {
			return ErrCategoryNotFound
		}
		return t.remove(in.ID)
	})
	return op.Nothing{}, err
}

// settleCategory puts c in t when its texts are sound.
func settleCategory(t *tree, c Category) error {
	var bad faults
	bad.plain("/slug", c.Slug)
	if c.Slug == "" || c.Name == "" {
		bad.add("request.too_short", "/name", "name and slug are not empty")
	}
	if err := bad.err(); err != nil {
		return err
	}
	return t.set(c)
}

// grow changes the tree in one unit of work, while nobody else does, and
// returns the category id as it is then.
func (e *Engine) grow(ctx context.Context, id string, change func(t *tree) error) (Category, error) {
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Category, error) {
		t, err := e.lockTree(ctx)
		if err != nil {
			return Category{}, err
		}
		if err := change(t); err != nil {
			return Category{}, err
		}
		if err := e.writeTree(ctx, t); err != nil {
			return Category{}, err
		}
		return t.nodes[id], nil
	})
}

func (e *Engine) lockTree(ctx context.Context) (*tree, error) {
	if err := e.store.Lock(ctx, "category"); err != nil {
		return nil, err
	}
	cs, err := e.store.Categories(ctx, nil)
	return newTree(cs), err
}

// writeTree writes what has changed in t, with an event for each category that
// was there before and is not only moved with the one above it.
func (e *Engine) writeTree(ctx context.Context, t *tree) error {
	changed, now := t.changed(), e.now()
	var evs []event.Envelope
	for _, id := range slices.Sorted(maps.Keys(t.was)) {
		was := t.was[id]
		c, ok := t.nodes[id]
		if !ok {
			if err := e.store.DeleteCategory(ctx, id); err != nil {
				return err
			}
		}
		if !ok || c.ParentID != was.ParentID || c.Slug != was.Slug || c.Name != was.Name {
			evs = append(evs, CategoryChanged.New(e.opts.ID("evt"), id, now,
				CategoryChangedV1{Category: id, Slug: was.Slug, ParentID: c.ParentID, Deleted: !ok}))
		}
	}
	if len(changed) == 0 && len(evs) == 0 {
		return nil
	}
	if err := e.store.PutCategories(ctx, changed); err != nil {
		return err
	}
	if err := e.store.Record(ctx, evs...); err != nil {
		return err
	}
	return e.store.Bump(ctx)
}

// PutCategories creates or replaces categories by slug in one unit of work.
// Those that cannot be placed fail alone, and with them the new ones below.
func (e *Engine) PutCategories(ctx context.Context, in PutCategoriesInput) (PutCategoriesOutput, error) {
	if err := OpPutCategories.Admit(ctx, in); err != nil && !aboutItems(err, "/categories/") {
		return PutCategoriesOutput{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (PutCategoriesOutput, error) {
		t, err := e.lockTree(ctx)
		if err != nil {
			return PutCategoriesOutput{}, err
		}
		out := plant(t, in.Categories, e.opts.ID)
		return out, e.writeTree(ctx, t)
	})
}
