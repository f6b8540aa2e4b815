package payment

import (
	"context"
	"errors"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// Receiver is a Provider that sends notices of its own accord (webhooks).
type Receiver interface {
	Provider
	// Receive verifies the signature over body, the raw bytes as they came, and
	// reads what they are about. The names in header are in lower case. It
	// returns ErrSignature unless body is of the provider and not old, and
	// fault.ErrMalformed for what is signed but cannot be read. It keeps nothing.
	Receive(ctx context.Context, header map[string][]string, body []byte) (Notice, error)
}

// Notice is what a provider sends. It is never believed: it says only whose news
// to fetch. One without PaymentID and ProviderID is about nothing that is
// followed.
type Notice struct {
	ID         string `json:"id"`          // of the event at the provider, the same when it is sent again; at most 255 bytes
	Type       string `json:"type"`        // in the words of the provider; at most 255 bytes
	PaymentID  string `json:"payment_id"`  // ours, where the provider knows it
	ProviderID string `json:"provider_id"` // of the payment at the provider
}

// NoticeState is what became of a notice.
type NoticeState string

// The states of a notice.
const (
	NoticeOpen    NoticeState = "open"
	NoticeDone    NoticeState = "done"
	NoticeIgnored NoticeState = "ignored" // about nothing that is followed
	NoticeFailed  NoticeState = "failed"  // given up
)

// Received is a Notice as it is kept, once for each Provider and ID.
type Received struct {
	Notice
	Provider   string      `json:"provider"` // name of the driver
	State      NoticeState `json:"state"`
	Attempts   int         `json:"attempts"` // to apply it, the version of the row
	ReceivedAt time.Time   `json:"received_at"`
	DueAt      time.Time   `json:"due_at,omitzero"` // of the next attempt; zero when it is over
	Error      string      `json:"error"`           // of the last attempt
}

// ReceiveInput is a notice as it came.
type ReceiveInput struct {
	Provider string              `json:"provider" path:"provider" minLength:"1" maxLength:"64"`
	Headers  map[string][]string `json:"headers,omitempty" header:"*" maxProperties:"100"` // names in lower case
	Body     []byte              `json:"body" body:"raw" maxLength:"349524"`               // 256 kB, measured as base64
}

// keepWithin bounds how long a notice waits for the database: the provider brings
// it again when it is told so, and takes a longer silence for an endpoint that is
// gone.
const keepWithin = 4 * time.Second

// Receive verifies a notice of a provider and keeps it for Apply, once for each
// event of the provider: again is fine. It does nothing else. It returns
// ErrProviderUnknown, ErrSignature, fault.ErrMalformed for a notice that does not
// say which event it is, and within 5 seconds fault.ErrUnavailable when it cannot
// be kept now.
func (e *Engine) Receive(ctx context.Context, in ReceiveInput) (op.Nothing, error) {
	if err := OpReceive.Admit(ctx, in); err != nil {
		return op.Nothing{}, err
	}
	from, ok := e.receivers[in.Provider]
	if !ok {
		return op.Nothing{}, ErrProviderUnknown
	}
	n, err := from.Receive(ctx, in.Headers, in.Body)
	if err != nil {
		e.opts.Log.WarnContext(ctx, "payment: a notice is refused", "provider", in.Provider, "err", err)
		return op.Nothing{}, err
	}
	r, err := received(n, in.Provider, e.now())
	if err != nil {
		return op.Nothing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	_, err = e.store.Keep(ctx, r)
	if errors.Is(err, context.DeadlineExceeded) {
		return op.Nothing{}, fault.ErrUnavailable.Because(err)
	}
	return op.Nothing{}, err
}

// received returns n as it is kept, or fault.ErrMalformed.
func received(n Notice, provider string, at time.Time) (Received, error) {
	const most = 255
	if n.ID == "" || len(n.ID) > most || len(n.Type) > most || len(n.PaymentID) > most || len(n.ProviderID) > most {
		return Received{}, fault.ErrMalformed.Saying("the notice does not say which event it is")
	}
	r := Received{Notice: n, Provider: provider, State: NoticeOpen, ReceivedAt: at, DueAt: at}
	if n.PaymentID == "" && n.ProviderID == "" {
		r.State, r.DueAt = NoticeIgnored, time.Time{}
	}
	return r, nil
}
