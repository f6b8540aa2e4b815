package natsrpc

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Headers of a request, and of its answer.
const (
	headerActor    = "Mercer-Actor"      // JSON of an ident.Actor
	headerKey      = "Mercer-Key"        // idempotency key
	headerRequest  = "Mercer-Request-Id" // of the request that all this is for
	headerTimeout  = "Mercer-Timeout-Ms" // how long the caller still waits
	headerReplayed = "Mercer-Replayed"   // the answer is an earlier one
)

const prefix = "mercer.v1."

// Subject returns the subject of an operation.
func Subject(op string) string { return prefix + op }

// endpoint returns the name of an operation's endpoint: micro takes no dots.
func endpoint(op string) string { return strings.ReplaceAll(op, ".", "-") }

// outgoing writes what ctx knows of the caller.
func outgoing(ctx context.Context) (nats.Header, error) {
	who, err := json.Marshal(ident.From(ctx))
	if err != nil {
		return nil, err
	}
	h := nats.Header{}
	h.Set(headerActor, string(who))
	for name, v := range map[string]string{headerKey: ident.Key(ctx), headerRequest: ident.Request(ctx)} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if until, ok := ctx.Deadline(); ok {
		h.Set(headerTimeout, strconv.FormatInt(max(1, time.Until(until).Milliseconds()), 10))
	}
	return h, nil
}

// incoming reads what outgoing wrote. Who does not say who asks is a guest.
func incoming(ctx context.Context, h nats.Header) (context.Context, context.CancelFunc, error) {
	who := ident.Actor{Kind: ident.Guest}
	if text := h.Get(headerActor); text != "" {
		if err := json.Unmarshal([]byte(text), &who); err != nil || who.Kind == "" {
			return ctx, func() {}, fault.ErrMalformed.Saying("the actor cannot be read").Because(err)
		}
	}
	ctx = ident.WithRequest(ident.WithKey(ident.With(ctx, who), h.Get(headerKey)), h.Get(headerRequest))
	wait, err := strconv.ParseInt(h.Get(headerTimeout), 10, 64)
	if err != nil || wait <= 0 {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(min(wait, maxWait.Milliseconds()))*time.Millisecond)
	return ctx, cancel, nil
}

// maxWait bounds what a caller may ask a handler to spend.
const maxWait = 10 * time.Minute
