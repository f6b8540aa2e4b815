package boot

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// Watched runs a program with telemetry: traces, metrics, and logs that name the
// request.
func Watched(program string, serve Serving) Serving {
	return func(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error {
		host, _ := os.Hostname()
		name := c.process(program)
		tel, err := telemetry.Start(ctx, telemetry.Config{Service: name, Version: Version(), Instance: host + "-" + strconv.Itoa(os.Getpid())}, log.With("service", name))
		if err != nil {
			return err
		}
		inner := c.Connect
		c.Connect = func(d driver.Connector) driver.Connector {
			if inner != nil {
				d = inner(d)
			}
			return tel.Connector(d)
		}
		c.tel = tel
		return errors.Join(serve(ctx, c, log, ready), tel.Shutdown(context.WithoutCancel(ctx)))
	}
}

// registrar returns r, behind which operations are traced and counted.
func (c Config) registrar(r op.Registrar) op.Registrar {
	if c.tel == nil {
		return r
	}
	return c.tel.Registrar(r)
}

// caller returns one that traces what is asked of other processes.
func (c Config) caller(to op.Caller) op.Caller {
	if c.tel == nil {
		return to
	}
	return c.tel.Caller(to)
}

// watchHTTP makes a mux trace and count its requests.
func (c Config) watchHTTP(o *httpapi.Options) *httpapi.Options {
	if c.tel != nil {
		o.Observe, o.Trace = c.tel.Observe, c.tel.Request
	}
	return o
}

// watchShop counts what waits in the outbox of s and of its payments, and the
// connections to its database.
func (c Config) watchShop(s *embed.Shop) {
	if c.tel == nil {
		return
	}
	c.tel.Pools(s.DB.Stats)
	if payments, ok := s.Payments.(*payment.Engine); ok {
		c.tel.Payments(func(ctx context.Context) (oldest time.Duration, unknown, breaks int64, err error) {
			b, err := payments.Backlog(ctx)
			if !b.OldestNotice.IsZero() {
				oldest = time.Since(b.OldestNotice)
			}
			return oldest, b.Unknown, b.Breaks, err
		})
	}
	c.tel.Outbox(func(ctx context.Context) (waiting int, oldest time.Duration, dead int, err error) {
		status, err := s.Outbox.Status(ctx, op.Nothing{})
		if err != nil {
			return 0, 0, 0, err
		}
		for _, st := range status.Stores {
			waiting += int(st.Pending)
			if st.Oldest != nil {
				oldest = max(oldest, time.Since(*st.Oldest))
			}
			for _, d := range st.Dead {
				dead += int(d.Count)
			}
		}
		return waiting, oldest, dead, nil
	})
}
