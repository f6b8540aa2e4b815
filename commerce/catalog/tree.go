package catalog

import (
	"cmp"
	"maps"
	"slices"
)

// maxDepth is how deep categories stand at most, a root at 1.
const maxDepth = 20

// tree is all categories, while some of them change.
type tree struct {
	was, nodes map[string]Category // by id
	slugs      map[string]string   // id by slug
}

func newTree(cs []Category) *tree {
	t := &tree{was: map[string]Category{}, nodes: map[string]Category{}, slugs: map[string]string{}}
	for _, c := range cs {
		t.was[c.ID], t.nodes[c.ID], t.slugs[c.Slug] = c, c, c.ID
	}
	return t
}

// set puts c in the tree, new or in place of what has its id. It changes
// nothing and returns ErrSlugTaken, ErrCategoryNotFound (the parent),
// ErrCategoryCycle or ErrCategoryTooDeep when the tree would not be one.
func (t *tree) set(c Category) error {
	if id, ok := t.slugs[c.Slug]; ok && id != c.ID {
		return ErrSlugTaken.With(map[string]string{"id": id}).At("/slug")
	}
	if _, ok := t.nodes[c.ParentID]; c.ParentID != "" && !ok {
		return ErrCategoryNotFound.With(map[string]string{"id": c.ParentID}).At("/parent_id")
	}
	depth := 1
	for id := c.ParentID; id != ""; id = t.nodes[id].ParentID {
		if depth++; id == c.ID {
			return ErrCategoryCycle
		}
	}
	old, had := t.nodes[c.ID]
	if had && old.ParentID != c.ParentID {
		depth += t.height(c.ID)
	}
	if depth > maxDepth {
		return ErrCategoryTooDeep
	}
	if had {
		delete(t.slugs, old.Slug)
	}
	t.nodes[c.ID], t.slugs[c.Slug] = c, c.ID
	return nil
}

// remove takes a category out. It returns ErrCategoryNotEmpty if something
// stands below it.
func (t *tree) remove(id string) error {
	for _, c := range t.nodes {
		if c.ParentID == id {
			return ErrCategoryNotEmpty
		}
	}
	delete(t.slugs, t.nodes[id].Slug)
	delete(t.nodes, id)
	return nil
}

// height returns how many levels stand below id.
func (t *tree) height(id string) int {
	h := 0
	for level := map[string]bool{id: true}; ; h++ {
		below := map[string]bool{}
		for _, c := range t.nodes {
			if level[c.ParentID] {
				below[c.ID] = true
			}
		}
		if len(below) == 0 {
			return h
		}
		level = below
	}
}

// changed returns what is not as it was, in the order of ids, with the paths
// that it has now and the next version.
func (t *tree) changed() []Category {
	var out []Category
	for _, id := range slices.Sorted(maps.Keys(t.nodes)) {
		c, was := t.nodes[id], t.was[id]
		c.Path, c.PathIDs, c.Version = t.path(c), t.pathIDs(c), was.Version
		if !sameCategory(c, was) {
			c.Version++
			out = append(out, c)
		}
		t.nodes[id] = c
	}
	return out
}

func sameCategory(a, b Category) bool {
	return a.ID == b.ID && a.Slug == b.Slug && a.Name == b.Name && a.Position == b.Position && a.ParentID == b.ParentID &&
		slices.Equal(a.Path, b.Path) && slices.Equal(a.PathIDs, b.PathIDs)
}

func (t *tree) path(c Category) []string {
	var names []string
	for ; c.ID != ""; c = t.nodes[c.ParentID] {
		names = append(names, c.Name)
	}
	slices.Reverse(names)
	return names
}

func (t *tree) pathIDs(c Category) []string {
	var ids []string
	for ; c.ID != ""; c = t.nodes[c.ParentID] {
		ids = append(ids, c.ID)
	}
	slices.Reverse(ids)
	return ids
}

// inOrder returns cs with parents before their children and siblings by
// position, then name, then id.
func inOrder(cs []Category) []Category {
	below, known := map[string][]Category{}, map[string]bool{}
	for _, c := range cs {
		known[c.ID] = true
	}
	for _, c := range cs {
		parent := c.ParentID
		if !known[parent] {
			parent = ""
		}
		below[parent] = append(below[parent], c)
	}
	out := make([]Category, 0, len(cs))
	var walk func(parent string)
	walk = func(parent string) {
		slices.SortFunc(below[parent], func(a, b Category) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		for _, c := range below[parent] {
			out = append(out, c)
			walk(c.ID)
		}
	}
	walk("")
	return out
}
