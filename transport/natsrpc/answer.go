package natsrpc

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// expired reports whether err only says that the caller's time is over.
func expired(err error) bool {
	_, known := errors.AsType[*fault.Error](err)
	return !known && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}

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

// reply sends an answer.
func (s *Server) reply(m *nats.Msg) {
	if err := s.nc.PublishMsg(m); err != nil {
		s.opts.Log.Error("an answer is lost", "err", err)
	}
}

// waits reports whether a caller can wait for answers on a subject. The NATS
// server lets a service answer wherever a request says, which must not be where
// only the service itself may speak; and it brings, in its own name, messages of
// streams to any subject, without a reply or with one of its own.
func waits(reply string) bool {
	return reply != "" && !strings.HasPrefix(reply, "$") && !strings.HasPrefix(reply, "mercer.")
}
