package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// ServeGateway serves the routes of the API over services on NATS until ctx
// ends. What is not valid is refused here, before anything is sent, and access
// tokens are verified here, so that the gateway goes on while the user service
// is away.
func ServeGateway(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error {
	return Watched("gateway", serveGateway)(ctx, c, log, ready)
}

func serveGateway(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error {
	if err := c.platformFaults(false).orNil(); err != nil {
		return err
	}
	log = log.With("service", "gateway")
	l, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // again is fine
	nc, err := c.connect(ctx, "mercer-gateway", log)
	if err != nil {
		return err
	}
	defer leave(nc)
	actors, err := jwtauth.NewActors(c.Secret, nil)
	if err != nil {
		return err
	}
	shop := platformShop(c.caller(natsrpc.Client{NC: nc, Actors: actors}))
	m, err := c.gateway(shop, actors, log)
	if err != nil {
		return err
	}
	log.Info("serving", "url", URL(l.Addr().String()), "nats", maskURL(c.NATS))
	if ready != nil {
		ready(l.Addr().String())
	}
	checks := append([]Check{natsCheck(nc)}, serviceChecks(nc)...)
	return httpapi.Serve(ctx, l, c.front(m, false, checks...), &httpapi.ServeOptions{Log: log})
}

// platformShop returns the shop of all services behind caller.
func platformShop(caller op.Caller) *commerce.Shop {
	shop := commerce.Remote(caller)
	outboxes := map[string]outbox.Service{}
	for _, name := range ServiceNames() {
		outboxes[name] = outbox.Client{Caller: outbox.CallUnder(EnginesOf(name)[0], caller)}
	}
	shop.Outbox = outbox.All(outboxes)
	shop.Explain = commerce.Explained(shop, nil)
	return shop
}

// gateway returns the routes over shop.
func (c Config) gateway(shop *commerce.Shop, actors *jwtauth.Actors, log *slog.Logger) (*httpapi.Mux, error) {
	tokens, err := c.verifier(shop.Accounts)
	if err != nil {
		return nil, err
	}
	gen := &polled{every: 500 * time.Millisecond, ask: generationOf(shop)}
	m := httpapi.New(c.watchHTTP(&httpapi.Options{Log: log, Authenticator: account.Access(tokens, account.Keys(shop.Accounts)), Generation: gen.get,
		AllowedOrigins: c.AllowedOrigins, RateLimit: c.RateLimit, TrustedProxies: c.TrustedProxies}))
	var all []op.Handler
	commerce.Register(c.registrar(op.RegistrarFunc(func(h op.Handler) {
		all = append(all, h)
		m.Register(h)
	})), shop)
	c.pages(m, all)
	if c.FilesURL != "" {
		files := filesProxy(c.FilesURL, actors, m)
		for route, refuse := range fileGates {
			m.Handle(route, gated(refuse, files, m))
		}
	}
	return m, nil
}

// generationOf names the state of what catalog reads of s show.
func generationOf(s *commerce.Shop) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		ctx = ident.As(ctx, "httpapi")
		products, err := s.Catalog.Generation(ctx, op.Nothing{})
		if err != nil {
			return "", err
		}
		prices, err := s.Pricing.Generation(ctx, op.Nothing{})
		return fmt.Sprintf("%d.%d", products.N, prices.N), err
	}
}

// polled keeps an answer for a while, also that there is none: who asks while
// the one who is asked is away does not queue up.
type polled struct {
	every time.Duration
	ask   func(context.Context) (string, error)

	mu    sync.Mutex
	value string
	err   error
	until time.Time
}

func (p *polled) get(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().After(p.until) {
		p.value, p.err = p.ask(ctx)
		p.until = time.Now().Add(p.every)
	}
	return p.value, p.err
}

// serviceChecks ask whether anybody serves the engines of each service. The
// gateway serves what it can while one of them is away.
func serviceChecks(nc *nats.Conn) (all []Check) {
	for _, name := range ServiceNames() {
		engines := EnginesOf(name)
		all = append(all, Check{Name: name, Optional: true, Probe: func(ctx context.Context) error {
			var errs error
			for _, e := range engines {
				subject, err := micro.ControlSubject(micro.PingVerb, "mercer-"+e, "")
				if err == nil {
					_, err = nc.RequestWithContext(ctx, subject, nil)
				}
				errs = errors.Join(errs, err)
			}
			return errs
		}})
	}
	return all
}

// filesOp is what tokens for the product service's files are bound to.
const filesOp = "importer.files"

// filesAuth knows callers by the tokens that the gateway makes for them.
type filesAuth struct{ actors *jwtauth.Actors }

// Authenticate implements ident.Authenticator.
func (a filesAuth) Authenticate(ctx context.Context, bearer string) (ident.Actor, error) {
	return a.actors.Verify(ctx, bearer, filesOp)
}

// gated serves h to the requests that are not refused. Their bodies may take as
// long as they go on coming.
func gated(refuse func(*http.Request) error, h http.Handler, m *httpapi.Mux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := refuse(r); err != nil {
			m.Fail(w, r, err)
			return
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{patient{r.Body, http.NewResponseController(w)}, r.Body}
		h.ServeHTTP(w, r)
	})
}

// filesProxy passes catalog files on to the product service as they come, in
// the name of the caller.
func filesProxy(base string, actors *jwtauth.Actors, m *httpapi.Mux) http.Handler {
	to, _ := url.Parse(base) // was looked at when it was set
	return &httputil.ReverseProxy{
		FlushInterval: time.Second,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Del("Cookie")
			r.Out.Header.Set("Request-Id", ident.Request(r.In.Context()))
			r.Out.Header.Del("Traceparent")
			if parent := ident.Trace(r.In.Context()); parent != "" {
				r.Out.Header.Set("Traceparent", parent)
			}
			r.Out.Header.Del("Authorization")
			if token, err := actors.Sign(r.In.Context(), ident.From(r.In.Context()), filesOp); err == nil {
				r.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			for name := range r.Header { // the gateway has set its own already
				if strings.EqualFold(name, "Request-Id") || strings.HasPrefix(name, "X-") || name == "Content-Security-Policy" || name == "Referrer-Policy" {
					r.Header.Del(name)
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			m.Fail(w, r, fault.ErrUnavailable.After(time.Second).Because(err))
		},
	}
}
