// Package explain tells the whole story of one order: what every engine, the
// outbox and the payment providers have written down about it, in one time line.
// It is for people who have to find out what went wrong, also while a part of
// the shop is away.
package explain

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Service explains orders: an Engine here, a Client elsewhere.
type Service interface {
	Order(ctx context.Context, in order.IDInput) (Explanation, error)
}

// OpOrder explains an order.
var OpOrder = op.Op[order.IDInput, Explanation]{Name: "explain.order", Kind: op.Query, Access: "orders:read",
	Doc: "The whole story of an order: its history, money, stock, events, webhooks and breaks in one time line.", Fails: []*fault.Error{order.ErrNotFound}}

// Explanation is the story of an order.
type Explanation struct {
	Order        Head                    `json:"order"`
	Reservations []inventory.Reservation `json:"reservations" doc:"What is or was kept for it."`
	Items        []Entry                 `json:"items" doc:"What happened, oldest first."`
	Missing      []Missing               `json:"missing" doc:"What nobody has answered for."`
}

// Head is how the order stands now.
type Head struct {
	ID                string                  `json:"id"`
	Number            string                  `json:"number"`
	Status            order.Status            `json:"status"`
	CancelReason      *string                 `json:"cancel_reason"`
	PaymentStatus     order.PaymentStatus     `json:"payment_status"`
	FulfillmentStatus order.FulfillmentStatus `json:"fulfillment_status"`
	PlacedAt          time.Time               `json:"placed_at"`
	ExpiresAt         *time.Time              `json:"expires_at"`
	Total             money.Amount            `json:"total"`
	Balance           order.Balance           `json:"balance"`
}

// The kinds of an Entry, in the order of those of one moment.
const (
	KindOrder    = "order"    // a line of the order's own history
	KindPayment  = "payment"  // an attempt to be paid
	KindWebhook  = "webhook"  // what a provider has sent
	KindMoney    = "money"    // a line of the ledger
	KindRefund   = "refund"   // money that goes back
	KindStock    = "stock"    // units that moved
	KindEvent    = "event"    // what was announced
	KindDelivery = "delivery" // who took an event, or failed on it
	KindBreak    = "break"    // what our books and a provider's do not agree on
)

var kinds = []string{KindOrder, KindPayment, KindWebhook, KindMoney, KindRefund, KindStock, KindEvent, KindDelivery, KindBreak}

// Entry is one thing that happened.
type Entry struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind" enum:"order,payment,webhook,money,refund,stock,event,delivery,break"`
	ID    string    `json:"id" doc:"Of the payment, the refund, the event …; of the order for its own history."`
	Text  string    `json:"text"`
	Actor string    `json:"actor" doc:"Who did it, where somebody has written that down."`
}

// Missing is a part of the story that nobody has answered for.
type Missing struct {
	Part  string `json:"part"`
	Error string `json:"error"`
}

// Ports are what an explanation is made of.
type Ports struct {
	Orders   order.Service
	Payments payment.Service
	Stock    inventory.Service
	Outbox   outbox.Service
}

// Options change how an Engine works. The zero value is good.
type Options struct {
	Log *slog.Logger // slog.Default()
}

// Engine explains orders. It writes nothing, and is safe for concurrent use.
type Engine struct {
	Ports
	log *slog.Logger
}

var _ Service = (*Engine)(nil)

// New returns an Engine over ports. opts may be nil.
func New(ports Ports, opts *Options) *Engine {
	e := &Engine{Ports: ports, log: slog.Default()}
	if opts != nil {
		e.log = cmp.Or(opts.Log, e.log)
	}
	return e
}

// Order tells the story of an order, by id or number. It returns
// order.ErrNotFound. Parts of the shop that do not answer are Missing.
func (e *Engine) Order(ctx context.Context, in order.IDInput) (Explanation, error) {
	if err := OpOrder.Admit(ctx, in); err != nil {
		return Explanation{}, err
	}
	ctx = ident.As(ctx, "explain") // who may see the order may see all of this
	o, err := e.Orders.Order(ctx, in)
	if err != nil {
		return Explanation{}, err
	}
	t := &telling{Engine: e, order: o, out: Explanation{Order: headOf(o), Reservations: []inventory.Reservation{}, Items: []Entry{}, Missing: []Missing{}}}
	for _, p := range []struct {
		name string
		tell func(context.Context) error
	}{
		{"history", t.history}, {"payments", t.payments}, {"ledger", t.ledger}, {"refunds", t.refunds}, {"webhooks", t.webhooks},
		{"breaks", t.breaks}, {"reservations", t.reservations}, {"stock", t.stock}, {"events", t.events},
	} {
		if err := p.tell(ctx); err != nil {
			if ctx.Err() != nil {
				return Explanation{}, ctx.Err()
			}
			e.log.WarnContext(ctx, "explain: a part is missing", "order", o.ID, "part", p.name, "err", err)
			t.out.Missing = append(t.out.Missing, Missing{p.name, fault.Public(err).Text})
		}
	}
	slices.SortStableFunc(t.out.Items, func(a, b Entry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)))
	})
	return t.out, nil
}

func headOf(o order.Order) Head {
	return Head{ID: o.ID, Number: o.Number, Status: o.Status, CancelReason: o.CancelReason, PaymentStatus: o.PaymentStatus, FulfillmentStatus: o.FulfillmentStatus,
		PlacedAt: o.PlacedAt, ExpiresAt: o.ExpiresAt, Total: o.Totals.Total, Balance: o.Balance}
}

// telling is one explanation that is being made.
type telling struct {
	*Engine
	order order.Order
	paid  []payment.Payment
	back  []payment.Refund
	out   Explanation
}

// add adds an entry, unless nothing happened. Words that are empty are left out.
func (t *telling) add(at time.Time, kind, id, actor string, words ...string) {
	if at.IsZero() {
		return
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	t.out.Items = append(t.out.Items, Entry{At: at, Kind: kind, ID: id, Text: strings.Join(words, " "), Actor: actor})
}

// arrow tells a move from one state to another.
func arrow(from, to string) string {
	if from == "" {
		return to
	}
	return from + " → " + to
}

// Register serves s on r.
func Register(r op.Registrar, s Service) { op.Handle(r, OpOrder, s.Order) }

// Client is a Service somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Order implements Service.
func (c Client) Order(ctx context.Context, in order.IDInput) (Explanation, error) {
	return op.Call(ctx, c.Caller, OpOrder, in)
}
