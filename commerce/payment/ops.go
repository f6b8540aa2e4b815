package payment

import (
	"context"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/once"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Service is the payments as seen by others: an Engine here, a Client elsewhere.
type Service interface {
	Reconciler

	GiftCardService

	Methods(ctx context.Context, in op.Nothing) (MethodsOutput, error)
	Open(ctx context.Context, in OpenInput) (Payment, error)
	Authorize(ctx context.Context, in IDInput) (Payment, error)
	Void(ctx context.Context, in IDInput) (Payment, error)
	Capture(ctx context.Context, in CaptureInput) (Payment, error)
	Payment(ctx context.Context, in IDInput) (Payment, error)
	Payments(ctx context.Context, in OrdersInput) (PaymentsOutput, error)
	Ledger(ctx context.Context, in OrdersInput) (LedgerOutput, error)
	Unsettled(ctx context.Context, in UnsettledInput) (PaymentsOutput, error)
	Receive(ctx context.Context, in ReceiveInput) (op.Nothing, error)
	OpenRefund(ctx context.Context, in OpenRefundInput) (Refund, error)
	VoidRefund(ctx context.Context, in VoidRefundInput) (op.Nothing, error)
	SendRefund(ctx context.Context, in IDInput) (Refund, error)
	Refunds(ctx context.Context, in OrdersInput) (RefundsOutput, error)
}

// The operations, as transports know them.
var (
	OpMethods = op.Op[op.Nothing, MethodsOutput]{Name: "payment.methods", Kind: op.Query, Access: op.Anyone,
		Doc: "The ways to pay, in the order to show them."}
	OpOpen = op.Op[OpenInput, Payment]{Name: "payment.open", Access: op.Inside,
		Doc: "Writes down what is owed, once for each id.", Fails: []*fault.Error{ErrMethodUnknown, ErrBelowMinimum, ErrGiftCardUnusable, once.ErrUndone}}
	OpAuthorize = op.Op[IDInput, Payment]{Name: "payment.authorize", Access: op.Inside,
		Doc: "Asks the provider, or asks it again, and writes down how the payment stands.", Fails: []*fault.Error{ErrNotFound, ErrCanceled, ErrUnanswered}}
	OpVoid = op.Op[IDInput, Payment]{Name: "payment.void", Access: op.Inside,
		Doc: "Makes a payment impossible and keeps a late Open out. One that has succeeded stays: look at its status.", Fails: []*fault.Error{ErrNotFound, ErrUnanswered}}
	OpCapture = op.Op[CaptureInput, Payment]{Name: "payment.capture", Access: "payments:write",
		Doc: "Takes authorized money, or records money that has come by transfer, once for each key.", Fails: []*fault.Error{ErrNotFound, ErrIllegal, ErrTooMuch, ErrUnanswered}}
	OpPayment = op.Op[IDInput, Payment]{Name: "payment.payment", Kind: op.Query, Access: "payments:read",
		Doc: "One payment.", Fails: []*fault.Error{ErrNotFound}}
	OpPayments = op.Op[OrdersInput, PaymentsOutput]{Name: "payment.payments", Kind: op.Query, Access: "payments:read",
		Doc: "The payments of some orders, oldest first."}
	OpLedger = op.Op[OrdersInput, LedgerOutput]{Name: "payment.ledger", Kind: op.Query, Access: "payments:read",
		Doc: "The movements of money of some orders, oldest first."}
	OpUnsettled = op.Op[UnsettledInput, PaymentsOutput]{Name: "payment.unsettled", Kind: op.Query, Access: op.Inside,
		Doc: "Payments whose provider was asked and has not said how they stand."}
	OpReceive = op.Op[ReceiveInput, op.Nothing]{Name: "payment.receive", Access: op.Anyone,
		Doc: "Takes a signed notice of a payment provider, to look after the payment later.", Fails: []*fault.Error{ErrProviderUnknown, ErrSignature}}
	OpOpenRefund = op.Op[OpenRefundInput, Refund]{Name: "payment.open_refund", Access: op.Inside,
		Doc: "Writes down that money of a payment goes back, once for each id.", Fails: []*fault.Error{ErrNotFound, ErrNotRefundable, ErrDisputed, once.ErrUndone}}
	OpVoidRefund = op.Op[VoidRefundInput, op.Nothing]{Name: "payment.void_refund", Access: op.Inside,
		Doc: "Undoes a refund that no provider was asked for, and keeps a late one out.", Fails: []*fault.Error{ErrIllegalRefund}}
	OpSendRefund = op.Op[IDInput, Refund]{Name: "payment.send_refund", Access: op.Inside,
		Doc: "Asks the provider for a refund, or asks it again.", Fails: []*fault.Error{ErrRefundNotFound, ErrUnanswered}}
	OpRefunds = op.Op[OrdersInput, RefundsOutput]{Name: "payment.refunds", Kind: op.Query, Access: "payments:read",
		Doc: "The refunds of some orders, oldest first."}
)

// IDInput names a payment.
type IDInput struct {
	ID string `json:"id" path:"id" minLength:"1" maxLength:"64"`
}

// MethodsOutput are the ways to pay. Hold, Confirms and Manual are for the
// shop's own flows.
type MethodsOutput struct {
	Items []MethodInfo `json:"items"`
}

// MethodInfo is a Method as it travels.
type MethodInfo struct {
	ID          string                   `json:"id"`
	Kind        Kind                     `json:"kind"`
	Name        string                   `json:"name"`
	HoldSeconds int64                    `json:"hold_seconds"`
	Confirms    bool                     `json:"confirms"`
	Manual      bool                     `json:"manual"`
	Minimum     map[money.Currency]int64 `json:"minimum"`
}

// OpenInput is a payment to be. Its ID is the caller's and the key of all that
// is asked for it. A method that Confirms, and an Amount of zero, need nothing
// more.
type OpenInput struct {
	ID        string       `json:"id" minLength:"1" maxLength:"64"`
	OrderID   string       `json:"order_id" minLength:"1" maxLength:"64"`
	Method    string       `json:"method" minLength:"1" maxLength:"64"`
	Amount    money.Amount `json:"amount"`
	ReturnURL string       `json:"return_url,omitempty" maxLength:"2048"`
	ExpiresAt time.Time    `json:"expires_at,omitzero"`
	// GiftCardID is the card that pays, of method MethodGiftCard and no other.
	GiftCardID string `json:"gift_card_id,omitempty" maxLength:"64"`
	// Capture captures a payment by gift card at once, for an order that needs
	// nothing more.
	Capture bool `json:"capture,omitempty"`
}

// CaptureInput takes money. Amount, when absent, is all that is authorized or
// owed. Key, when absent, is the request's idempotency key.
type CaptureInput struct {
	ID         string        `json:"id" path:"id" minLength:"1" maxLength:"64"`
	Key        string        `json:"key,omitempty" maxLength:"255"`
	Amount     *money.Amount `json:"amount,omitempty"`
	Reference  string        `json:"reference,omitempty" maxLength:"200"`
	ReceivedAt *time.Time    `json:"received_at,omitempty"`
}

// Check implements the rules of package check across fields, and for amounts: not
// negative, and in a known currency.
func (in OpenInput) Check() []fault.Item {
	switch {
	case in.Amount.IsNegative():
		return []fault.Item{wrong("/amount", "an amount that is owed is not negative")}
	case (in.GiftCardID != "") != (in.Method == MethodGiftCard):
		return []fault.Item{wrong("/gift_card_id", "a gift card is named by the method gift_card and no other")}
	case in.GiftCardID != "" && in.Amount.IsZero():
		return []fault.Item{wrong("/amount", "a gift card pays more than nothing")}
	case in.Capture && in.GiftCardID == "":
		return []fault.Item{wrong("/capture", "only a gift card is captured at once")}
	default:
		return bounded(in.Amount)
	}
}

// Check implements the rules of package check for amounts: more than nothing,
// and in a known currency.
func (in CaptureInput) Check() []fault.Item {
	if in.Amount == nil {
		return nil
	}
	if in.Amount.Minor <= 0 {
		return []fault.Item{wrong("/amount", "an amount that is taken is more than nothing")}
	}
	return bounded(*in.Amount)
}

func bounded(a money.Amount) []fault.Item {
	switch {
	case !a.Currency.Valid():
		return []fault.Item{money.ErrCurrency.At("/amount").Item()}
	case a.Bound() != nil:
		return []fault.Item{money.ErrOutOfRange.At("/amount").Item()}
	}
	return nil
}

// wrong is a fault of the field at pointer.
func wrong(pointer, text string) fault.Item {
	return fault.ErrInvalid.Saying(text).At(pointer).Item()
}

// OpenRefundInput is a refund to be. Its ID is the caller's and the key of all
// that is asked for it. Goodwill is the part of Amount that is a favor.
type OpenRefundInput struct {
	ID        string       `json:"id" minLength:"1" maxLength:"64"`
	PaymentID string       `json:"payment_id" minLength:"1" maxLength:"64"`
	Amount    money.Amount `json:"amount"`
	Goodwill  money.Amount `json:"goodwill,omitzero"`
	Reason    string       `json:"reason,omitempty" maxLength:"500"`
	Force     bool         `json:"force,omitempty" doc:"Also while a dispute about the payment is open."`
}

// Check implements the rules of package check for amounts: more than nothing, in
// a known currency, and the favor a part of it.
func (in OpenRefundInput) Check() []fault.Item {
	switch {
	case in.Amount.Minor <= 0:
		return []fault.Item{wrong("/amount", "an amount that goes back is more than nothing")}
	case in.Goodwill.Minor < 0 || in.Goodwill.Minor > in.Amount.Minor:
		return []fault.Item{wrong("/goodwill", "the favor is a part of the amount")}
	case in.Goodwill.Minor > 0 && in.Goodwill.Currency != in.Amount.Currency:
		return []fault.Item{wrong("/goodwill/currency", "the favor is in the currency of the amount")}
	default:
		return bounded(in.Amount)
	}
}

// VoidRefundInput names a refund that was to be opened.
type VoidRefundInput struct {
	ID        string `json:"id" minLength:"1" maxLength:"64"`
	PaymentID string `json:"payment_id" minLength:"1" maxLength:"64"`
}

// RefundsOutput are refunds.
type RefundsOutput struct {
	Items []Refund `json:"items"`
}

// OrdersInput names orders.
type OrdersInput struct {
	OrderIDs []string `json:"order_ids" query:"order_id" minItems:"1" maxItems:"500"`
}

// PaymentsOutput are payments.
type PaymentsOutput struct {
	Items []Payment `json:"items"`
}

// LedgerOutput are movements of money.
type LedgerOutput struct {
	Items []Ledger `json:"items"`
}

// UnsettledInput asks for payments in creating, processing or unknown that were
// not touched since Before.
type UnsettledInput struct {
	Before time.Time `json:"before"`
	Limit  int       `json:"limit" minimum:"1" maximum:"1000"`
}
