package catalogtest

import (
	"context"
	"errors"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// slugged is something with a slug: products and categories keep the same rules.
type slugged struct {
	make   func(id, slug string) error
	rename func(id, slug string) error
	remove func(id string) error
	find   func(idOrSlug string) (id string, err error)
	none   error
}

func productsBySlug(ctx context.Context, s catalog.Store) slugged {
	edit := func(id string, change func(old *catalog.Product) *catalog.Product) error {
		p, err := s.Product(ctx, id)
		if err != nil {
			return err
		}
		return s.Edit(ctx, []catalog.Edit{{Old: &p, New: change(&p)}})
	}
	return slugged{
		none: catalog.ErrProductNotFound,
		make: func(id, slug string) error {
			p := product(id, slug)
			return s.Edit(ctx, []catalog.Edit{{New: &p}})
		},
		rename: func(id, slug string) error {
			return edit(id, func(old *catalog.Product) *catalog.Product {
				p := *old
				p.Slug, p.Version = slug, old.Version+1
				return &p
			})
		},
		remove: func(id string) error { return edit(id, func(*catalog.Product) *catalog.Product { return nil }) },
		find: func(idOrSlug string) (string, error) {
			p, err := s.Product(ctx, idOrSlug)
			return p.ID, err
		},
	}
}

func categoriesBySlug(ctx context.Context, s catalog.Store) slugged {
	put := func(id, slug string) error { return s.PutCategories(ctx, []catalog.Category{category(id, slug)}) }
	return slugged{
		none: catalog.ErrCategoryNotFound, make: put, rename: put,
		remove: func(id string) error { return s.DeleteCategory(ctx, id) },
		find: func(idOrSlug string) (string, error) {
			c, err := s.Category(ctx, idOrSlug)
			return c.ID, err
		},
	}
}

func oldProductSlugs(t *testing.T, s catalog.Store)  { oldSlugs(t, s, productsBySlug) }
func oldCategorySlugs(t *testing.T, s catalog.Store) { oldSlugs(t, s, categoriesBySlug) }

func oldSlugs(t *testing.T, store catalog.Store, of func(context.Context, catalog.Store) slugged) {
	s := of(t.Context(), store)
	steps := []struct {
		what string
		do   func() error
		want map[string]string // id by slug, "" for nobody
	}{
		{"made", func() error { return s.make("id_a", "größe-1") }, map[string]string{"größe-1": "id_a", "two": ""}},
		{"renamed", func() error { return s.rename("id_a", "two") }, map[string]string{"größe-1": "id_a", "two": "id_a", "Größe-1": ""}},
		{"renamed again", func() error { return s.rename("id_a", "three") }, map[string]string{"größe-1": "id_a", "two": "id_a", "three": "id_a"}},
		{"renamed back", func() error { return s.rename("id_a", "two") }, map[string]string{"größe-1": "id_a", "two": "id_a", "three": "id_a"}},
		{"another takes an old one", func() error { return s.make("id_b", "three") }, map[string]string{"three": "id_b", "two": "id_a"}},
		{"and gives it up", func() error { return s.rename("id_b", "four") }, map[string]string{"three": "id_b", "four": "id_b"}},
		{"one may be called by an old slug of another", func() error { return s.rename("id_b", "größe-1") }, map[string]string{"größe-1": "id_b", "four": "id_b"}},
		{"which goes away with it", func() error { return s.remove("id_b") }, map[string]string{"größe-1": "", "three": "", "four": "", "two": "id_a"}},
		{"all are free", func() error { return errors.Join(s.make("id_c", "four"), s.rename("id_c", "three")) }, map[string]string{"three": "id_c", "four": "id_c", "two": "id_a"}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		for slug, want := range step.want {
			got, err := s.find(slug)
			if want == "" && errors.Is(err, s.none) {
				continue
			}
			if got != want || err != nil {
				t.Errorf("%s: %s finds %q, %v; want %q", step.what, slug, got, err, want)
			}
		}
	}
	if err := s.rename("id_c", "two"); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("taking a slug that another has: %v, want ErrSlugTaken", err)
	}
	boom := errors.New("boom")
	if err := store.Scope().Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(of(ctx, store).rename("id_c", "five"), boom)
	}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if got, err := s.find("five"); !errors.Is(err, s.none) {
		t.Errorf("a rename that was rolled back left %q, %v", got, err)
	}
}
