// Package natsrpc carries operations over NATS request and reply: a Server is a
// micro service, a Client calls it.
//
// The caller is named in a header, and the server believes it: only services of
// the shop may have the right to publish on its subjects.
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

// Options change how a Server works. The zero value is good.
type Options struct {
	Log *slog.Logger // slog.Default()
	// Limit is how many requests are worked on at a time, 256. One more is
	// answered fault.ErrUnavailable at once.
	Limit int
}

// Server serves operations as endpoints of one micro service.
type Server struct {
	nc    *nats.Conn
	svc   micro.Service
	opts  Options
	slots chan struct{}

	mu      sync.Mutex
	idle    *sync.Cond // on mu: running is 0
	running int
	err     error
}

var _ op.Registrar = (*Server)(nil)

// Serve starts a service on nc. Its name and version are cfg's, its queue group
// "mercer" unless cfg has another. Operations are served as soon as they are
// registered. opts may be nil.
func Serve(nc *nats.Conn, cfg micro.Config, opts *Options) (*Server, error) {
	s := &Server{nc: nc}
	if opts != nil {
		s.opts = *opts
	}
	s.opts.Log = cmp.Or(s.opts.Log, slog.Default())
	s.opts.Limit = cmp.Or(s.opts.Limit, 256)
	s.slots = make(chan struct{}, s.opts.Limit)
	s.idle = sync.NewCond(&s.mu)
	cfg.QueueGroup = cmp.Or(cfg.QueueGroup, "mercer")
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = func(_ micro.Service, err *micro.NATSError) {
			s.opts.Log.Error("nats service", "subject", err.Subject, "err", err)
		}
	}
	svc, err := micro.AddService(nc, cfg)
	if err != nil {
		return nil, fmt.Errorf("natsrpc: %w", err)
	}
	s.svc = svc
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
	if err := s.svc.Stop(); err != nil {
		return fmt.Errorf("natsrpc: stop: %w", err)
	}
	if err := s.flush(ctx); err != nil { // what the server sent before is here now
		return err
	}
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
		return s.flush(ctx)
	case <-ctx.Done():
		return fmt.Errorf("natsrpc: requests were in flight: %w", ctx.Err())
	}
}

func (s *Server) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.nc.FlushWithContext(ctx); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("natsrpc: flush: %w", err)
	}
	return nil
}

// Register implements op.Registrar. Errors are kept for Err.
func (s *Server) Register(h op.Handler) {
	take := micro.HandlerFunc(func(req micro.Request) { s.take(h, req) })
	err := s.svc.AddEndpoint(endpoint(h.Name), take, micro.WithEndpointSubject(Subject(h.Name)),
		micro.WithEndpointMetadata(map[string]string{"doc": h.Doc}))
	if err != nil {
		s.mu.Lock()
		s.err = errors.Join(s.err, fmt.Errorf("natsrpc: %s: %w", h.Name, err))
		s.mu.Unlock()
	}
}

// take starts the work on a request, if there is room.
func (s *Server) take(h op.Handler, req micro.Request) {
	select {
	case s.slots <- struct{}{}:
	default:
		s.refuse(req.Reply(), fault.ErrUnavailable.After(time.Second))
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
	ctx, cancel, err := incoming(context.Background(), nats.Header(req.Headers()))
	defer cancel()
	ctx, replayed := idem.Watch(ctx)
	var data []byte
	if err == nil {
		data, err = s.call(ctx, h, req.Data())
	}
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

// call performs h. A panic is an error.
func (s *Server) call(ctx context.Context, h op.Handler, data []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
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

// expired reports whether err only says that the caller's time is over.
func expired(err error) bool {
	_, known := errors.AsType[*fault.Error](err)
	return !known && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

func (s *Server) refuse(reply string, f *fault.Error) { s.fail(reply, nats.Header{}, f) }

// fail answers with the public part of err. It does not go through the Request
// of micro, whose Error may only be called while the handler runs.
func (s *Server) fail(reply string, h nats.Header, err error) {
	f := fault.Public(err)
	if expired(err) {
		f = fault.ErrUnavailable
	}
	data, merr := json.Marshal(f)
	if merr != nil || len(data) > MaxAnswer {
		f, data = fault.ErrInternal, []byte(`{"kind":"internal","code":"internal","text":"internal error"}`)
	}
	h.Set(micro.ErrorHeader, f.Code)
	h.Set(micro.ErrorCodeHeader, string(f.Kind))
	s.reply(&nats.Msg{Subject: reply, Header: h, Data: data})
}

func (s *Server) reply(m *nats.Msg) {
	if m.Subject == "" {
		return // nobody waits
	}
	if err := s.nc.PublishMsg(m); err != nil {
		s.opts.Log.Error("an answer is lost", "err", err)
	}
}
