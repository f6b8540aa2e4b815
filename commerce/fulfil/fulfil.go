// Package fulfil gets the goods of an order to the shopper: parcels are
// planned, leave, and arrive. A parcel that leaves changes the order and the
// stock together.
package fulfil

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/flow"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Service is the shipping desk as seen by others: an Engine here, a Client
// elsewhere.
type Service interface {
	Create(ctx context.Context, in order.CreateFulfillmentInput) (order.Order, error)
	Ship(ctx context.Context, in ShipInput) (order.Order, error)
	Deliver(ctx context.Context, in order.DeliverFulfillmentInput) (order.Order, error)
	Cancel(ctx context.Context, in order.CancelFulfillmentInput) (order.Order, error)
}

// The operations, as transports know them.
var (
	OpCreate = op.Op[order.CreateFulfillmentInput, order.Order]{Name: "fulfil.create", Access: "orders:write",
		Doc:   "Plans a parcel of some units of an order, or of all that remain.",
		Fails: []*fault.Error{order.ErrNotFound, order.ErrNotConfirmed, order.ErrIllegal, order.ErrNoUnits, order.ErrStale, order.ErrFulfillmentTaken}}
	OpShip = op.Op[ShipInput, order.Order]{Name: "fulfil.ship", Access: "orders:write",
		Doc:   "Says that a parcel has left: its units leave the shelf. Again is fine.",
		Fails: []*fault.Error{order.ErrFulfillmentNotFound, order.ErrIllegalFulfillment, inventory.ErrNotAllocated}}
	OpDeliver = op.Op[order.DeliverFulfillmentInput, order.Order]{Name: "fulfil.deliver", Access: "orders:write",
		Doc: "Says that a parcel has arrived. Again is fine.", Fails: []*fault.Error{order.ErrFulfillmentNotFound, order.ErrIllegalFulfillment, order.ErrIllegal}}
	OpCancel = op.Op[order.CancelFulfillmentInput, order.Order]{Name: "fulfil.cancel", Access: "orders:write",
		Doc: "Gives up a parcel that has not left; its units can be planned again.", Fails: []*fault.Error{order.ErrFulfillmentNotFound, order.ErrIllegalFulfillment}}
)

// ShipInput says that a parcel has left.
type ShipInput struct {
	ID       string           `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Tracking []order.Tracking `json:"tracking,omitempty" maxItems:"20"`
	Notify   bool             `json:"notify,omitempty" doc:"Tell the shopper."`
}

// Ports are the engines that shipping needs.
type Ports struct {
	Orders  order.Service
	Stock   inventory.Service
	Journal flow.Journal
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log  *slog.Logger     // slog.Default()
	Now  func() time.Time // time.Now
	Idle time.Duration    // as in flow.Options
}

// Engine plans and ships parcels. It is safe for concurrent use.
type Engine struct {
	Ports
	ship *flow.Flow[shipState]
	now  func() time.Time
}

var _ Service = (*Engine)(nil)

// New returns an Engine over ports. opts may be nil.
func New(ports Ports, opts *Options) *Engine {
	var o Options
	if opts != nil {
		o = *opts
	}
	e := &Engine{Ports: ports, now: o.Now}
	if e.now == nil {
		e.now = time.Now
	}
	type step = flow.Step[shipState]
	e.ship = flow.New("ship", ports.Journal, &flow.Options[shipState]{Now: e.now, Log: cmp.Or(o.Log, slog.Default()), Idle: o.Idle},
		step{Name: "order", Scope: txn.Of(ports.Orders), Do: e.shipOrder, Undo: e.unshipOrder},
		step{Name: "stock", Scope: txn.Of(ports.Stock), Do: e.shipStock, Undo: e.unshipStock},
	)
	return e
}

// Plan says what commits together when a parcel leaves.
func (e *Engine) Plan() string { return e.ship.Plan() }

// Sweep ends what dead processes have left. It is periodic work.
func (e *Engine) Sweep(ctx context.Context) error { return e.ship.Sweep(ctx, e.now()) }

// Create plans a parcel.
func (e *Engine) Create(ctx context.Context, in order.CreateFulfillmentInput) (order.Order, error) {
	if err := OpCreate.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	return e.Orders.CreateFulfillment(ctx, in)
}

// Deliver says that a parcel has arrived.
func (e *Engine) Deliver(ctx context.Context, in order.DeliverFulfillmentInput) (order.Order, error) {
	if err := OpDeliver.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	if err := e.left(ctx, in.FulfillmentID); err != nil {
		return order.Order{}, err
	}
	return e.Orders.DeliverFulfillment(ctx, in)
}

// left brings the leaving of a parcel to its end, if it was cut off: once the
// parcel has arrived it can neither be finished nor undone.
func (e *Engine) left(ctx context.Context, id string) error {
	run, err := e.ship.Try(ctx, id)
	if err == nil {
		err = e.ship.Resume(ctx, run, new(shipState))
	}
	switch {
	case errors.Is(err, flow.ErrTaken):
		return fault.ErrUnavailable.After(time.Second).Because(err)
	case fault.KindOf(err) == fault.Unavailable && !errors.Is(err, flow.ErrAbandoned):
		return err
	default:
		return nil // it has left, or the order says why it has not
	}
}

// Cancel gives a parcel up.
func (e *Engine) Cancel(ctx context.Context, in order.CancelFulfillmentInput) (order.Order, error) {
	if err := OpCancel.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	return e.Orders.CancelFulfillment(ctx, in)
}

// shipState is what the leaving of a parcel has to remember.
type shipState struct {
	OrderID string               `json:"order_id"`
	Ship    ShipInput            `json:"ship"`
	Items   []inventory.Quantity `json:"items"`
}

// Input makes every shipping of one parcel the same run.
func (s *shipState) Input() any { return s.Ship.ID }

// Ship says that a parcel has left. A parcel leaves once; saying it again
// answers with the order. A refusal, such as a parcel that was canceled, is
// found out before the run begins, so that its id is not used up.
func (e *Engine) Ship(ctx context.Context, in ShipInput) (order.Order, error) {
	if err := OpShip.Admit(ctx, in); err != nil {
		return order.Order{}, err
	}
	o, err := e.Orders.OfFulfillment(inside(ctx), order.FulfillmentInput{FulfillmentID: in.ID})
	if err != nil {
		return order.Order{}, err
	}
	s, err := plan(o, in)
	if err != nil {
		return order.Order{}, err
	}
	id, err := e.ship.Try(ctx, in.ID)
	if err != nil {
		return order.Order{}, err
	}
	if err := e.ship.Run(ctx, id, s); err != nil && !errors.Is(err, flow.ErrTaken) {
		return order.Order{}, err
	}
	return e.Orders.Order(inside(ctx), order.IDInput{ID: o.ID})
}

// plan says what leaves the shelf with a parcel.
func plan(o order.Order, in ShipInput) (*shipState, error) {
	s := &shipState{OrderID: o.ID, Ship: in}
	for _, f := range o.Fulfillments {
		if f.ID != in.ID {
			continue
		}
		if f.Status != order.FulShipped && !order.FulfillmentTransitions.Allows(f.Status, order.FulShipped) {
			return nil, order.ErrIllegalFulfillment.With(map[string]string{"from": string(f.Status), "to": string(order.FulShipped)})
		}
		variants := map[string]string{}
		for _, it := range o.Items {
			variants[it.ID] = it.VariantID
		}
		for _, u := range f.Items {
			s.Items = append(s.Items, inventory.Quantity{VariantID: variants[u.ItemID], Quantity: u.Quantity})
		}
	}
	return s, nil
}

func (e *Engine) shipOrder(ctx context.Context, id string, s *shipState) error {
	_, err := e.Orders.ShipFulfillment(inside(ctx), order.ShipFulfillmentInput{FulfillmentID: s.Ship.ID, Key: id, Tracking: s.Ship.Tracking, Notify: s.Ship.Notify})
	return err
}

func (e *Engine) unshipOrder(ctx context.Context, id string, s *shipState) error {
	_, err := e.Orders.UnshipFulfillment(inside(ctx), order.ShipFulfillmentInput{FulfillmentID: s.Ship.ID, Key: id})
	if errors.Is(err, order.ErrFulfillmentNotFound) {
		return nil // and never was
	}
	return err
}

func (e *Engine) shipStock(ctx context.Context, id string, s *shipState) error {
	_, err := e.Stock.Ship(inside(ctx), inventory.ShipInput{OrderID: s.OrderID, CauseID: id, Items: s.Items})
	return err
}

func (e *Engine) unshipStock(ctx context.Context, id string, s *shipState) error {
	_, err := e.Stock.Unship(inside(ctx), inventory.ShipInput{OrderID: s.OrderID, CauseID: id, Items: s.Items})
	return err
}

// inside returns a context in which the shipping desk itself asks the engines,
// without the caller's memo: a run is repeatable by its id.
func inside(ctx context.Context) context.Context {
	return txn.WithMemo(ident.As(ctx, "fulfil"), nil)
}

// Register serves s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpCreate, s.Create)
	op.Handle(r, OpShip, s.Ship)
	op.Handle(r, OpDeliver, s.Deliver)
	op.Handle(r, OpCancel, s.Cancel)
}

// Client is a Service somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Create implements Service.
func (c Client) Create(ctx context.Context, in order.CreateFulfillmentInput) (order.Order, error) {
	return op.Call(ctx, c, OpCreate, in)
}

// Ship implements Service.
func (c Client) Ship(ctx context.Context, in ShipInput) (order.Order, error) {
	return op.Call(ctx, c, OpShip, in)
}

// Deliver implements Service.
func (c Client) Deliver(ctx context.Context, in order.DeliverFulfillmentInput) (order.Order, error) {
	return op.Call(ctx, c, OpDeliver, in)
}

// Cancel implements Service.
func (c Client) Cancel(ctx context.Context, in order.CancelFulfillmentInput) (order.Order, error) {
	return op.Call(ctx, c, OpCancel, in)
}
