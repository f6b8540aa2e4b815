package fleettest_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/contracttest"
	"github.com/mercer-commerce/mercer/commerce/embed/topologytest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// What comes back in one process comes back from processes behind the gateway.
func TestContract(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	ran := contracttest.Run(t, func(t *testing.T) *contracttest.Topology {
		f := fleettest.Start(t, fleettest.Options{Env: []string{
			"MERCER_FAKEPAY=" + filepath.Join(t.TempDir(), "bank.db"), "MERCER_TRUSTED_PROXIES=127.0.0.1", "MERCER_RATE_LIMIT=100000/s",
		}})
		p := newPlatform(t, f)
		return &contracttest.Topology{Caller: p, Bare: p.bare(), Pass: p.pass, Heard: p.heard, PutAside: p.putAside, Tear: p.tear}
	})
	contracttest.Same(t, map[string][]string{"processes": ran})
}

// platform reaches every operation of a Fleet: over HTTP where there is a route
// for who asks, over NATS as a service that may call it, and else, for what
// services do within themselves, on the database of its service.
type platform struct {
	t      *testing.T
	fleet  *fleettest.Fleet
	tokens account.Tokens
	local  topologytest.Handlers
	dbs    map[string]*bunstore.DB

	mu    sync.Mutex
	keys  map[string]string // secret keys by their scopes
	conns map[string]natsrpc.Client
}

func newPlatform(t *testing.T, f *fleettest.Fleet) *platform {
	t.Helper()
	signing, err := jwtauth.Secret([]byte(fleettest.JWTSecret))
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{t: t, fleet: f, tokens: jwtauth.New("mercer", signing, nil), local: topologytest.Handlers{}, dbs: map[string]*bunstore.DB{},
		keys: map[string]string{}, conns: map[string]natsrpc.Client{}}
	for _, name := range boot.ServiceNames() {
		p.dbs[name] = f.DB(name)
		s := commerce.Engines(embed.Stores(p.dbs[name], boot.EnginesOf(name)...), p.options())
		commerce.RegisterEngines(commerce.Beside(p.local, boot.EnginesOf(name)), s)
	}
	return p
}

func (p *platform) options() commerce.Options {
	return commerce.Options{Elsewhere: p, Secret: []byte(fleettest.Secret), Sanitizer: safehtml.New()}
}

// Call implements op.Caller.
func (p *platform) Call(ctx context.Context, name string, in, out any) error {
	routed := slices.ContainsFunc(httpapi.Routes, func(r httpapi.Route) bool { return r.Op == name })
	if token, ok := p.bearer(ctx); ok && routed {
		return httpapi.Client{Base: p.fleet.URL, Token: token, HTTP: &http.Client{Timeout: 30 * time.Second, Transport: from{ctx}}}.Call(ctx, name, in, out)
	}
	for _, u := range boot.NATSUsers() {
		if slices.Contains(u.Calls, name) {
			return p.as(u.Name).Call(ctx, name, in, out)
		}
	}
	return p.local.Call(ctx, name, in, out)
}

// bearer returns what says over HTTP who asks, "" for a guest, and false for who
// cannot ask there.
func (p *platform) bearer(ctx context.Context) (string, bool) {
	who := ident.From(ctx)
	switch who.Kind {
	case ident.System:
		return p.key("*"), true
	case ident.Guest:
		return "", true
	case ident.Staff:
		if len(who.Scopes) == 0 {
			return p.key("carts:read"), true // no key is without rights; this is the right to no operation
		}
		return p.key(who.Scopes...), true
	case ident.Customer:
		now := time.Now()
		token, err := p.tokens.Issue(ctx, account.Claims{Subject: who.ID, Audience: account.AudienceCustomer, Session: who.Session, Email: who.Email,
			Issued: now, Expires: now.Add(account.AccessLife)})
		return token, err == nil
	default:
		return "", false
	}
}

// key returns a secret key with scopes.
func (p *platform) key(scopes ...string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := strings.Join(scopes, " ")
	if p.keys[name] == "" {
		p.keys[name] = p.fleet.Key(scopes...)
	}
	return p.keys[name]
}

// as returns the caller that a process of the platform has.
func (p *platform) as(user string) natsrpc.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.conns[user]; ok {
		return c
	}
	nc, err := nats.Connect("nats://"+user+":secret-of-"+user+"@"+p.fleet.NATS, nats.CustomInboxPrefix(natsrpc.Inbox(user)))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(nc.Close)
	actors, err := jwtauth.NewActors([]byte(fleettest.Secret), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.conns[user] = natsrpc.Client{NC: nc, Actors: actors}
	return p.conns[user]
}

// from sends requests from the address of the network that a context names, or
// each from another: who asks often is not asked to wait.
type from struct{ ctx context.Context }

// RoundTrip implements http.RoundTripper.
func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	addr := ident.Client(f.ctx)
	if addr == "" {
		id := ident.NewID("x")
		addr = fmt.Sprintf("10.%d.%d.%d", id[len(id)-1], id[len(id)-2], id[len(id)-3])
	}
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", addr)
	return http.DefaultTransport.RoundTrip(r)
}

// bare reaches the accounts of the platform from a process that cannot sign in.
func (p *platform) bare() op.Caller {
	s := commerce.Engines(commerce.Stores{Accounts: bunstore.Accounts{DB: p.dbs["user"]}}, p.options())
	all := topologytest.Handlers{}
	account.Register(all, s.Accounts)
	return all
}

// pass waits: the processes work by themselves.
func (p *platform) pass(d time.Duration) {
	select {
	case <-time.After(min(d, 50*time.Millisecond)):
	case <-p.t.Context().Done():
	}
}

// heard reads what the service of an event has announced.
func (p *platform) heard(name string) (out []event.Envelope) {
	for _, table := range []string{"outbox_archive", "outbox"} {
		var rows []struct {
			ID, Name, K, Data string
			Seq               int64
		}
		if err := p.dbs[boot.ServiceOf(name)].Read(p.t.Context(), &rows, "SELECT id, name, k, seq, data FROM {"+table+"} WHERE name = ?", name); err != nil {
			p.t.Error(err)
		}
		for _, r := range rows {
			out = append(out, event.Envelope{ID: r.ID, Name: r.Name, Key: r.K, Seq: r.Seq, Data: []byte(r.Data)})
		}
	}
	return out
}

func (p *platform) putAside(ctx context.Context, consumer string, e event.Envelope) error {
	in, now := bunstore.Inbox{DB: p.dbs["notification"]}, time.Now().UTC()
	if _, err := in.Fail(ctx, outbox.Letter{Consumer: consumer, Event: e, State: outbox.Trying, Error: "refused", First: now, Last: now}); err != nil {
		return err
	}
	return in.Bury(ctx, consumer, e.ID)
}

func (p *platform) tear(ctx context.Context, b payment.Break) error {
	_, err := bunstore.Payments{DB: p.dbs["payment"]}.SeeBreak(ctx, b)
	return err
}
