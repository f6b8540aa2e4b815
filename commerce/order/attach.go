package order

import (
	"context"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// AttachInput is a customer, and an address that is proven to be theirs.
type AttachInput struct {
	CustomerID string `json:"customer_id" minLength:"1" maxLength:"64"`
	Email      string `json:"email" format:"email" maxLength:"254"`
}

// AttachOutput says how many orders have become the customer's.
type AttachOutput struct {
	Count int `json:"count"`
}

// attachBatch is how many orders are looked up at once.
const attachBatch = 100

// Attach gives a customer the orders of this address that have no customer, each
// in a unit of its own: what is cut off goes on when it is asked for again.
// Orders of another customer stay where they are, and so do the tokens of
// guests.
func (e *Engine) Attach(ctx context.Context, in AttachInput) (AttachOutput, error) {
	var out AttachOutput
	if err := OpAttach.Admit(ctx, in); err != nil {
		return out, err
	}
	f := Filter{OfGuests: true, Email: strings.ToLower(in.Email), Limit: attachBatch}
	for {
		rows, err := e.store.Orders(ctx, f)
		if err != nil {
			return out, err
		}
		for _, r := range rows {
			attached, err := e.attach(ctx, r.ID, in)
			if err != nil {
				return out, err
			}
			if attached {
				out.Count++
			}
			f.After = &Position{r.Placed, r.ID}
		}
		if len(rows) < attachBatch {
			return out, nil
		}
	}
}

// attach gives one order to a customer, and reports whether it was nobody's.
func (e *Engine) attach(ctx context.Context, id string, in AttachInput) (attached bool, err error) {
	load := func(ctx context.Context) (Row, error) { return e.store.Order(ctx, id) }
	_, err = e.change(ctx, load, func(_ context.Context, t *task) error {
		// The row was found by its lower case, under which two mailboxes can be one.
		attached = t.CustomerID == nil && ident.NormalEmail(t.Email) == ident.NormalEmail(in.Email)
		if attached {
			t.CustomerID = &in.CustomerID
			t.note("customer", "", "", in.CustomerID)
		}
		return nil
	})
	return attached, err
}
