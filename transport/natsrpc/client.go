package natsrpc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Client calls operations of services on NC. It is safe for concurrent use.
type Client struct {
	NC *nats.Conn
	// Timeout is how long an answer may take where the context has no earlier
	// end, 30 seconds when zero.
	Timeout time.Duration
}

var _ op.Caller = Client{}

// Call implements op.Caller. It returns txn.ErrInside in a unit of work, the
// fault that the operation answered, without its cause, and
// fault.ErrUnavailable when no service answers in time.
func (c Client) Call(ctx context.Context, name string, in, out any) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, 30*time.Second))
	defer cancel()
	header, err := outgoing(ctx)
	if err != nil {
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	}
	msg, err := c.NC.RequestMsgWithContext(ctx, &nats.Msg{Subject: Subject(name), Header: header, Data: data})
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fault.ErrUnavailable.After(time.Second).Because(fmt.Errorf("nobody serves %s", name))
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	case err != nil:
		return fault.ErrUnavailable.Because(fmt.Errorf("%s: %w", name, err))
	}
	return answered(name, msg, out)
}

func answered(name string, msg *nats.Msg, out any) error {
	if msg.Header.Get(micro.ErrorCodeHeader) != "" {
		f := new(fault.Error)
		if err := json.Unmarshal(msg.Data, f); err != nil || f.Kind == "" {
			return fmt.Errorf("natsrpc: %s: an error that cannot be read: %s", name, msg.Header.Get(micro.ErrorHeader))
		}
		return f
	}
	if err := json.Unmarshal(msg.Data, out); err != nil {
		return fmt.Errorf("natsrpc: %s: answer: %w", name, err)
	}
	return nil
}
