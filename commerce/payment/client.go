package payment

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/op"
)

// Register makes r serve the operations of s.
func Register(r op.Registrar, s Service) {
	registerGiftCards(r, s)
	op.Handle(r, OpMethods, s.Methods)
	op.Handle(r, OpOpen, s.Open)
	op.Handle(r, OpAuthorize, s.Authorize)
	op.Handle(r, OpVoid, s.Void)
	op.Handle(r, OpCapture, s.Capture)
	op.Handle(r, OpPayment, s.Payment)
	op.Handle(r, OpPayments, s.Payments)
	op.Handle(r, OpLedger, s.Ledger)
	op.Handle(r, OpUnsettled, s.Unsettled)
	op.Handle(r, OpReceive, s.Receive)
	registerReconciler(r, s)
	op.Handle(r, OpOpenRefund, s.OpenRefund)
	op.Handle(r, OpVoidRefund, s.VoidRefund)
	op.Handle(r, OpSendRefund, s.SendRefund)
	op.Handle(r, OpRefunds, s.Refunds)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Methods implements Service.
func (c Client) Methods(ctx context.Context, in op.Nothing) (MethodsOutput, error) {
	return op.Call(ctx, c.Caller, OpMethods, in)
}

// Open implements Service.
func (c Client) Open(ctx context.Context, in OpenInput) (Payment, error) {
	return op.Call(ctx, c.Caller, OpOpen, in)
}

// Authorize implements Service.
func (c Client) Authorize(ctx context.Context, in IDInput) (Payment, error) {
	return op.Call(ctx, c.Caller, OpAuthorize, in)
}

// Void implements Service.
func (c Client) Void(ctx context.Context, in IDInput) (Payment, error) {
	return op.Call(ctx, c.Caller, OpVoid, in)
}

// Capture implements Service.
func (c Client) Capture(ctx context.Context, in CaptureInput) (Payment, error) {
	return op.Call(ctx, c.Caller, OpCapture, in)
}

// Payment implements Service.
func (c Client) Payment(ctx context.Context, in IDInput) (Payment, error) {
	return op.Call(ctx, c.Caller, OpPayment, in)
}

// Payments implements Service.
func (c Client) Payments(ctx context.Context, in OrdersInput) (PaymentsOutput, error) {
	return op.Call(ctx, c.Caller, OpPayments, in)
}

// Ledger implements Service.
func (c Client) Ledger(ctx context.Context, in OrdersInput) (LedgerOutput, error) {
	return op.Call(ctx, c.Caller, OpLedger, in)
}

// Unsettled implements Service.
func (c Client) Unsettled(ctx context.Context, in UnsettledInput) (PaymentsOutput, error) {
	return op.Call(ctx, c.Caller, OpUnsettled, in)
}

// Receive implements Service.
func (c Client) Receive(ctx context.Context, in ReceiveInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpReceive, in)
}

// OpenRefund implements Service.
func (c Client) OpenRefund(ctx context.Context, in OpenRefundInput) (Refund, error) {
	return op.Call(ctx, c.Caller, OpOpenRefund, in)
}

// VoidRefund implements Service.
func (c Client) VoidRefund(ctx context.Context, in VoidRefundInput) (op.Nothing, error) {
	return op.Call(ctx, c.Caller, OpVoidRefund, in)
}

// SendRefund implements Service.
func (c Client) SendRefund(ctx context.Context, in IDInput) (Refund, error) {
	return op.Call(ctx, c.Caller, OpSendRefund, in)
}

// Refunds implements Service.
func (c Client) Refunds(ctx context.Context, in OrdersInput) (RefundsOutput, error) {
	return op.Call(ctx, c.Caller, OpRefunds, in)
}
