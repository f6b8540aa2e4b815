package boot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/natsbus"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// draining is how long a service that is being stopped waits for what it has
// begun.
const draining = 25 * time.Second

// ServeService serves the engines of c on NATS until ctx ends, and at c.Addr
// what is asked of a process: health, metrics, and catalog files where the
// catalog is. It waits for NATS, the database and its tables. When ctx ends it
// takes no new requests and events, and finishes what it has begun.
func ServeService(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error {
	return Watched("service", serveService)(ctx, c, log, ready)
}

func serveService(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) (err error) {
	if err := c.platformFaults(true).orNil(); err != nil {
		return err
	}
	name := c.process("service")
	log = log.With("service", name)
	l, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // again is fine
	nc, err := c.connect(ctx, "mercer-"+name, log)
	if err != nil {
		return err
	}
	defer leave(nc)
	bus, err := until(ctx, log, "the stream of events", func(ctx context.Context) (*natsbus.Bus, error) {
		return natsbus.New(ctx, nc, &natsbus.Options{Log: log, Replicas: c.Replicas})
	})
	if err != nil {
		return err
	}
	actors, err := jwtauth.NewActors(c.Secret, nil)
	if err != nil {
		return err
	}
	s, err := c.openPart(ctx, log, opening{bus: bus, elsewhere: c.caller(natsrpc.Client{NC: nc, Actors: actors})})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rpc, err := natsrpc.Serve(nc, natsrpc.Options{Log: log, Actors: actors, Version: Version(), Metadata: map[string]string{"service": name}})
	if err != nil {
		return err
	}
	s.Register(c.registrar(rpc))
	if err := rpc.Err(); err != nil {
		return err
	}
	return s.serveDoor(ctx, c, l, door{nc, rpc, actors}, ready)
}

// door is what a service is reached by.
type door struct {
	nc     *nats.Conn
	rpc    *natsrpc.Server
	actors *jwtauth.Actors
}

// serveDoor serves at l until ctx ends, then stops what NATS brings.
func (s *Shop) serveDoor(ctx context.Context, c Config, l net.Listener, d door, ready func(addr string)) error {
	m := httpapi.New(c.watchHTTP(&httpapi.Options{Log: s.log, Authenticator: filesAuth{d.actors}}))
	stop := func() {}
	if s.Index != nil {
		imports, err := OpenImports(c, s)
		if err != nil {
			return err
		}
		imports.Start(ctx)
		stop = imports.Stop
		imports.register(m)
		m.Handle(exportRoute, exports(s, m))
	}
	s.log.Info("serving", "engines", strings.Join(c.Engines, ","), "database", c.Database(), "nats", maskURL(c.NATS), "addr", l.Addr().String())
	if ready != nil {
		ready(l.Addr().String())
	}
	err := httpapi.Serve(ctx, l, c.front(m, slices.Contains(c.Engines, "notification"), healthOf(s.DB, d.nc)...), &httpapi.ServeOptions{Log: s.log})
	stop()
	// What was asked before the end has an answer before the engines go.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), draining)
	defer cancel()
	return errors.Join(err, d.rpc.Stop(drain))
}

// openPart opens the engines of c on their database, waiting for it.
func (c Config) openPart(ctx context.Context, log *slog.Logger, o opening) (*Shop, error) {
	db, err := until(ctx, log, "the database", func(ctx context.Context) (*bunstore.DB, error) { return OpenDB(ctx, c, log, true) })
	if err != nil {
		return nil, err
	}
	if c.Migrate {
		_, err = db.Migrate(ctx)
	} else {
		_, err = until(ctx, log, "the tables (service migrate makes them)", func(ctx context.Context) (struct{}, error) { return struct{}{}, db.Current(ctx) })
	}
	var s *Shop
	if err == nil {
		s, err = c.on(ctx, db, log, o)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// MigrateAll brings the tables of every service of the platform up to date:
// "{service}" in the name of the database stands for the name of each. It waits
// for the server of the databases.
func MigrateAll(ctx context.Context, c Config, log *slog.Logger) error {
	if c.Service != "" || !strings.Contains(c.DB, "{service}") {
		return migrateOne(ctx, c, log)
	}
	for _, name := range ServiceNames() {
		one := c
		one.Service, one.DB = name, strings.ReplaceAll(c.DB, "{service}", name)
		if err := migrateOne(ctx, one, log.With("service", name)); err != nil {
			return fmt.Errorf("service %s: %w", name, err)
		}
	}
	return nil
}

func migrateOne(ctx context.Context, c Config, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	db, err := until(ctx, log, "the database", func(ctx context.Context) (*bunstore.DB, error) { return OpenDB(ctx, c, log, true) })
	if err != nil {
		return err
	}
	done, err := db.Migrate(ctx)
	if err == nil {
		log.Info("migrated", "database", c.Database(), "steps", len(done))
		_, err = pricing.New(bunstore.Pricing{DB: db}, nil).Seed(ctx, pricing.SeedInput{Currency: "USD", Country: "US"})
	}
	return errors.Join(err, db.Close())
}

// process names this process for logs, traces and NATS: its service, else its
// engines, else its program.
func (c Config) process(program string) string {
	return cmp.Or(c.Service, strings.Join(c.Engines, "-"), program)
}

// platformFaults returns what is missing for a process of the platform. Secrets
// that processes share cannot be made by one of them.
func (c Config) platformFaults(engines bool) Faults {
	f := c.ServeFaults()
	need := func(missing bool, name, text string) {
		if missing {
			f = append(f, Fault{name, text})
		}
	}
	need(c.NATS == "", "MERCER_NATS", "is missing: services meet there, nats://user:password@host:4222")
	need(c.Secret == nil && c.Env != Production, "MERCER_SECRET", "is missing: every process of the platform has the same, 32 or more random bytes (openssl rand -hex 32)")
	need(engines && len(c.Engines) == 0, "MERCER_SERVICE", "is missing: one of "+strings.Join(ServiceNames(), ", ")+"; or name the engines in MERCER_ENGINES: "+strings.Join(commerce.EngineNames, ", "))
	if engines && slices.Contains(c.Engines, "account") {
		tokens, err := c.signer(false)
		if err != nil {
			f = append(f, Fault{"MERCER_JWT_KEYS", err.Error()})
		}
		need(tokens == nil && err == nil, "JWT_SECRET", "is missing, and there is no key in MERCER_JWT_KEYS ("+c.JWTKeys+"): services make none by themselves")
	}
	if strings.Contains(c.DB, "{service}") {
		need(engines, "MERCER_DB", "has {service} in it, but MERCER_SERVICE does not say which")
	}
	return f
}

// healthOf are the checks of a process with a database, and with NATS when nc is
// not nil.
func healthOf(db *bunstore.DB, nc *nats.Conn) []Check {
	checks := []Check{{Name: "database", Probe: db.Ping}, {Name: "migrations", Probe: db.Current}}
	if nc != nil {
		checks = append(checks, natsCheck(nc))
	}
	return checks
}

func natsCheck(nc *nats.Conn) Check {
	return Check{Name: "nats", Probe: func(context.Context) error {
		if s := nc.Status(); s != nats.CONNECTED {
			return fmt.Errorf("nats: %s", s)
		}
		return nil
	}}
}
