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
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/txn"
)

// Client calls operations of services on NC. It is safe for concurrent use.
type Client struct {
	NC *nats.Conn
	// Actors says to services who asks. It is required.
	Actors Actors
	// Timeout is how long an answer may take where the context has no earlier
	// end, 30 seconds when zero.
	Timeout time.Duration
}

var _ op.Caller = Client{}

// How long a call waits for a service to appear: services start in any order,
// and again when there is a new release.
const (
	patience  = 2 * time.Second
	firstLook = 10 * time.Millisecond // then twice as long each time
	lastLook  = 250 * time.Millisecond
)

// Call implements op.Caller. It returns txn.ErrInside in a unit of work, the
// fault that the operation answered, without its cause, and
// fault.ErrUnavailable when no answer comes in time, of which nobody knows then
// whether it was done. A call that reached nobody is made again for up to two
// seconds, before it is fault.ErrUnavailable too, with a RetryAfter.
func (c Client) Call(ctx context.Context, name string, in, out any) error {
	if err := txn.Outside(ctx); err != nil {
		return err
	}
	if c.Actors == nil {
		return errors.New("natsrpc: a Client without Actors")
	}
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	}
	token, err := c.Actors.Sign(ctx, ident.From(ctx), name)
	if err != nil {
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, 30*time.Second))
	defer cancel()
	msg, err := c.request(ctx, name, token, data)
	switch {
	case unsent(err):
		return fault.ErrUnavailable.After(time.Second).Because(fmt.Errorf("nobody serves %s: %w", name, err))
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("natsrpc: %s: %w", name, err)
	case err != nil:
		return fault.ErrUnavailable.Because(fmt.Errorf("%s: %w", name, err))
	}
	if msg.Header.Get(headerReplayed) == "true" {
		idem.Mark(ctx)
	}
	return answered(name, msg, out)
}

// request sends a request until it reaches somebody.
func (c Client) request(ctx context.Context, name, token string, data []byte) (*nats.Msg, error) {
	end := time.Now().Add(patience)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		msg, err := c.NC.RequestMsgWithContext(ctx, &nats.Msg{Subject: Subject(name), Header: outgoing(ctx, token), Data: data})
		if !unsent(err) || time.Now().Add(pause).After(end) {
			return msg, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			return nil, err
		}
	}
}

// unsent reports whether err says that a request has reached nobody: there was
// no service, or no server to take it from a connection that keeps nothing.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrReconnectBufExceeded)
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
