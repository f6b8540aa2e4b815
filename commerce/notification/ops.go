package notification

import (
	"context"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/page"
)

// Service is the mails as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Deliveries(ctx context.Context, in DeliveriesInput) (page.Page[Delivery], error)
	Resend(ctx context.Context, in IDInput) (Delivery, error)
}

// The operations, as transports know them.
var (
	OpDeliveries = op.Op[DeliveriesInput, page.Page[Delivery]]{Name: "notification.deliveries", Kind: op.Query, Access: "notifications:read",
		Doc: "The mails that were or are to be sent, newest first. Addresses are masked unless the caller may read customers.", Fails: []*fault.Error{fault.ErrDenied}}
	OpResend = op.Op[IDInput, Delivery]{Name: "notification.resend", Access: "notifications:write",
		Doc: "Makes and sends a mail again that was sent or has failed.", Fails: []*fault.Error{ErrNotFound, ErrUnderWay}}
)

// IDInput names a delivery.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// DeliveriesInput asks for a page of deliveries.
type DeliveriesInput struct {
	page.Query
	State     string `json:"state,omitempty" query:"state" enum:"pending,sending,sent,failed,void"`
	Kind      string `json:"kind,omitempty" query:"kind" maxLength:"64"`
	Recipient string `json:"recipient,omitempty" query:"recipient" format:"email" maxLength:"320" doc:"The whole address. Takes the right to read customers."`
}

// Register makes r serve the operations of s.
func Register(r op.Registrar, s Service) {
	op.Handle(r, OpDeliveries, s.Deliveries)
	op.Handle(r, OpResend, s.Resend)
}

// Client is a Service that is somewhere else.
type Client struct{ op.Caller }

var _ Service = Client{}

// Deliveries implements Service.
func (c Client) Deliveries(ctx context.Context, in DeliveriesInput) (page.Page[Delivery], error) {
	return op.Call(ctx, c.Caller, OpDeliveries, in)
}

// Resend implements Service.
func (c Client) Resend(ctx context.Context, in IDInput) (Delivery, error) {
	return op.Call(ctx, c.Caller, OpResend, in)
}
