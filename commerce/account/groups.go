package account

import (
	"context"
	"slices"
	"time"

	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Group is a sort of customers, such as dealers. Code is its name for programs.
type Group struct {
	ID        string    `json:"id"` // "grp_…"
	Name      string    `json:"name"`
	Code      string    `json:"code"`
	Version   int64     `json:"version"` // 0 is not saved yet
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// idPosition is where a page of groups or roles ends.
type idPosition struct {
	ID string `json:"id"`
}

// Groups returns a page of the groups of customers, the oldest first.
func (e *Engine) Groups(ctx context.Context, in GroupsInput) (page.Page[Group], error) {
	if err := OpGroups.Admit(ctx, in); err != nil {
		return page.Page[Group]{}, err
	}
	var after idPosition
	if _, err := page.Decode(in.Cursor, &after); err != nil {
		return page.Page[Group]{}, err
	}
	found, err := e.store.Groups(ctx, after.ID, in.Size()+1)
	if err != nil {
		return page.Page[Group]{}, err
	}
	return page.Of(found, in.Size(), func(g Group) any { return idPosition{g.ID} }), nil
}

// Group returns a group, or ErrGroupNotFound.
func (e *Engine) Group(ctx context.Context, in IDInput) (Group, error) {
	if err := OpGroup.Admit(ctx, in); err != nil {
		return Group{}, err
	}
	return e.store.Group(ctx, in.ID)
}

// CreateGroup makes a group. It returns ErrGroupTaken.
func (e *Engine) CreateGroup(ctx context.Context, in CreateGroupInput) (Group, error) {
	if err := OpCreateGroup.Admit(ctx, in); err != nil {
		return Group{}, err
	}
	now := e.now()
	g := Group{ID: e.opts.ID("grp"), Name: in.Name, Code: in.Code, CreatedAt: now, UpdatedAt: now}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Group, error) {
		g := g
		err := e.store.SaveGroup(ctx, &g)
		return g, err
	})
}

// UpdateGroup changes the name or the code of a group. It returns
// ErrGroupNotFound and ErrGroupTaken.
func (e *Engine) UpdateGroup(ctx context.Context, in UpdateGroupInput) (Group, error) {
	if err := OpUpdateGroup.Admit(ctx, in); err != nil {
		return Group{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (Group, error) {
		g, err := e.store.Group(ctx, in.ID)
		if err != nil {
			return Group{}, err
		}
		if in.Name != "" {
			g.Name = in.Name
		}
		if in.Code != "" {
			g.Code = in.Code
		}
		g.UpdatedAt = e.now()
		err = e.store.SaveGroup(ctx, &g)
		return g, err
	})
}

// DeleteGroup removes a group without members. It returns ErrGroupNotFound and
// ErrGroupInUse.
func (e *Engine) DeleteGroup(ctx context.Context, in IDInput) (op.Nothing, error) {
	if err := OpDeleteGroup.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	return txn.Get(ctx, e.Scope(), func(ctx context.Context) (op.Nothing, error) {
		if _, err := e.store.Group(ctx, in.ID); err != nil {
			return op.Nothing{}, err
		}
		switch used, err := e.store.HasMember(ctx, in.ID, false); {
		case err != nil:
			return op.Nothing{}, err
		case used:
			return op.Nothing{}, ErrGroupInUse
		}
		return op.Nothing{}, e.store.DeleteGroup(ctx, in.ID)
	})
}

// inGroups returns ids once each and in order, so that units lock the groups in
// one order. It returns ErrGroupNotFound unless each of them is a group.
func (e *Engine) inGroups(ctx context.Context, ids []string) ([]string, error) {
	ids = eachOnce(ids)
	for _, id := range ids {
		if _, err := e.store.Group(ctx, id); err != nil {
			return nil, notAt(err, ErrGroupNotFound, "/groups", id)
		}
	}
	return ids, nil
}

// eachOnce returns ids in order, each once, never nil.
func eachOnce(ids []string) []string {
	return slices.Compact(append([]string{}, slices.Sorted(slices.Values(ids))...))
}
