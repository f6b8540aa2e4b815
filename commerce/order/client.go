package order

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Register serves s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpPlace, s.Place)
	op.Handle(r, OpWithdraw, s.Withdraw)
	op.Handle(r, OpConfirm, s.Confirm)
	op.Handle(r, OpBeginCancel, s.BeginCancel)
	op.Handle(r, OpFinishCancel, s.FinishCancel)
	op.Handle(r, OpKeepAfterAll, s.KeepAfterAll)
	op.Handle(r, OpNotePayment, s.NotePayment)
	op.Handle(r, OpExpired, s.Expired)
	op.Handle(r, OpExtendHold, s.ExtendHold)
	op.Handle(r, OpOrder, s.Order)
	op.Handle(r, OpOrders, s.Orders)
	op.Handle(r, OpTimeline, s.Timeline)
	op.Handle(r, OpAddNote, s.AddNote)
	op.Handle(r, OpAttach, s.Attach)
	op.Handle(r, OpLookup, s.Lookup)
	op.Handle(r, OpAccessMail, s.AccessMail)
	op.Handle(r, OpAccess, s.Access)
	op.Handle(r, OpCreateFulfillment, s.CreateFulfillment)
	op.Handle(r, OpShipFulfillment, s.ShipFulfillment)
	op.Handle(r, OpUnshipFulfillment, s.UnshipFulfillment)
	op.Handle(r, OpDeliverFulfillment, s.DeliverFulfillment)
	op.Handle(r, OpCancelFulfillment, s.CancelFulfillment)
	op.Handle(r, OpOfFulfillment, s.OfFulfillment)
	op.Handle(r, OpPlanRefund, s.PlanRefund)
	op.Handle(r, OpBeginRefund, s.BeginRefund)
	op.Handle(r, OpDropRefund, s.DropRefund)
	op.Handle(r, OpNoteRefund, s.NoteRefund)
}

// Client is a Service somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Place implements Service. An amount without a currency cannot travel: those
// that need not be given are sent as zero.
func (c Client) Place(ctx context.Context, in PlaceInput) (Order, error) {
	zero := money.Zero(in.Order.Currency)
	in.Order.Balance = Balance{zero, zero, zero, zero}
	in.Order.Payment = nil
	in.Order.Payments = list(in.Order.Payments)
	for i, p := range in.Order.Payments {
		in.Order.Payments[i] = filled(p, in.Order.Currency)
	}
	return op.Call(ctx, c, OpPlace, in)
}

// Withdraw implements Service.
func (c Client) Withdraw(ctx context.Context, in WithdrawInput) (op.Nothing, error) {
	return op.Call(ctx, c, OpWithdraw, in)
}

// Confirm implements Service.
func (c Client) Confirm(ctx context.Context, in IDInput) (Order, error) {
	return op.Call(ctx, c, OpConfirm, in)
}

// BeginCancel implements Service.
func (c Client) BeginCancel(ctx context.Context, in CancelInput) (Order, error) {
	return op.Call(ctx, c, OpBeginCancel, in)
}

// FinishCancel implements Service.
func (c Client) FinishCancel(ctx context.Context, in IDInput) (Order, error) {
	return op.Call(ctx, c, OpFinishCancel, in)
}

// KeepAfterAll implements Service.
func (c Client) KeepAfterAll(ctx context.Context, in KeepAfterAllInput) (Order, error) {
	return op.Call(ctx, c, OpKeepAfterAll, in)
}

// NotePayment implements Service. An amount without a currency cannot travel:
// those that were not given are sent as zero.
func (c Client) NotePayment(ctx context.Context, in NotePaymentInput) (Order, error) {
	in.Payment = filled(in.Payment, in.Payment.Amount.Currency)
	return op.Call(ctx, c, OpNotePayment, in)
}

// Expired implements Service.
func (c Client) Expired(ctx context.Context, in ExpiredInput) (IDsOutput, error) {
	return op.Call(ctx, c, OpExpired, in)
}

// Order implements Service.
func (c Client) Order(ctx context.Context, in IDInput) (Order, error) {
	return op.Call(ctx, c, OpOrder, in)
}

// Orders implements Service.
func (c Client) Orders(ctx context.Context, in OrdersInput) (page.Page[Order], error) {
	return op.Call(ctx, c, OpOrders, in)
}

// Timeline implements Service.
func (c Client) Timeline(ctx context.Context, in IDInput) (TimelineOutput, error) {
	return op.Call(ctx, c, OpTimeline, in)
}

// AddNote implements Service.
func (c Client) AddNote(ctx context.Context, in AddNoteInput) (Order, error) {
	return op.Call(ctx, c, OpAddNote, in)
}

// Attach implements Service.
func (c Client) Attach(ctx context.Context, in AttachInput) (AttachOutput, error) {
	return op.Call(ctx, c, OpAttach, in)
}

// Lookup implements Service.
func (c Client) Lookup(ctx context.Context, in LookupInput) (Accepted, error) {
	return op.Call(ctx, c, OpLookup, in)
}

// AccessMail implements Service.
func (c Client) AccessMail(ctx context.Context, in AccessMailInput) (AccessMailOutput, error) {
	return op.Call(ctx, c, OpAccessMail, in)
}

// Access implements Service.
func (c Client) Access(ctx context.Context, in AccessInput) (AccessOutput, error) {
	return op.Call(ctx, c, OpAccess, in)
}

// CreateFulfillment implements Service.
func (c Client) CreateFulfillment(ctx context.Context, in CreateFulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpCreateFulfillment, in)
}

// ShipFulfillment implements Service.
func (c Client) ShipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpShipFulfillment, in)
}

// UnshipFulfillment implements Service.
func (c Client) UnshipFulfillment(ctx context.Context, in ShipFulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpUnshipFulfillment, in)
}

// DeliverFulfillment implements Service.
func (c Client) DeliverFulfillment(ctx context.Context, in DeliverFulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpDeliverFulfillment, in)
}

// CancelFulfillment implements Service.
func (c Client) CancelFulfillment(ctx context.Context, in CancelFulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpCancelFulfillment, in)
}

// OfFulfillment implements Service.
func (c Client) OfFulfillment(ctx context.Context, in FulfillmentInput) (Order, error) {
	return op.Call(ctx, c, OpOfFulfillment, in)
}

// PlanRefund implements Service.
func (c Client) PlanRefund(ctx context.Context, in RefundInput) (Refund, error) {
	return op.Call(ctx, c, OpPlanRefund, in)
}

// BeginRefund implements Service.
func (c Client) BeginRefund(ctx context.Context, in BeginRefundInput) (Order, error) {
	return op.Call(ctx, c, OpBeginRefund, in)
}

// DropRefund implements Service.
func (c Client) DropRefund(ctx context.Context, in DropRefundInput) (Order, error) {
	return op.Call(ctx, c, OpDropRefund, in)
}

// NoteRefund implements Service.
func (c Client) NoteRefund(ctx context.Context, in NoteRefundInput) (Order, error) {
	return op.Call(ctx, c, OpNoteRefund, in)
}

// ExtendHold implements Service.
func (c Client) ExtendHold(ctx context.Context, in ExtendHoldInput) (Order, error) {
	return op.Call(ctx, c.Caller, OpExtendHold, in)
}
