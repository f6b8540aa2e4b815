package catalog

import (
	"github.com/mercer-commerce/mercer/commerce/check"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// plant puts fs in t, parents before their children whatever their order, and
// returns what became of each.
func plant(t *tree, fs []CategoryFields, newID func(prefix string) string) PutCategoriesOutput {
	p := planter{t: t, fields: fs, index: map[string]int{}, newID: newID, state: make([]int, len(fs)), results: make([]PutCategory, len(fs))}
	for i, f := range fs {
		p.results[i].Slug = f.Slug
		if _, ok := p.index[f.Slug]; ok {
			p.fail(i, ErrSlugTaken.Saying("an earlier category of this call has this slug").At("/slug"))
			continue
		}
		p.index[f.Slug] = i
	}
	for i := range fs {
		p.put(i)
	}
	return PutCategoriesOutput{Results: p.results}
}

type planter struct {
	t       *tree
	fields  []CategoryFields
	index   map[string]int // by slug
	newID   func(prefix string) string
	state   []int
	results []PutCategory
}

// The states of a category on its way.
const (
	waiting = iota
	underWay
	done
)

func (p *planter) fail(i int, err error) {
	p.state[i] = done
	p.results[i].Outcome, p.results[i].Error = OutcomeFailed, fault.Public(err)
}

// put places category i after its parent, when that is of the same call.
func (p *planter) put(i int) {
	if p.state[i] != waiting {
		return
	}
	p.state[i] = underWay
	f := p.fields[i]
	if err := check.Struct(f); err != nil {
		p.fail(i, err)
		return
	}
	parent, err := p.parent(f.ParentSlug)
	if err != nil {
		p.fail(i, err)
		return
	}
	id, had := p.t.slugs[f.Slug]
	if !had {
		id = p.newID("cat")
	}
	c := Category{ID: id, ParentID: parent, Slug: f.Slug, Name: f.Name, Position: f.Position}
	was := p.t.nodes[id]
	if err := settleCategory(p.t, c); err != nil {
		p.fail(i, err)
		return
	}
	p.state[i] = done
	p.results[i].ID, p.results[i].Outcome = id, outcomeOf(had, was, c)
}

// parent returns the id of a parent, which it puts first when it is of the same
// call.
func (p *planter) parent(slug string) (string, error) {
	if slug == "" {
		return "", nil
	}
	if k, ok := p.index[slug]; ok {
		if p.state[k] == underWay {
			return "", ErrCategoryCycle
		}
		p.put(k)
	}
	id, ok := p.t.slugs[slug]
	if !ok {
		return "", ErrCategoryNotFound.With(map[string]string{"slug": slug}).At("/parent_slug")
	}
	return id, nil
}

func outcomeOf(had bool, was, is Category) string {
	switch {
	case !had:
		return OutcomeCreated
	case was.Name != is.Name || was.Position != is.Position || was.ParentID != is.ParentID:
		return OutcomeUpdated
	default:
		return OutcomeUnchanged
	}
}
