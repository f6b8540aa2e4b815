package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/hosts/internal/demo"
	"github.com/mercer-commerce/mercer/transport/httpapi"
	"github.com/mercer-commerce/mercer/transport/openapi"
)

// ErrAddrTaken says that another program listens where the shop should.
var ErrAddrTaken = fault.New(fault.Conflict, "boot.addr_taken", "the address is taken")

// ServeShop opens a whole shop and serves it until ctx ends.
func ServeShop(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) error {
	return Watched("server", serveShop)(ctx, c, log, ready)
}

func serveShop(ctx context.Context, c Config, log *slog.Logger, ready func(addr string)) (err error) {
	s, err := Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return Serve(ctx, c, s, func(addr string) {
		log.Info("serving", "url", URL(addr), "database", c.Database())
		if ready != nil {
			ready(addr)
		}
	})
}

// Serve serves s at c.Addr until ctx ends, and calls ready with the address in
// use when it does. Then it takes no new request, lets those in flight finish
// (25 seconds at most), and stops the import that runs. Closing s stays the
// caller's. It returns ErrAddrTaken when another program has the address.
func Serve(ctx context.Context, c Config, s *Shop, ready func(addr string)) error {
	l, err := listen(ctx, c)
	if err != nil {
		return err
	}
	imports, err := OpenImports(c, s)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	imports.Start(ctx)
	if ready != nil {
		ready(l.Addr().String())
	}
	err = httpapi.Serve(ctx, l, Handler(c, s, imports), &httpapi.ServeOptions{Log: s.log})
	imports.Stop()
	return err
}

func listen(ctx context.Context, c Config) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	host, port, _ := net.SplitHostPort(c.Addr) // it was parsed before
	n, _ := strconv.Atoi(port)
	command := "mercer serve"
	if c.Demo {
		command = "make demo"
	}
	return nil, ErrAddrTaken.Saying(fmt.Sprintf("%s is taken by %s: stop it (lsof -i :%s shows it), or listen elsewhere: MERCER_ADDR=%s %s",
		c.Addr, squatter(ctx, c.Addr), port, net.JoinHostPort(host, strconv.Itoa(n%65535+1)), command))
}

// squatter says who seems to listen at addr.
func squatter(ctx context.Context, addr string) string {
	const stranger = "another program"
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, URL(addr)+"/v1/store", nil)
	if err != nil {
		return stranger
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return stranger
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusOK && resp.Header.Get("Request-Id") != "" {
		return "a shop that is served already"
	}
	return stranger
}

// URL returns the address to open in a browser on this machine for a server
// that listens at addr.
func URL(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Handler serves everything that s can be asked over HTTP.
func Handler(c Config, s *Shop, imports *Imports) http.Handler {
	m := httpapi.New(c.watchHTTP(&httpapi.Options{
		Log: s.log, Authenticator: account.Access(s.tokens, account.Keys(s.Accounts)), Generation: generationOf(s.Shop.Shop), AllowedOrigins: c.AllowedOrigins,
		RateLimit: c.RateLimit, TrustedProxies: c.TrustedProxies,
	}))
	var all []op.Handler
	s.Register(c.registrar(op.RegistrarFunc(func(h op.Handler) {
		all = append(all, h)
		m.Register(h)
	})))
	c.pages(m, all)
	imports.register(m)
	m.Handle(exportRoute, exports(s, m))
	if c.Env != Production {
		m.Handle("GET /demo/{picture}", demo.Pictures())
	}
	checks := healthOf(s.DB, nil)
	if s.late != nil { // it sells without
		checks = append(checks, Check{Name: "nats", Probe: s.late.ready, Optional: true})
	}
	return c.front(m, true, checks...)
}

// pages serves the pages that people read.
func (c Config) pages(m *httpapi.Mux, all []op.Handler) {
	openapi.Pages(m, httpapi.Routes, all, openapi.Info{Title: c.Name, Version: Version(), Description: "Everything that can be asked of the shop.", Streams: Streams()}, openapi.Link{Text: "Store", URL: "/v1/store"},
		openapi.Link{Text: "Products", URL: "/v1/products"}, openapi.Link{Text: "Categories", URL: "/v1/categories"}, openapi.Link{Text: "Readiness", URL: "/readyz"})
}

// Version returns the version of the program as it was built.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
