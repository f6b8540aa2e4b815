package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

func category(id, slug string) catalog.Category {
	return catalog.Category{ID: id, Slug: slug, Name: hostile, Path: []string{hostile}, PathIDs: []string{id}, Version: 1}
}

func categories(t *testing.T, s catalog.Store) {
	a, b := category("cat_a", "größe"), category("cat_b", "b")
	b.ParentID, b.Position, b.Path, b.PathIDs = "cat_a", 3, []string{"é", hostile}, []string{"cat_a", "cat_b"}
	if err := s.PutCategories(t.Context(), []catalog.Category{b, a}); err != nil {
		t.Fatal(err)
	}
	a.Slug, b.Slug = b.Slug, a.Slug // they change places
	if err := s.PutCategories(t.Context(), []catalog.Category{a, b}); err != nil {
		t.Fatal(err)
	}
	for ids, want := range map[string][]catalog.Category{"all": {a, b}, "cat_b": {b}} {
		var in []string
		if ids != "all" {
			in = []string{ids, "none"}
		}
		if got, err := s.Categories(t.Context(), in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", ids, got, err, want)
		}
	}
	if got, err := s.Category(t.Context(), "größe"); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("by slug: got %+v, %v; want %+v", got, err, b)
	}
	if err := errors.Join(s.DeleteCategory(t.Context(), "cat_b"), s.DeleteCategory(t.Context(), "cat_b")); err != nil {
		t.Error(err)
	}
	if got, err := s.Categories(t.Context(), nil); err != nil || len(got) != 1 {
		t.Errorf("%d categories are left, %v; want 1", len(got), err)
	}
}

func categorySlugIsUnique(t *testing.T, s catalog.Store) {
	if err := s.PutCategories(t.Context(), []catalog.Category{category("cat_a", "a")}); err != nil {
		t.Fatal(err)
	}
	other := category("cat_c", "c")
	if err := s.PutCategories(t.Context(), []catalog.Category{other, category("cat_b", "a")}); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("%v, want ErrSlugTaken", err)
	}
	if _, err := s.Category(t.Context(), "cat_c"); !errors.Is(err, catalog.ErrCategoryNotFound) {
		t.Errorf("half of it stayed: %v", err)
	}
}

func lockWaits(t *testing.T, s catalog.Store) {
	if err := s.PutCategories(t.Context(), []catalog.Category{category("cat_a", "a")}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				if err := s.Lock(ctx, "category"); err != nil {
					return err
				}
				cs, err := s.Categories(ctx, []string{"cat_a"})
				if err != nil || len(cs) != 1 {
					return errors.Join(fmt.Errorf("%d categories", len(cs)), err)
				}
				cs[0].Position++
				return s.PutCategories(ctx, cs)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c, err := s.Category(t.Context(), "cat_a"); err != nil || c.Position != 8 {
		t.Errorf("position = %d, %v; want 8: a change was lost", c.Position, err)
	}
	n, err := s.Generation(t.Context())
	if err != nil || n != 0 {
		t.Errorf("generation = %d, %v; locks do not count", n, err)
	}
}

func bumpJoins(t *testing.T, s catalog.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			boom := errors.New("boom")
			err := s.Scope().Do(t.Context(), func(ctx context.Context) error {
				if err := s.Bump(ctx); err != nil || i%2 == 0 {
					return err
				}
				return boom
			})
			if err != nil && !errors.Is(err, boom) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := s.Generation(t.Context()); err != nil || n != 4 {
		t.Errorf("generation = %d, %v; want the 4 units that committed", n, err)
	}
}

func ids(found []catalog.Found) []string {
	out := []string{}
	for _, f := range found {
		out = append(out, f.ProductID)
	}
	return out
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
