// Package fleettest runs the platform for tests: a NATS server, the gateway and
// every service, each a process of its own that can be killed, on databases of
// their own. The processes are copies of the test's own binary, so TestMain must
// call Main.
package fleettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/pricing"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// programEnv names the program that a copy of the test binary is.
const programEnv = "FLEETTEST_PROGRAM"

// Main is what TestMain calls: it runs the tests, or one of the programs.
func Main(m *testing.M) {
	switch os.Getenv(programEnv) {
	case "":
		os.Exit(m.Run())
	case "gateway":
		boot.Main("gateway", boot.ServeGateway)
	case "server":
		boot.Main("server", hasty(boot.ServeShop))
	case "service":
		boot.Main("service", hasty(boot.ServeService))
	case "nats":
		runNATS()
	}
}

// Full reports whether tests may take as long as what they show takes in life:
// MERCER_TEST_FULL=1.
func Full() bool { return os.Getenv("MERCER_TEST_FULL") == "1" }

// hasty lets others take over soon what a dead process has claimed.
func hasty(serve boot.Serving) boot.Serving {
	return func(ctx context.Context, c boot.Config, log *slog.Logger, ready func(addr string)) error {
		c.Lease, c.Idle = 5*time.Second, 5*time.Second
		return serve(ctx, c, log, ready)
	}
}

func runNATS() {
	opts, err := server.ProcessConfigFile(os.Getenv("FLEETTEST_NATS_CONF"))
	if err == nil {
		var s *server.Server
		if s, err = server.NewServer(opts); err == nil {
			s.ConfigureLogger()
			s.Start()
			s.WaitForShutdown()
			return
		}
	}
	fmt.Fprintln(os.Stderr, "nats:", err)
	os.Exit(1)
}

// Options change a Fleet. The zero value is the whole platform on MySQL.
type Options struct {
	Server string   // of the databases, buntest.MySQL
	Env    []string // more settings of every service and the gateway
	OneDB  bool     // all services share one database
	DSN    string   // of one database for all of them, which nobody has made yet
	Keys   string   // directory of the user service's keys, in place of the secret of access tokens that all know
	// Together are services that are one process with one database. It has the
	// name of all of them: "cart-order".
	Together []string
	Cut      bool // what goes to NATS and the databases can be disturbed: Fleet.Network
}

// Fleet is a platform that runs.
type Fleet struct {
	t     testing.TB
	opts  Options
	dir   string
	NATS  string            // host:port of the NATS server, or of what stands before it
	URL   string            // of the gateway, or of the single server
	DSN   map[string]string // of the database of each service
	procs map[string]*process

	Network *Network // nil without Options.Cut
}

// The secrets of every fleet.
const (
	Secret    = "a secret of guests' tokens, for tests alone"
	JWTSecret = "a secret of access tokens, for tests alone."
)

// Start starts a platform and returns when everything in it is ready.
func Start(t testing.TB, o Options) *Fleet {
	t.Helper()
	f := Prepare(t, o)
	f.Up("nats")
	for _, name := range f.Names() {
		f.Begin(name)
	}
	for _, name := range f.Names() {
		f.Ready(name)
	}
	return f
}

// StartServer starts a single server whose events travel over NATS, which is not
// up yet, and returns when it serves.
func StartServer(t testing.TB, o Options) *Fleet {
	t.Helper()
	o.OneDB = true
	f := prepare(t, o)
	f.addNATS("")
	p := f.add("server", "server", append([]string{"MERCER_SECRET=" + Secret, "JWT_SECRET=" + JWTSecret, "MERCER_RATE_LIMIT=off",
		"MERCER_DATA=" + filepath.Join(f.dir, "server"), "MERCER_NATS=nats://" + f.NATS, "MERCER_DB=" + f.DSN["order"]}, o.Env...))
	p.alone, f.URL = true, "http://"+p.addr
	f.Up("server")
	return f
}

// prepare makes the databases of a platform that has no processes yet.
func prepare(t testing.TB, o Options) *Fleet {
	t.Helper()
	if o.Server == "" {
		o.Server = buntest.MySQL
	}
	f := &Fleet{t: t, opts: o, dir: t.TempDir(), DSN: map[string]string{}, procs: map[string]*process{}}
	f.databases()
	if o.Cut {
		f.Network = newNetwork(t)
	}
	t.Cleanup(f.close)
	if o.DSN == "" {
		f.seed()
	}
	return f
}

// seed makes the default market.
func (f *Fleet) seed() {
	f.t.Helper()
	db, err := bunstore.Open(f.t.Context(), f.DSN["product"], nil)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = pricing.New(bunstore.Pricing{DB: db}, nil).Seed(f.t.Context(), pricing.SeedInput{Currency: "USD", Country: "US"})
	if err = errors.Join(err, db.Close()); err != nil {
		f.t.Fatal(err)
	}
}

// settings are those that all processes of the platform share.
func (f *Fleet) settings(name string) []string {
	all := []string{
		"MERCER_SECRET=" + Secret, "MERCER_RATE_LIMIT=off", "MERCER_DATA=" + f.Data(name),
		"MERCER_NATS=nats://" + name + ":" + password(name) + "@" + f.NATS,
	}
	switch {
	case f.opts.Keys == "":
		all = append(all, "JWT_SECRET="+JWTSecret)
	case name == f.process("user"):
		all = append(all, "MERCER_JWT_KEYS="+f.opts.Keys)
	}
	return append(all, f.opts.Env...)
}

func (f *Fleet) addService(name string) {
	which, dsn := "MERCER_SERVICE="+name, f.DSN[name]
	if !slices.Contains(boot.ServiceNames(), name) {
		which, dsn = "MERCER_ENGINES="+strings.Join(enginesOf(f.opts.Together), ","), f.DSN[f.opts.Together[0]]
	}
	if f.Network != nil {
		dsn = f.Network.behind(f.t, dsn)
	}
	f.add(name, "service", append(f.settings(name), which, "MERCER_DB="+dsn))
}

// password is that of a user of the NATS server.
func password(name string) string { return "secret-of-" + name }

// permissions returns who may do what on the platform's NATS server.
func (f *Fleet) permissions() string {
	f.t.Helper()
	text := boot.NATSPermissions()
	if f.opts.Together != nil {
		text = boot.NATSPermissions(f.opts.Together)
	}
	const users = "users: ["
	return strings.Replace(string(text), users, fmt.Sprintf("%s {user: %q, password: %q}", users, Ear, password(Ear)), 1)
}

func (f *Fleet) addNATS(permissions string) {
	f.t.Helper()
	port := freePort(f.t)
	f.NATS = "127.0.0.1:" + port
	conf := fmt.Sprintf("host: 127.0.0.1\nport: %s\njetstream { store_dir: %q, sync_interval: always }\n%s\n", port, filepath.Join(f.dir, "jetstream"), permissions)
	path := filepath.Join(f.dir, "nats.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		f.t.Fatal(err)
	}
	env := []string{"FLEETTEST_NATS_CONF=" + path}
	for _, name := range f.Names() {
		env = append(env, natsrpc.PasswordVariable(name)+"="+password(name))
	}
	p := f.add("nats", "nats", env)
	p.addr, p.plain = f.NATS, true
	if f.Network != nil {
		f.NATS = f.Network.add(f.t, "nats", f.NATS)
	}
}

// freePort returns a port that nobody uses, from below those that the system
// gives to whoever asks for any: it is still free when its program starts.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(15000 + rand.IntN(15000))
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		_ = l.Close()
		return port
	}
	t.Fatal("no port is free")
	return ""
}

// process is a program that can be started again.
type process struct {
	name  string
	env   []string
	addr  string // where it listens
	plain bool   // it speaks no HTTP
	alone bool   // it is ready without the others
	log   *os.File

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

func (f *Fleet) add(name, program string, env []string) *process {
	f.t.Helper()
	log, err := os.Create(filepath.Join(f.dir, name+".log"))
	if err != nil {
		f.t.Fatal(err)
	}
	p := &process{name: name, env: append(env, programEnv+"="+program), log: log}
	if program != "nats" {
		p.addr = "127.0.0.1:" + freePort(f.t)
		p.env = append(p.env, "MERCER_ADDR="+p.addr)
	}
	f.procs[name] = p
	return p
}

// Begin starts a process, and does not wait until it is ready.
func (f *Fleet) Begin(name string) {
	f.t.Helper()
	p := f.procs[name]
	p.mu.Lock()
	defer p.mu.Unlock()
	exe, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(f.t.Context()), exe)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "MERCER_") || strings.HasPrefix(e, "JWT_")
	}), p.env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	p.cmd, p.done = cmd, make(chan struct{})
	go func(done chan struct{}) { _ = cmd.Wait(); close(done) }(p.done)
}

// Ready waits until a process is ready.
func (f *Fleet) Ready(name string) {
	f.t.Helper()
	p := f.procs[name]
	until := time.After(60 * time.Second)
	for {
		err := p.ready(f.t.Context())
		if err == nil {
			return
		}
		select {
		case <-p.done:
			f.t.Fatalf("%s has ended: %s", name, f.Log(name))
		case <-until:
			f.t.Fatalf("%s is not ready: %v\n%s", name, err, f.Log(name))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) ready(ctx context.Context) error {
	if p.plain {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
		if err != nil {
			return err
		}
		return c.Close()
	}
	if p.alone {
		_, err := get(ctx, "http://"+p.addr+"/readyz")
		return err
	}
	return ReadyAt(ctx, "http://"+p.addr)
}

// ReadyAt returns why the process at url, or what it depends on, is not ready.
func ReadyAt(ctx context.Context, url string) error {
	body, err := get(ctx, url+"/readyz")
	if err == nil && bytes.Contains(body, []byte("unavailable")) {
		err = fmt.Errorf("not all is there: %s", body)
	}
	return err
}

// get returns what is at url, and an error if that is not 200.
func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}

// Up starts a process and waits until it is ready.
func (f *Fleet) Up(name string) {
	f.t.Helper()
	f.Begin(name)
	f.Ready(name)
}

// Kill ends a process as kill -9 does.
func (f *Fleet) Kill(name string) { _ = f.end(name, syscall.SIGKILL) }

// Stop tells a process to end, waits until it has, and returns how long that
// took. One that does not end well fails the test.
func (f *Fleet) Stop(name string) time.Duration {
	start := time.Now()
	if code := f.end(name, syscall.SIGTERM); code != 0 {
		f.t.Errorf("%s ended with %d: %s", name, code, f.Log(name))
	}
	return time.Since(start)
}

// end returns the exit code, 0 for a process that does not run.
func (f *Fleet) end(name string, sig syscall.Signal) int {
	p := f.procs[name]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	_ = p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		f.t.Errorf("%s did not end: %s", name, f.Log(name))
	}
	code := p.cmd.ProcessState.ExitCode()
	p.cmd = nil
	return code
}

// Log returns the end of what a process has said.
func (f *Fleet) Log(name string) string {
	data, err := os.ReadFile(f.procs[name].log.Name())
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-4000):])
}

func (f *Fleet) close() {
	for _, name := range append([]string{"server"}, f.Names()...) {
		if f.procs[name] != nil {
			f.Stop(name)
		}
	}
	if f.procs["nats"] != nil {
		f.Kill("nats")
	}
	for _, p := range f.procs {
		if f.t.Failed() {
			f.t.Logf("log of %s:\n%s", p.name, f.Log(p.name))
		}
		_ = p.log.Close()
	}
}

// DB opens the database of a service.
func (f *Fleet) DB(service string) *bunstore.DB {
	f.t.Helper()
	db, err := bunstore.Open(f.t.Context(), f.DSN[service], nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			f.t.Error(err)
		}
	})
	return db
}

// Key makes a secret key with scopes.
func (f *Fleet) Key(scopes ...string) string {
	f.t.Helper()
	k, err := account.New(bunstore.Accounts{DB: f.DB("user")}, account.Ports{}, nil).CreateKey(f.t.Context(), account.CreateKeyInput{Name: "test", Scopes: scopes})
	if err != nil {
		f.t.Fatal(err)
	}
	return k.Secret
}
