package fleettest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Network are proxies that disturb what goes through them: a toxiproxy-server
// (github.com/Shopify/toxiproxy), which MERCER_TEST_TOXIPROXY or PATH has.
type Network struct {
	api     string
	servers map[string]string // name of the proxy of a database server, by address
}

// NeedNetwork skips the test where there is no toxiproxy-server, and fails it
// where MERCER_TEST_REQUIRE has toxiproxy. It returns where that is.
func NeedNetwork(t testing.TB) (binary string) {
	t.Helper()
	if binary = os.Getenv("MERCER_TEST_TOXIPROXY"); binary == "" {
		binary, _ = exec.LookPath("toxiproxy-server")
	}
	switch {
	case binary != "":
		return binary
	case slices.Contains(strings.Split(os.Getenv("MERCER_TEST_REQUIRE"), ","), "toxiproxy"):
		t.Fatal("toxiproxy is required and there is no toxiproxy-server in PATH")
	}
	t.Skip("there is no toxiproxy-server in PATH")
	return ""
}

func newNetwork(t testing.TB) *Network {
	t.Helper()
	port := freePort(t)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), NeedNetwork(t), "-host", "127.0.0.1", "-port", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	n := &Network{api: "http://127.0.0.1:" + port, servers: map[string]string{}}
	var err error
	if !within(20*time.Second, func() bool {
		_, err = get(t.Context(), n.api+"/version")
		return err == nil
	}) {
		t.Fatalf("toxiproxy does not answer: %v", err)
	}
	return n
}

// add puts a proxy before a server and returns its address.
func (n *Network) add(t testing.TB, name, upstream string) string {
	t.Helper()
	addr := "127.0.0.1:" + freePort(t)
	n.ask(t, http.MethodPost, "/proxies", map[string]any{"name": name, "listen": addr, "upstream": upstream, "enabled": true})
	return addr
}

// behind returns dsn by way of the proxy "database".
func (n *Network) behind(t testing.TB, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if n.servers[cfg.Addr] == "" {
		n.servers[cfg.Addr] = n.add(t, "database", cfg.Addr)
	}
	cfg.Addr = n.servers[cfg.Addr]
	return cfg.FormatDSN()
}

// Disturb puts a toxic in the way to "nats" or to the "database", in both
// directions, until the function that it returns is called.
func (n *Network) Disturb(t testing.TB, proxy, kind string, attributes map[string]int) (end func()) {
	t.Helper()
	streams := []string{"upstream", "downstream"}
	for _, s := range streams {
		n.ask(t, http.MethodPost, "/proxies/"+proxy+"/toxics", map[string]any{"name": s, "type": kind, "stream": s, "attributes": attributes})
	}
	return func() {
		t.Helper()
		for _, s := range streams {
			n.ask(t, http.MethodDelete, "/proxies/"+proxy+"/toxics/"+s, nil)
		}
	}
}

func (n *Network) ask(t testing.TB, method, path string, body any) {
	t.Helper()
	err := n.call(t.Context(), method, path, body)
	if err != nil {
		t.Fatalf("toxiproxy: %s %s: %v", method, path, err)
	}
}

func (n *Network) call(ctx context.Context, method, path string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, n.api+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		text, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s", resp.Status, text)
	}
	return nil
}
