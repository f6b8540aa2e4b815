package natsrpc

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Actors says in a token, and reads from one, who asks for an operation. A
// caller whose token is not good for the operation is nobody.
type Actors interface {
	// Sign returns a token, good for a short while, that says that a asks for
	// the named operation.
	Sign(ctx context.Context, a ident.Actor, op string) (string, error)
	// Verify returns who asks for the named operation. It returns
	// fault.ErrUnauthenticated for a token that does not say so.
	Verify(ctx context.Context, token, op string) (ident.Actor, error)
}

// Headers of a request, and of its answer.
const (
	headerActor    = "Mercer-Actor"      // token of Actors
	headerKey      = "Mercer-Key"        // idempotency key
	headerRequest  = "Mercer-Request-Id" // of the request that all this is for
	headerClient   = "Mercer-Client"     // address of who sent that request
	headerTrace    = "traceparent"       // W3C
	headerTimeout  = "Mercer-Timeout-Ms" // how long the caller still waits
	headerReplayed = "Mercer-Replayed"   // the answer is an earlier one
)

const prefix = "mercer.v1."

// Subject returns the subject of an operation.
func Subject(op string) string { return prefix + op }

// endpoint returns the name of an operation's endpoint: micro takes no dots.
func endpoint(op string) string { return strings.ReplaceAll(op, ".", "-") }

// serviceName returns the name of the micro service that an operation is part of.
func serviceName(op string) string {
	engine, _, _ := strings.Cut(op, ".")
	return "mercer-" + engine
}

// outgoing writes what ctx knows of the request, and who asks.
func outgoing(ctx context.Context, token string) nats.Header {
	h := nats.Header{}
	for name, v := range map[string]string{
		headerActor: token, headerKey: ident.Key(ctx), headerRequest: ident.Request(ctx), headerClient: ident.Client(ctx), headerTrace: ident.Trace(ctx),
	} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if until, ok := ctx.Deadline(); ok {
		h.Set(headerTimeout, strconv.FormatInt(max(1, time.Until(until).Milliseconds()), 10))
	}
	return h
}

// maxWait bounds what a caller may ask a handler to spend.
const maxWait = 10 * time.Minute

// incoming reads what outgoing wrote, but for who asks: that is nobody until
// Actors has said so.
func incoming(ctx context.Context, h nats.Header) (context.Context, context.CancelFunc) {
	ctx = ident.With(ctx, ident.Actor{Kind: ident.Guest})
	ctx = ident.WithRequest(ident.WithKey(ctx, h.Get(headerKey)), h.Get(headerRequest))
	ctx = ident.WithTrace(ident.WithClient(ctx, h.Get(headerClient)), h.Get(headerTrace))
	wait, err := strconv.ParseInt(h.Get(headerTimeout), 10, 64)
	if err != nil || wait <= 0 || wait > maxWait.Milliseconds() {
		wait = maxWait.Milliseconds()
	}
	return context.WithTimeout(ctx, time.Duration(wait)*time.Millisecond)
}
