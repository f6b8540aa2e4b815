// Package natsrpc carries operations over NATS request and reply: a Server is
// one micro service for each engine, a Client calls them.
//
// Who asks travels in a token that services verify; nothing else in a request is
// believed to say it. Permissions writes down which service may do what on the
// NATS server itself.
//
// What people get wrong: micro calls the handlers of a subscription one after
// the other, so a handler that does its work there makes the service serial.
package natsrpc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/idem"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
)

// MaxAnswer is how long an answer may be, in bytes. A longer one is an internal
// error: files travel in the blob store.
const MaxAnswer = 900_000

// Options change how a Server works. Actors is required.
type Options struct {
	Actors Actors
	Log    *slog.Logger // slog.Default()
	// Limit is how many requests are worked on at a time, 256. One more is
	// answered fault.ErrUnavailable at once.
	Limit int
	// Version is of the program, as in "v1.2.3". One that is not semantic, as of
	// a program under development, is told as 0.0.0.
	Version  string
	Metadata map[string]string // of the services
}

// Server serves operations as endpoints of micro services, one for each engine:
// "cart.add_items" is served by "mercer-cart". They share the connection, and
// serve again when it is made anew; a connection that is closed ends them.
type Server struct {
	nc    *nats.Conn
	opts  Options
	slots chan struct{}

	mu      sync.Mutex
	idle    *sync.Cond // on mu: running is 0
	running int
	svcs    map[string]micro.Service // by name
	err     error
}

var _ op.Registrar = (*Server)(nil)

// Serve returns a Server on nc. Operations are served as soon as they are
// registered. Servers of one operation share its requests.
func Serve(nc *nats.Conn, opts Options) (*Server, error) {
	if opts.Actors == nil {
		return nil, errors.New("natsrpc: a Server without Actors")
	}
	s := &Server{nc: nc, opts: opts, svcs: map[string]micro.Service{}}
	s.opts.Log = cmp.Or(s.opts.Log, slog.Default())
	s.opts.Limit = cmp.Or(s.opts.Limit, 256)
	s.slots = make(chan struct{}, s.opts.Limit)
	s.idle = sync.NewCond(&s.mu)
	return s, nil
}

// Err returns what went wrong in Register, nil when all is served.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop takes no new requests and waits until those that came have their answer,
// or ctx ends. The connection stays open.
func (s *Server) Stop(ctx context.Context) error {
	err := s.leave()
	for range 2 { // what was on its way to take at first is under way at last
		err = errors.Join(err, s.flush(ctx), s.finish(ctx))
	}
	return errors.Join(err, s.flush(ctx))
}

// finish waits until nothing is under way.
func (s *Server) finish(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.mu.Lock()
		defer s.mu.Unlock()
		for s.running > 0 {
			s.idle.Wait()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("natsrpc: requests were in flight: %w", ctx.Err())
	}
}

// leave ends the services.
func (s *Server) leave() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, svc := range s.svcs {
		if e := svc.Stop(); e != nil {
			err = errors.Join(err, fmt.Errorf("natsrpc: stop %s: %w", name, e))
		}
	}
	return err
}

// flush waits until all that is on its way to the NATS server and from it has
// come. Without a server nothing is.
func (s *Server) flush(ctx context.Context) error {
	if !s.nc.IsConnected() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.nc.FlushWithContext(ctx); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("natsrpc: flush: %w", err)
	}
	return nil
}

// Register implements op.Registrar. Errors are kept for Err.
func (s *Server) Register(h op.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	svc, err := s.service(serviceName(h.Name))
	if err == nil {
		take := micro.HandlerFunc(func(req micro.Request) { s.take(h, req) })
		err = svc.AddEndpoint(endpoint(h.Name), take, micro.WithEndpointSubject(Subject(h.Name)),
			micro.WithEndpointMetadata(map[string]string{"doc": h.Doc}))
	}
	if err != nil {
		s.err = errors.Join(s.err, fmt.Errorf("natsrpc: %s: %w", h.Name, err))
	}
}

// service returns the micro service of a name, which begins now if it is not
// there. s.mu is held.
func (s *Server) service(name string) (micro.Service, error) {
	if svc, ok := s.svcs[name]; ok {
		return svc, nil
	}
	cfg := micro.Config{Name: name, Version: version(s.opts.Version), Metadata: s.opts.Metadata, QueueGroup: "mercer",
		ErrorHandler: func(_ micro.Service, err *micro.NATSError) {
			s.opts.Log.Error("nats service", "service", name, "subject", err.Subject, "err", err)
		}}
	svc, err := micro.AddService(s.nc, cfg)
	if errors.Is(err, micro.ErrConfigValidation) {
		cfg.Version = "0.0.0"
		svc, err = micro.AddService(s.nc, cfg)
	}
	if err != nil {
		return nil, err
	}
	s.svcs[name] = svc
	return svc, nil
}

// version returns a version without the v that Go puts before it.
func version(v string) string { return cmp.Or(strings.TrimPrefix(v, "v"), "0.0.0") }

// take starts the work on a request, if there is room. It never waits, so that
// nothing piles up before it.
func (s *Server) take(h op.Handler, req micro.Request) {
	if to := req.Reply(); !waits(to) {
		s.opts.Log.Error("a request is not from a caller", "op", h.Name, "reply", to)
		return
	}
	select {
	case s.slots <- struct{}{}:
	default:
		s.fail(req.Reply(), nats.Header{}, fault.ErrUnavailable.After(time.Second))
		return
	}
	s.count(1)
	go func() {
		defer func() { <-s.slots; s.count(-1) }()
		s.serve(h, req)
	}()
}

func (s *Server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running += n; s.running == 0 {
		s.idle.Broadcast()
	}
}

func (s *Server) serve(h op.Handler, req micro.Request) {
	asked := nats.Header(req.Headers())
	ctx, cancel := incoming(context.Background(), asked)
	defer cancel()
	ctx, replayed := idem.Watch(ctx)
	data, err := s.call(ctx, h, asked.Get(headerActor), req.Data())
	header := nats.Header{}
	if *replayed {
		header.Set(headerReplayed, "true")
	}
	if err != nil {
		s.tell(ctx, h, err)
		s.fail(req.Reply(), header, err)
		return
	}
	s.reply(&nats.Msg{Subject: req.Reply(), Header: header, Data: data})
}

// call performs h for whom the token names. A panic is an error.
func (s *Server) call(ctx context.Context, h op.Handler, token string, data []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	who, err := s.opts.Actors.Verify(ctx, token, h.Name)
	if err != nil {
		s.opts.Log.WarnContext(ctx, "a request does not say who asks", "op", h.Name, "request_id", ident.Request(ctx), "err", err)
		return nil, err
	}
	ctx = ident.With(ctx, who)
	in := h.New()
	if err := json.Unmarshal(data, in); err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok {
			return nil, f
		}
		return nil, fault.ErrMalformed.Because(err)
	}
	out, err := h.Call(ctx, in)
	if err != nil {
		return nil, err
	}
	if answer, err = json.Marshal(out); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	if len(answer) > MaxAnswer {
		return nil, fmt.Errorf("an answer of %d bytes is too long to send", len(answer))
	}
	return answer, nil
}

// tell logs an internal error, here where it happened and nowhere else.
func (s *Server) tell(ctx context.Context, h op.Handler, err error) {
	if fault.KindOf(err) == fault.Internal && !expired(err) {
		s.opts.Log.LogAttrs(ctx, slog.LevelError, "operation failed", slog.String("op", h.Name),
			slog.String("request_id", ident.Request(ctx)), slog.Any("err", err))
	}
}
