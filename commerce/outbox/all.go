package outbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Under returns r, under which the operations of an outbox have the name of
// their engine in front, as "order.outbox_status": several outboxes can be
// served beside each other. CallUnder is the other end.
func Under(engine string, r op.Registrar) op.Registrar {
	return op.RegistrarFunc(func(h op.Handler) {
		h.Name = under(engine, h.Name)
		r.Register(h)
	})
}

// CallUnder returns c, which calls the operations that were registered Under an
// engine.
func CallUnder(engine string, c op.Caller) op.Caller { return caller{engine, c} }

type caller struct {
	engine string
	op.Caller
}

// Call implements op.Caller.
func (c caller) Call(ctx context.Context, name string, in, out any) error {
	return c.Caller.Call(ctx, under(c.engine, name), in, out)
}

func under(engine, name string) string { return engine + "." + strings.ReplaceAll(name, ".", "_") }

// All returns the Service of several outboxes, by the names of the services
// that have them. Those that share a database count once.
func All(services map[string]Service) Service { return all(services) }

type all map[string]Service

func (a all) names() []string { return slices.Sorted(maps.Keys(a)) }

// Status implements Service. A store of which nothing is known has an Error.
func (a all) Status(ctx context.Context, in op.Nothing) (Status, error) {
	if err := OpStatus.Admit(ctx, in); err != nil {
		return Status{}, err
	}
	out := Status{Stores: []StoreStatus{}}
	for _, name := range a.names() {
		s, err := a[name].Status(ctx, in)
		if err != nil {
			s.Stores = []StoreStatus{{Store: "?" + name, Leases: []Lease{}, Dead: []DeadCount{}, Error: fault.Public(err).Text}}
		}
		for _, st := range s.Stores {
			i := slices.IndexFunc(out.Stores, func(o StoreStatus) bool { return o.Store == st.Store })
			if i < 0 {
				i = len(out.Stores)
				st.Services = []string{}
				out.Stores = append(out.Stores, st)
			}
			out.Stores[i].Services = append(out.Stores[i].Services, name)
		}
	}
	return out, nil
}

// stores returns one service for each store, in order of their names.
func (a all) stores(ctx context.Context) (names []string, err error) {
	seen := map[string]bool{}
	ctx = ident.As(ctx, "outbox") // who may do the rest may do this
	for _, name := range a.names() {
		s, err := a[name].Status(ctx, op.Nothing{})
		if err != nil {
			return nil, err
		}
		fresh := false
		for _, st := range s.Stores {
			fresh = fresh || !seen[st.Store]
			seen[st.Store] = true
		}
		if fresh {
			names = append(names, name)
		}
	}
	return names, nil
}

// turn is where a page of the letters of several services ends.
type turn struct {
	Service string `json:"s"`
	Cursor  string `json:"c"`
}

// Dead implements Service: the letters of one store after those of another.
func (a all) Dead(ctx context.Context, in Letters) (page.Page[Letter], error) {
	if err := OpDead.Admit(ctx, in); err != nil {
		return page.Page[Letter]{}, err
	}
	var at turn
	if _, err := page.Decode(in.Cursor, &at); err != nil {
		return page.Page[Letter]{}, err
	}
	names, err := a.stores(ctx)
	if err != nil {
		return page.Page[Letter]{}, err
	}
	for i, name := range names {
		if name < at.Service {
			continue
		}
		in.Cursor = ""
		if name == at.Service {
			in.Cursor = at.Cursor
		}
		p, err := a[name].Dead(ctx, in)
		switch {
		case err != nil:
			return p, err
		case p.NextCursor != nil:
			p.NextCursor = new(page.Encode(turn{name, *p.NextCursor}))
			return p, nil
		case i+1 == len(names):
			return p, nil
		case len(p.Items) > 0:
			p.NextCursor = new(page.Encode(turn{names[i+1], ""}))
			return p, nil
		}
	}
	return page.Of[Letter](nil, in.Size(), nil), nil
}

// Redrive implements Service.
func (a all) Redrive(ctx context.Context, in LetterInput) (op.Nothing, error) {
	return a.one(ctx, OpRedrive, in, Service.Redrive)
}

// Drop implements Service.
func (a all) Drop(ctx context.Context, in LetterInput) (op.Nothing, error) {
	return a.one(ctx, OpDrop, in, Service.Drop)
}

// one asks one service after the other, until one has the letter.
func (a all) one(ctx context.Context, o op.Op[LetterInput, op.Nothing], in LetterInput,
	do func(Service, context.Context, LetterInput) (op.Nothing, error),
) (op.Nothing, error) {
	if err := o.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	for _, name := range a.names() {
		if _, err := do(a[name], ctx, in); !errors.Is(err, ErrNoLetter) {
			return op.Nothing{}, err
		}
	}
	return op.Nothing{}, ErrNoLetter
}

// Republish implements Service.
func (a all) Republish(ctx context.Context, in RepublishInput) (out RepublishOutput, err error) {
	if err := OpRepublish.Admit(ctx, in); err != nil {
		return out, err
	}
	names, err := a.stores(ctx)
	if err != nil {
		return out, err
	}
	for _, name := range names {
		n, err := a[name].Republish(ctx, in)
		if err != nil {
			return out, err
		}
		out.Count += n.Count
	}
	return out, nil
}
