package boot

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// natsPing is how often a connection is tried that says nothing. One that has
// not answered twice is dead: some 25 seconds after nothing comes through it any
// more, it is made anew.
const natsPing = 8 * time.Second

// connect connects to NATS under the name of a service, and goes on trying until
// ctx ends. Connections that break are made again for ever.
func (c Config) connect(ctx context.Context, name string, log *slog.Logger) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.Timeout(3 * time.Second), nats.PingInterval(natsPing), nats.MaxPingsOutstanding(2),
		// What was said while the server was away is not sent later: who asked
		// has had an answer by then.
		nats.ReconnectBufSize(-1),
		// Somebody who changes passwords needs time to do so everywhere.
		nats.IgnoreAuthErrorAbort(),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			log.Error("nats", "subject", subject, "err", err)
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("nats is away", "err", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.Info("nats is back", "server", nc.ConnectedServerName()) }),
	}
	if user := natsUser(c.NATS); user != "" {
		// Permissions name the inboxes of each user, so that nobody reads another's.
		opts = append(opts, nats.CustomInboxPrefix(natsrpc.Inbox(user)))
	}
	return until(ctx, log, "nats", func(context.Context) (*nats.Conn, error) {
		nc, err := nats.Connect(c.NATS, opts...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", maskURL(c.NATS), err)
		}
		return nc, nil
	})
}

// natsUser returns who logs in, "" for nobody.
func natsUser(servers string) string {
	for _, one := range list(servers) {
		if u, err := url.Parse(one); err == nil && u.User != nil {
			return u.User.Username()
		}
	}
	return ""
}

// leave ends a connection after what is on its way has been sent.
func leave(nc *nats.Conn) {
	_ = nc.FlushTimeout(2 * time.Second)
	nc.Close()
}
