package natsrpc_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

type (
	input struct {
		Name string `json:"name"`
	}
	output struct {
		Name    string      `json:"name"`
		Actor   ident.Actor `json:"actor"`
		Key     string      `json:"key"`
		Request string      `json:"request"`
		Client  string      `json:"client"`
		Trace   string      `json:"trace"`
		Wait    int64       `json:"wait"` // milliseconds
	}
)

var (
	errToy = fault.New(fault.Conflict, "toy.broken", "the toy is broken")
	opToy  = op.Op[input, output]{Name: "toy.play", Doc: "Plays."}
)

// listen starts a NATS server, on a port of its own when o has none.
func listen(t testing.TB, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoSigs, o.NoLog = "127.0.0.1", true, true
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the NATS server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func dial(t testing.TB, s *server.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func connect(t testing.TB) *nats.Conn {
	t.Helper()
	s := listen(t, server.Options{DontListen: true})
	return dial(t, s, nats.InProcessServer(s))
}

// sealed is Actors with a secret that everybody here knows.
type sealed struct{ secret string }

func (a sealed) sum(text, op string) string {
	m := hmac.New(sha256.New, []byte(a.secret))
	m.Write([]byte(op + " " + text))
	return hex.EncodeToString(m.Sum(nil))
}

func (a sealed) Sign(_ context.Context, who ident.Actor, op string) (string, error) {
	text, err := json.Marshal(who)
	return a.sum(string(text), op) + string(text), err
}

func (a sealed) Verify(_ context.Context, token, op string) (who ident.Actor, err error) {
	i := strings.Index(token, "{")
	if i < 0 || a.sum(token[i:], op) != token[:i] {
		return who, fault.ErrUnauthenticated
	}
	return who, json.Unmarshal([]byte(token[i:]), &who)
}

var actors = sealed{"s3cret"}

func client(nc *nats.Conn) natsrpc.Client { return natsrpc.Client{NC: nc, Actors: actors} }

// ask sends a request that a Client does not send.
func ask(t *testing.T, nc *nats.Conn, token, body string) *fault.Error {
	t.Helper()
	m := &nats.Msg{Subject: natsrpc.Subject(opToy.Name), Header: nats.Header{"Mercer-Actor": {token}}, Data: []byte(body)}
	answer, err := nc.RequestMsg(m, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	f := new(fault.Error)
	if err := json.Unmarshal(answer.Data, f); err != nil {
		t.Fatal(err)
	}
	return f
}

type play = func(ctx context.Context, in input) (output, error)

// safeBuffer is a log that goroutines share.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func serve(t testing.TB, nc *nats.Conn, limit int, fn play) (*natsrpc.Server, *safeBuffer) {
	t.Helper()
	log := &safeBuffer{}
	s, err := natsrpc.Serve(nc, natsrpc.Options{Actors: actors, Limit: limit, Log: slog.New(slog.NewTextHandler(log, nil)), Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	op.Handle(s, opToy, fn)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s, log
}
