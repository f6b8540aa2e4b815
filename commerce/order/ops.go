package order

import (
	"cmp"
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is the orders as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Place(ctx context.Context, in PlaceInput) (Order, error)
	Withdraw(ctx context.Context, in WithdrawInput) (op.Nothing, error)
	Confirm(ctx context.Context, in IDInput) (Order, error)
	BeginCancel(ctx context.Context, in CancelInput) (Order, error)
	FinishCancel(ctx context.Context, in IDInput) (Order, error)
	KeepAfterAll(ctx context.Context, in KeepAfterAllInput) (Order, error)
	NotePayment(ctx context.Context, in NotePaymentInput) (Order, error)
	Expired(ctx context.Context, in ExpiredInput) (IDsOutput, error)
	ExtendHold(ctx context.Context, in ExtendHoldInput) (Order, error)

	Order(ctx context.Context, in IDInput) (Order, error)
	Orders(ctx context.Context, in OrdersInput) (page.Page[Order], error)
	Timeline(ctx context.Context, in IDInput) (TimelineOutput, error)
	AddNote(ctx context.Context, in AddNoteInput) (Order, error)

	Attach(ctx context.Context, in AttachInput) (AttachOutput, error)
	Lookup(ctx context.Context, in LookupInput) (Accepted, error)
	AccessMail(ctx context.Context, in AccessMailInput) (AccessMailOutput, error)
	Access(ctx context.Context, in AccessInput) (AccessOutput, error)

	CreateFulfillment(ctx context.Context, in CreateFulfillmentInput) (Order, error)
	ShipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error)
	UnshipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error)
	DeliverFulfillment(ctx context.Context, in DeliverFulfillmentInput) (Order, error)
	CancelFulfillment(ctx context.Context, in CancelFulfillmentInput) (Order, error)
	OfFulfillment(ctx context.Context, in FulfillmentInput) (Order, error)

	PlanRefund(ctx context.Context, in RefundInput) (Refund, error)
	BeginRefund(ctx context.Context, in BeginRefundInput) (Order, error)
	DropRefund(ctx context.Context, in DropRefundInput) (Order, error)
	NoteRefund(ctx context.Context, in NoteRefundInput) (Order, error)
}

// The operations, as transports know them.
var (
	OpPlace = op.Op[PlaceInput, Order]{Name: "order.place", Access: op.Inside,
		Doc: "Writes an order, once for each checkout.", Fails: []*fault.Error{ErrBadSums, once.ErrUndone}}
	OpWithdraw = op.Op[WithdrawInput, op.Nothing]{Name: "order.withdraw", Access: op.Inside,
		Doc: "Undoes Place and keeps a late one out.", Fails: []*fault.Error{ErrIllegal, ErrInFulfillment}}
	OpConfirm = op.Op[IDInput, Order]{Name: "order.confirm", Access: op.Inside,
		Doc: "Says that an order is paid for, or need not be yet. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrIllegal}}
	OpBeginCancel = op.Op[CancelInput, Order]{Name: "order.begin_cancel", Access: op.Inside,
		Doc: "Begins to cancel: no unit may have been planned for shipping. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrIllegal, ErrInFulfillment, ErrStale}}
	OpFinishCancel = op.Op[IDInput, Order]{Name: "order.finish_cancel", Access: op.Inside,
		Doc: "Ends a cancellation. Again is fine.", Fails: []*fault.Error{ErrNotFound, ErrIllegal}}
	OpKeepAfterAll = op.Op[KeepAfterAllInput, Order]{Name: "order.keep_after_all", Access: op.Inside,
		Doc: "Turns a canceling order back to what it was: its payment has succeeded.", Fails: []*fault.Error{ErrNotFound, ErrIllegal}}
	OpNotePayment = op.Op[NotePaymentInput, Order]{Name: "order.note_payment", Access: op.Inside,
		Doc: "Takes down the state of one of the payments, and confirms the order when that is enough. Older news changes nothing.", Fails: []*fault.Error{ErrNotFound, ErrIllegal, ErrBadSums}}
	OpExtendHold = op.Op[ExtendHoldInput, Order]{Name: "order.extend_hold", Access: op.Inside,
		Doc: "Gives a pending order more time to be paid.", Fails: []*fault.Error{ErrNotFound}}
	OpExpired = op.Op[ExpiredInput, IDsOutput]{Name: "order.expired", Kind: op.Query, Access: op.Inside,
		Doc: "Ids of pending and canceling orders past their time, oldest first."}

	OpOrder = op.Op[IDInput, Order]{Name: "order.order", Kind: op.Query, Access: op.Owner,
		Doc: "One order, by id, or by number for staff.", Fails: []*fault.Error{ErrNotFound}}
	OpOrders = op.Op[OrdersInput, page.Page[Order]]{Name: "order.orders", Kind: op.Query, Access: op.Owner,
		Doc: "Orders, newest first: a customer's own, or all of them for staff."}
	OpTimeline = op.Op[IDInput, TimelineOutput]{Name: "order.timeline", Kind: op.Query, Access: "orders:read",
		Doc: "What happened to an order, oldest first.", Fails: []*fault.Error{ErrNotFound}}
	OpAddNote = op.Op[AddNoteInput, Order]{Name: "order.add_note", Access: "orders:write",
		Doc: "Adds a note for the staff to the history.", Fails: []*fault.Error{ErrNotFound}}

	OpAttach = op.Op[AttachInput, AttachOutput]{Name: "order.attach", Access: op.Inside,
		Doc: "Gives a customer what guests have ordered under an address that is proven to be the customer's. Again is fine."}
	OpLookup = op.Op[LookupInput, Accepted]{Name: "order.lookup", Access: op.Anyone,
		Doc: "Mails a link to an order to its address, if that is the one that is named. The answer does not tell.", Fails: []*fault.Error{ErrTooManyAttempts}}
	OpAccessMail = op.Op[AccessMailInput, AccessMailOutput]{Name: "order.access_mail", Kind: op.Query, Access: op.Inside,
		Doc: "What the mail needs that Lookup has sent, with its code.", Fails: []*fault.Error{ErrChallengeNotFound}}
	OpAccess = op.Op[AccessInput, AccessOutput]{Name: "order.access", Access: op.Anyone,
		Doc: "Gives the token of an order for the code of a mail, once. Idempotency keys are ignored: no answer with tokens is kept.", Fails: []*fault.Error{ErrCodeInvalid}}

	OpCreateFulfillment = op.Op[CreateFulfillmentInput, Order]{Name: "order.create_fulfillment", Access: "orders:write",
		Doc: "Plans a parcel of some units, or of all that remain.", Fails: []*fault.Error{ErrNotFound, ErrNotConfirmed, ErrIllegal, ErrNoUnits, ErrStale, ErrFulfillmentTaken}}
	OpShipFulfillment = op.Op[ShipFulfillmentInput, Order]{Name: "order.ship_fulfillment", Access: op.Inside,
		Doc: "Says that a parcel has left. Again is fine.", Fails: []*fault.Error{ErrFulfillmentNotFound, ErrIllegalFulfillment, ErrIllegal, once.ErrUndone}}
	OpUnshipFulfillment = op.Op[ShipFulfillmentInput, Order]{Name: "order.unship_fulfillment", Access: op.Inside,
		Doc: "Undoes ShipFulfillment.", Fails: []*fault.Error{ErrFulfillmentNotFound, ErrIllegalFulfillment}}
	OpDeliverFulfillment = op.Op[DeliverFulfillmentInput, Order]{Name: "order.deliver_fulfillment", Access: "orders:write",
		Doc: "Says that a parcel has arrived. Again is fine.", Fails: []*fault.Error{ErrFulfillmentNotFound, ErrIllegalFulfillment, ErrIllegal}}
	OpCancelFulfillment = op.Op[CancelFulfillmentInput, Order]{Name: "order.cancel_fulfillment", Access: "orders:write",
		Doc: "Gives up a parcel that has not left.", Fails: []*fault.Error{ErrFulfillmentNotFound, ErrIllegalFulfillment}}
	OpOfFulfillment = op.Op[FulfillmentInput, Order]{Name: "order.of_fulfillment", Kind: op.Query, Access: "orders:read",
		Doc: "The order that a fulfillment is of.", Fails: []*fault.Error{ErrFulfillmentNotFound}}

	OpPlanRefund = op.Op[RefundInput, Refund]{Name: "order.plan_refund", Kind: op.Query, Access: "orders:read",
		Doc: "What would go back, for which goods and to which payments. Nothing is changed.", Fails: []*fault.Error{ErrNotFound, ErrStale, ErrNotConfirmed, ErrNotRefundable, ErrAlreadyRefunded}}
	OpBeginRefund = op.Op[BeginRefundInput, Order]{Name: "order.begin_refund", Access: op.Inside,
		Doc: "Writes down that money is about to go back, once for each refund id.", Fails: []*fault.Error{ErrNotFound, ErrStale, ErrNotConfirmed, ErrNotRefundable, ErrAlreadyRefunded, ErrRefundTaken, once.ErrUndone}}
	OpDropRefund = op.Op[DropRefundInput, Order]{Name: "order.drop_refund", Access: op.Inside,
		Doc: "Undoes BeginRefund and keeps a late one out.", Fails: []*fault.Error{ErrNotFound, ErrRefundNotFound}}
	OpNoteRefund = op.Op[NoteRefundInput, Order]{Name: "order.note_refund", Access: op.Inside,
		Doc: "Takes down how a refund of a payment stands, also of one that was made at the provider. Older news changes nothing.", Fails: []*fault.Error{ErrNotFound, ErrPaymentNotFound, ErrBadSums, ErrIllegalRefund}}
)

// IDInput names an order by id, or by number for staff.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// PlaceInput is an order as the shopper has agreed to it. The engine gives it
// its number and status; ids of items are given. Confirmed says that it needs
// no payment before it may ship.
type PlaceInput struct {
	CheckoutID string `json:"checkout_id" minLength:"1" maxLength:"100"`
	Order      Order  `json:"order"`
	Confirmed  bool   `json:"confirmed,omitempty"`
	Epoch      int    `json:"epoch,omitempty"`
}

// WithdrawInput names a Place.
type WithdrawInput struct {
	ID         string `json:"id" minLength:"1" maxLength:"64"`
	CheckoutID string `json:"checkout_id" minLength:"1" maxLength:"100"`
	Reason     string `json:"reason" enum:"expired,customer,staff,payment_failed,fraud"`
}

// KeepAfterAllInput turns a canceling order back.
type KeepAfterAllInput struct {
	ID   string `json:"id" minLength:"1" maxLength:"64"`
	From int64  `json:"from,omitempty" minimum:"0" doc:"Only what was begun at this version of the order: another cancellation goes on."`
}

// CancelInput cancels an order.
type CancelInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
	Reason  string `json:"reason" enum:"expired,customer,staff,payment_failed,fraud"`
}

// NotePaymentInput is the state of a payment of an order. Version is the
// payment's.
type NotePaymentInput struct {
	ID      string  `json:"id" minLength:"1" maxLength:"64"`
	Payment Payment `json:"payment"`
	Version int64   `json:"version"`
	// Confirm: the payment is enough, and the order confirmed with it. Also one
	// that is being canceled.
	Confirm bool `json:"confirm,omitempty"`
}

// ExpiredInput asks for orders whose ExpiresAt lies before Before.
type ExpiredInput struct {
	Before time.Time `json:"before"`
	Limit  int       `json:"limit" minimum:"1" maximum:"1000"`
}

// ExtendHoldInput gives an order time until Until.
type ExtendHoldInput struct {
	ID    string    `json:"id" minLength:"1" maxLength:"64"`
	Until time.Time `json:"until"`
}

// IDsOutput are ids of orders.
type IDsOutput struct {
	IDs []string `json:"ids"`
}

// OrdersInput asks for a page of orders. Staff see all, a customer their own.
type OrdersInput struct {
	page.Query
	Status            Status            `json:"status,omitempty" query:"status" enum:"draft,pending,confirmed,completed,canceling,canceled"`
	PaymentStatus     PaymentStatus     `json:"payment_status,omitempty" query:"payment_status" maxLength:"32"`
	FulfillmentStatus FulfillmentStatus `json:"fulfillment_status,omitempty" query:"fulfillment_status" maxLength:"32"`
	CustomerID        string            `json:"customer_id,omitempty" query:"customer" maxLength:"64"`
	Email             string            `json:"email,omitempty" query:"email" maxLength:"254"`
	Number            string            `json:"number,omitempty" query:"number" maxLength:"64"`
	From              time.Time         `json:"from,omitzero" query:"from"`
	To                time.Time         `json:"to,omitzero" query:"to"`
	Count             string            `json:"count,omitempty" query:"count" enum:"exact"`
}

// TimelineOutput is the history of an order.
type TimelineOutput struct {
	Items []Entry `json:"items"`
}

// AddNoteInput adds a note.
type AddNoteInput struct {
	ID   string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Text string `json:"text" minLength:"1" maxLength:"5000"`
}

// CreateFulfillmentInput plans a parcel. FulfillmentID is given by the caller
// or made; the same one counts once.
type CreateFulfillmentInput struct {
	ID            string  `json:"id" path:"id" minLength:"1" maxLength:"64"`
	FulfillmentID string  `json:"fulfillment_id,omitempty" maxLength:"64"`
	Version       int64   `json:"version,omitempty" header:"If-Match"`
	LocationID    string  `json:"location_id,omitempty" maxLength:"64"`
	Items         []Units `json:"items,omitempty" maxItems:"500" doc:"Absent: all that remains."`
}

// ShipFulfillmentInput says that a parcel has left.
type ShipFulfillmentInput struct {
	FulfillmentID string     `json:"fulfillment_id" path:"id" minLength:"1" maxLength:"64"`
	Key           string     `json:"key,omitempty" maxLength:"100" doc:"Of this try, by which it is undone; the fulfillment's id when absent."`
	Tracking      []Tracking `json:"tracking,omitempty" maxItems:"20"`
	Notify        bool       `json:"notify,omitempty"`
}

func (in ShipFulfillmentInput) key() string { return cmp.Or(in.Key, in.FulfillmentID) }

// DeliverFulfillmentInput says that a parcel has arrived, now when At is absent.
type DeliverFulfillmentInput struct {
	FulfillmentID string     `json:"fulfillment_id" path:"id" minLength:"1" maxLength:"64"`
	At            *time.Time `json:"at,omitempty"`
}

// CancelFulfillmentInput gives a parcel up.
type CancelFulfillmentInput struct {
	FulfillmentID string `json:"fulfillment_id" path:"id" minLength:"1" maxLength:"64"`
	Reason        string `json:"reason,omitempty" maxLength:"500"`
}

// FulfillmentInput names a fulfillment.
type FulfillmentInput struct {
	FulfillmentID string `json:"fulfillment_id" path:"id" minLength:"1" maxLength:"64"`
}

// RefundInput says what goes back. Where neither items nor shipping nor goodwill
// are named it is all that remains: goods, shipping, fees and what was paid too
// much, as far as it was captured.
type RefundInput struct {
	ID       string        `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version  int64         `json:"version,omitempty" header:"If-Match"`
	Items    []Units       `json:"items,omitzero" minItems:"1" maxItems:"500" doc:"Units at the price they were sold for."`
	Shipping *money.Amount `json:"shipping,omitempty" doc:"So much of the shipping."`
	Goodwill *money.Amount `json:"goodwill,omitempty" doc:"A favor, for no goods."`
	ReturnID string        `json:"return_id,omitempty" maxLength:"64"`
	Reason   string        `json:"reason" minLength:"1" maxLength:"500"`
}

// BeginRefundInput begins a refund. RefundID is given by the caller; the same
// one counts once. Its parts are named after it: RefundID and ".1", ".2" …
type BeginRefundInput struct {
	RefundInput
	RefundID string `json:"refund_id" minLength:"1" maxLength:"60"`
}

// DropRefundInput names a BeginRefund.
type DropRefundInput struct {
	ID       string `json:"id" minLength:"1" maxLength:"64"`
	RefundID string `json:"refund_id" minLength:"1" maxLength:"60"`
}

// NoteRefundInput is the state of a refund of the payment engine. RefundID,
// Version and Amount are that refund's. Reason says why it failed, or why it was
// made.
type NoteRefundInput struct {
	ID        string       `json:"id" minLength:"1" maxLength:"64"`
	RefundID  string       `json:"refund_id" minLength:"1" maxLength:"64"`
	PaymentID string       `json:"payment_id" minLength:"1" maxLength:"64"`
	Status    RefundStatus `json:"status" enum:"pending,succeeded,failed"`
	Amount    money.Amount `json:"amount"`
	Version   int64        `json:"version" minimum:"1"`
	Reason    string       `json:"reason,omitempty" maxLength:"500"`
	At        time.Time    `json:"at,omitzero"` // when it was made
}
