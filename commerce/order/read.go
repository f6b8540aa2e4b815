package order

import (
	"context"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Order returns one order: any of them to the staff, a customer's own, or the
// one that a guest's token fits. Everybody else gets ErrNotFound.
func (e *Engine) Order(ctx context.Context, in IDInput) (Order, error) {
	if err := OpOrder.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	row, err := e.find(ctx, in.ID)
	if err != nil {
		return Order{}, err
	}
	d, err := row.document()
	if err != nil {
		return Order{}, err
	}
	if !e.visible(ctx, d.Order) {
		return Order{}, ErrNotFound
	}
	return d.Order, nil
}

// OfFulfillment returns the order that a fulfillment is of, or
// ErrFulfillmentNotFound.
func (e *Engine) OfFulfillment(ctx context.Context, in FulfillmentInput) (Order, error) {
	if err := OpOfFulfillment.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	row, err := e.store.OrderOfFulfillment(ctx, in.FulfillmentID)
	if err != nil {
		return Order{}, err
	}
	d, err := row.document()
	return d.Order, err
}

// Orders returns a page of orders, the one placed last first. A customer sees
// only their own, whatever CustomerID says. A guest gets
// fault.ErrUnauthenticated.
func (e *Engine) Orders(ctx context.Context, in OrdersInput) (page.Page[Order], error) {
	if err := OpOrders.Admit(ctx, in); err != nil {
		return page.Page[Order]{}, err
	}
	who := ident.From(ctx)
	switch {
	case who.May("orders:read"):
	case who.Kind == ident.Customer && who.ID != "":
		in.CustomerID = who.ID
	case who.Kind == ident.Staff:
		return page.Page[Order]{}, fault.ErrDenied.With(map[string]string{"scope": "orders:read"})
	default:
		return page.Page[Order]{}, fault.ErrUnauthenticated
	}
	return e.list(ctx, in)
}

func (e *Engine) list(ctx context.Context, in OrdersInput) (page.Page[Order], error) {
	f := Filter{Status: in.Status, PaymentStatus: in.PaymentStatus, FulfillmentStatus: in.FulfillmentStatus, CustomerID: in.CustomerID,
		Email: strings.ToLower(in.Email), Number: in.Number, From: in.From, To: in.To, Limit: in.Size() + 1}
	var after Position
	more, err := page.Decode(in.Cursor, &after)
	if err != nil {
		return page.Page[Order]{}, err
	}
	if more {
		f.After = &after
	}
	rows, err := e.store.Orders(ctx, f)
	if err != nil {
		return page.Page[Order]{}, err
	}
	items, err := orders(rows)
	if err != nil {
		return page.Page[Order]{}, err
	}
	p := page.Of(items, in.Size(), func(o Order) any { return Position{o.PlacedAt, o.ID} })
	if in.Count == "exact" {
		total, err := e.store.Count(ctx, f)
		if err != nil {
			return page.Page[Order]{}, err
		}
		p.Total = &total
	}
	return p, nil
}

// Timeline returns the history of an order, oldest first, or ErrNotFound.
func (e *Engine) Timeline(ctx context.Context, in IDInput) (TimelineOutput, error) {
	if err := OpTimeline.Admit(ctx, in); err != nil {
		return TimelineOutput{}, err
	}
	row, err := e.find(ctx, in.ID)
	if err != nil {
		return TimelineOutput{}, err
	}
	items, err := e.store.History(ctx, row.ID)
	if err != nil {
		return TimelineOutput{}, err
	}
	return TimelineOutput{Items: items}, nil
}

// AddNote adds a note for the staff to the history of an order, or returns
// ErrNotFound. Shoppers do not see it.
func (e *Engine) AddNote(ctx context.Context, in AddNoteInput) (Order, error) {
	if err := OpAddNote.Admit(ctx, in); err != nil {
		return Order{}, err
	}
	return e.change(ctx, e.named(in.ID), func(_ context.Context, t *task) error {
		t.note("note", "", "", in.Text)
		return nil
	})
}

// Expired returns the ids of pending orders whose ExpiresAt lies before Before,
// and of those whose cancellation began before it, the longest past first.
func (e *Engine) Expired(ctx context.Context, in ExpiredInput) (IDsOutput, error) {
	if err := OpExpired.Admit(ctx, in); err != nil {
		return IDsOutput{}, err
	}
	ids, err := e.store.Expired(ctx, in.Before, in.Limit)
	return IDsOutput{IDs: ids}, err
}
