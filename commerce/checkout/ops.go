package checkout

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/cart"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// Service is the checkout as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Complete(ctx context.Context, in CompleteInput) (Placed, error)
	Pay(ctx context.Context, in PayInput) (Placed, error)
	Order(ctx context.Context, in order.IDInput) (order.Order, error)
	Refresh(ctx context.Context, in RefreshInput) (order.Order, error)
	Cancel(ctx context.Context, in CancelInput) (order.Order, error)
	PlanCancel(ctx context.Context, in order.IDInput) (Cancellation, error)
	Capture(ctx context.Context, in payment.CaptureInput) (order.Order, error)
	Void(ctx context.Context, in payment.IDInput) (order.Order, error)
	PreviewRefund(ctx context.Context, in order.RefundInput) (order.Refund, error)
	Refund(ctx context.Context, in RefundInput) (order.Refund, error)
}

// Errors that callers act on.
var (
	// ErrTotalChanged has Meta TotalChange, and an item in Errors for each price
	// that changed.
	ErrTotalChanged = fault.New(fault.Conflict, "checkout.total_changed", "The total has changed")
	// ErrIncomplete has an item in Errors for each requirement of the cart.
	ErrIncomplete = fault.New(fault.Refused, "checkout.incomplete", "something is missing before this cart can be completed")
	// ErrInProgress says that the same cart is being completed right now, or its
	// order canceled.
	ErrInProgress = fault.New(fault.Conflict, "checkout.in_progress", "this cart is being completed, ask again in a moment")
	// ErrPaid refuses to cancel an order whose money would have to go back.
	ErrPaid = fault.New(fault.Refused, "order.paid", "the order is paid; say that its money is to be refunded")
	// ErrTooManyPayments refuses another payment after ten in an hour.
	ErrTooManyPayments = fault.New(fault.Throttled, "order.too_many_payments", "too many payments were tried for this order, wait a while")
	// ErrNotPayable refuses a payment for an order that does not wait for one.
	ErrNotPayable = fault.New(fault.Refused, "order.not_payable", "the order does not wait for a payment") // Meta: status
)

// TotalChange is the meta of ErrTotalChanged.
type TotalChange struct {
	Expected    money.Amount `json:"expected"`
	Actual      money.Amount `json:"actual"`
	CartVersion int64        `json:"cart_version"`
}

// The operations, as transports know them.
var (
	OpComplete = op.Op[CompleteInput, Placed]{Name: "checkout.complete", Access: op.Owner,
		Doc: "Turns a cart into an order. Again gives the same order.",
		Fails: []*fault.Error{cart.ErrNotFound, cart.ErrClosed, ErrTotalChanged, ErrIncomplete, ErrInProgress, inventory.ErrInsufficient,
			payment.ErrMethodUnknown, payment.ErrBelowMinimum, payment.ErrGiftCardUnusable}}
	OpPay = op.Op[PayInput, Placed]{Name: "checkout.pay", Access: op.Owner,
		Doc:   "Tries another payment for an order that is still pending. The one before is made impossible first.",
		Fails: []*fault.Error{order.ErrNotFound, ErrNotPayable, ErrTooManyPayments, payment.ErrMethodUnknown, payment.ErrBelowMinimum, payment.ErrUnanswered}}
	OpOrder = op.Op[order.IDInput, order.Order]{Name: "checkout.order", Kind: op.Query, Access: op.Owner,
		Doc: "An order, with what its shopper must do so that it is paid.", Fails: []*fault.Error{order.ErrNotFound}}
	OpRefresh = op.Op[RefreshInput, order.Order]{Name: "checkout.refresh", Access: op.Owner,
		Doc: "Asks the payment provider again how the order stands.", Fails: []*fault.Error{order.ErrNotFound}}
	OpCancel = op.Op[CancelInput, order.Order]{Name: "checkout.cancel", Access: op.Owner,
		Doc:   "Cancels an order of which no parcel is planned yet. The payment is made impossible before stock is released.",
		Fails: []*fault.Error{order.ErrNotFound, order.ErrInFulfillment, order.ErrIllegal, order.ErrStale, ErrPaid, ErrInProgress, payment.ErrUnanswered}}
	OpPlanCancel = op.Op[order.IDInput, Cancellation]{Name: "checkout.plan_cancel", Kind: op.Query, Access: "orders:read",
		Doc:   "What canceling an order would do now. Nothing is changed.",
		Fails: []*fault.Error{order.ErrNotFound, order.ErrInFulfillment, order.ErrIllegal}}
	OpCapture = op.Op[payment.CaptureInput, order.Order]{Name: "checkout.capture", Access: "payments:write",
		Doc:   "Takes authorized money, or records money that has come by transfer, and confirms the order when it is enough.",
		Fails: []*fault.Error{payment.ErrNotFound, payment.ErrIllegal, payment.ErrTooMuch, payment.ErrUnanswered}}
	OpVoid = op.Op[payment.IDInput, order.Order]{Name: "checkout.void", Access: "payments:write",
		Doc:   "Makes a payment impossible for which a pending order waits. One that has succeeded confirms the order instead.",
		Fails: []*fault.Error{payment.ErrNotFound, order.ErrIllegal, payment.ErrUnanswered}}
	OpPreviewRefund = op.Op[order.RefundInput, order.Refund]{Name: "checkout.preview_refund", Kind: op.Query, Access: "refunds:write",
		Doc:   "What a refund would give back, and to which payments. Nothing is changed.",
		Fails: []*fault.Error{order.ErrNotFound, order.ErrStale, order.ErrNotConfirmed, order.ErrNotRefundable, order.ErrAlreadyRefunded}}
	OpRefund = op.Op[RefundInput, order.Refund]{Name: "checkout.refund", Access: "refunds:write",
		Doc: "Gives money back for some units, for shipping or as a favor, or all that remains. It is pending while the provider has not answered.",
		Fails: []*fault.Error{order.ErrNotFound, order.ErrStale, order.ErrNotConfirmed, order.ErrNotRefundable, order.ErrAlreadyRefunded,
			payment.ErrNotRefundable, payment.ErrDisputed}}
)

// RefundInput gives money of an order back.
type RefundInput struct {
	order.RefundInput
	Force bool `json:"force,omitempty" doc:"Also while a dispute about the payment is open."`
}

// CompleteInput completes a cart that costs ExpectedTotal.
type CompleteInput struct {
	ID            string       `json:"id" path:"id" minLength:"1" maxLength:"64"`
	ExpectedTotal money.Amount `json:"expected_total"`
	Payment       Means        `json:"payment"`
}

// Means says how to pay.
type Means struct {
	Method    string `json:"method" minLength:"1" maxLength:"64"`
	ReturnURL string `json:"return_url,omitempty" maxLength:"2048" pattern:"^https?://"`
}

// PayInput is another try to pay for an order.
type PayInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Means
}

// RefreshInput names an order whose provider is to be asked.
type RefreshInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// Unkeyed implements what package idem asks: a key would bring back what the
// provider said long ago.
func (RefreshInput) Unkeyed() {}

// CancelInput cancels an order.
type CancelInput struct {
	ID      string `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Version int64  `json:"version,omitempty" header:"If-Match"`
	Reason  string `json:"reason,omitempty" enum:"expired,customer,staff,payment_failed,fraud" doc:"customer or staff when absent"`
	Refund  bool   `json:"refund,omitempty" doc:"Staff: gives back what is paid. For shoppers it always is."`
}

// Cancellation is what canceling an order does. Of an order that is canceled
// already From is To and the lists are empty.
type Cancellation struct {
	OrderID  string        `json:"order_id"`
	Number   string        `json:"number"`
	From     order.Status  `json:"from"`
	To       order.Status  `json:"to"`
	Released []Released    `json:"released"` // stock that is kept for the order
	Voided   []Voided      `json:"voided"`   // payments that could still succeed
	Refund   *order.Refund `json:"refund"`   // what goes back, null for nothing
}

// Released is stock that becomes free.
type Released struct {
	VariantID  string `json:"variant_id"`
	LocationID string `json:"location_id"`
	Quantity   int64  `json:"quantity"`
}

// Voided is a payment that is made impossible. If it succeeds before that, the
// order is not canceled.
type Voided struct {
	PaymentID string       `json:"payment_id"`
	Method    string       `json:"method"`
	Status    string       `json:"status"`
	Amount    money.Amount `json:"amount"`
}

// Placed is an order as the answer to who placed it: with its access token when
// a guest did.
type Placed struct {
	order.Order
	AccessToken string `json:"access_token,omitempty" doc:"To be sent as Order-Token."`
}

// Pending reports whether the order is about to change: the payment provider has
// not answered yet, or it has and the order is not confirmed yet.
func (p Placed) Pending() bool {
	if p.Status != order.StatusPending || p.Payment == nil {
		return false
	}
	switch payment.Status(p.Payment.Status) {
	case payment.StatusCreating, payment.StatusUnknown, payment.StatusProcessing, payment.StatusAuthorized, payment.StatusCaptured:
		return true
	default:
		return false
	}
}

// Wait is how long payments may be without an answer before Reconcile asks
// again.
const Wait = time.Minute

// Register serves s on r.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpComplete, s.Complete)
	op.Handle(r, OpPay, s.Pay)
	op.Handle(r, OpOrder, s.Order)
	op.Handle(r, OpRefresh, s.Refresh)
	op.Handle(r, OpCancel, s.Cancel)
	op.Handle(r, OpPlanCancel, s.PlanCancel)
	op.Handle(r, OpCapture, s.Capture)
	op.Handle(r, OpVoid, s.Void)
	op.Handle(r, OpPreviewRefund, s.PreviewRefund)
	op.Handle(r, OpRefund, s.Refund)
}

// Client is a Service somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Complete implements Service.
func (c Client) Complete(ctx context.Context, in CompleteInput) (Placed, error) {
	return op.Call(ctx, c, OpComplete, in)
}

// Pay implements Service.
func (c Client) Pay(ctx context.Context, in PayInput) (Placed, error) {
	return op.Call(ctx, c, OpPay, in)
}

// Order implements Service.
func (c Client) Order(ctx context.Context, in order.IDInput) (order.Order, error) {
	return op.Call(ctx, c, OpOrder, in)
}

// Refresh implements Service.
func (c Client) Refresh(ctx context.Context, in RefreshInput) (order.Order, error) {
	return op.Call(ctx, c, OpRefresh, in)
}

// Cancel implements Service.
func (c Client) Cancel(ctx context.Context, in CancelInput) (order.Order, error) {
	return op.Call(ctx, c, OpCancel, in)
}

// PlanCancel implements Service.
func (c Client) PlanCancel(ctx context.Context, in order.IDInput) (Cancellation, error) {
	return op.Call(ctx, c, OpPlanCancel, in)
}

// Capture implements Service.
func (c Client) Capture(ctx context.Context, in payment.CaptureInput) (order.Order, error) {
	return op.Call(ctx, c, OpCapture, in)
}

// Void implements Service.
func (c Client) Void(ctx context.Context, in payment.IDInput) (order.Order, error) {
	return op.Call(ctx, c, OpVoid, in)
}

// PreviewRefund implements Service.
func (c Client) PreviewRefund(ctx context.Context, in order.RefundInput) (order.Refund, error) {
	return op.Call(ctx, c, OpPreviewRefund, in)
}

// Refund implements Service.
func (c Client) Refund(ctx context.Context, in RefundInput) (order.Refund, error) {
	return op.Call(ctx, c, OpRefund, in)
}
