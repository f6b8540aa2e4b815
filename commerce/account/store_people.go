package account

import "context"

// Books is the part of a Store that keeps the addresses of customers.
type Books interface {
	// Book returns the addresses of a customer, an empty book at Version 0 for
	// who has none. In a unit of work nobody else can save it meanwhile.
	Book(ctx context.Context, userID string) (Book, error)

	// SaveBook writes b and adds one to its Version. If the stored Version is
	// not b.Version it writes nothing and returns ErrUserStale; the unit of work
	// of ctx can go on.
	SaveBook(ctx context.Context, b *Book) error
}

// Groups is the part of a Store that keeps the groups of customers.
type Groups interface {
	// Group returns the group, or ErrGroupNotFound. In a unit of work nobody
	// else can save or delete it meanwhile.
	Group(ctx context.Context, id string) (Group, error)

	// Groups returns at most limit groups in the order of their ids, that come
	// after this one.
	Groups(ctx context.Context, after string, limit int) ([]Group, error)

	// SaveGroup writes g and adds one to its Version. If the stored Version is
	// not g.Version it writes nothing and returns ErrGroupNotFound; Version 0 is
	// new. If another group has its Code it writes nothing and returns
	// ErrGroupTaken. The unit of work of ctx can go on after either.
	SaveGroup(ctx context.Context, g *Group) error

	// DeleteGroup forgets a group, one that is not there too.
	DeleteGroup(ctx context.Context, id string) error
}

// Roles is the part of a Store that keeps the roles of the staff. A new store
// has the one called RoleOwner.
type Roles interface {
	// Role returns the role, or ErrRoleNotFound. In a unit of work nobody else
	// can read it in one of theirs, save or delete it meanwhile.
	Role(ctx context.Context, id string) (Role, error)

	// Roles returns at most limit roles in the order of their ids, that come
	// after this one.
	Roles(ctx context.Context, after string, limit int) ([]Role, error)

	// SaveRole writes r and adds one to its Version. If the stored Version is
	// not r.Version it writes nothing and returns ErrRoleNotFound; Version 0 is
	// new. The unit of work of ctx can go on.
	SaveRole(ctx context.Context, r *Role) error

	// DeleteRole forgets a role, one that is not there too.
	DeleteRole(ctx context.Context, id string) error

	// HasMember reports whether any user is in the group or has the role with
	// this id; of those who are not disabled, if active. In a unit of work it
	// sees what other units have committed until now.
	HasMember(ctx context.Context, id string, active bool) (bool, error)
}
