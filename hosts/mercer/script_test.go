package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"mercer": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = &server{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": scriptCode, "server": scriptServer, "sale": scriptSale, "brokenoff": scriptBrokenOff, "keep": scriptKeep,
		},
	})
}

type serverKey struct{}

// server is the one that a script has started.
type server struct {
	url  string
	stop func() error
}

func serverOf(ts *testscript.TestScript) *server { return ts.Value(serverKey{}).(*server) }

// scriptCode runs mercer and wants an exit code: code 3 order show nope.
func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N ARG…")
	}
	err := ts.Exec("mercer", args[1:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// scriptServer starts a server on the data of the script and sets $URL and $KEY
// for it, or stops it: server start|stop.
func scriptServer(ts *testscript.TestScript, _ bool, args []string) {
	s := serverOf(ts)
	if args[0] == "stop" {
		ts.Check(s.stop())
		return
	}
	c, err := boot.Load(map[string]string{"data": ts.MkAbs("data"), "addr": "127.0.0.1:0"}, []string{"MERCER_FAKEPAY=" + ts.Getenv("MERCER_FAKEPAY")})
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	shop, err := boot.Open(ctx, c, slog.New(slog.DiscardHandler))
	ts.Check(err)
	addr, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- boot.Serve(ctx, c, shop, func(a string) { addr <- a }) }()
	s.url = boot.URL(<-addr)
	over := false
	s.stop = func() error {
		if over {
			return nil
		}
		over = true
		cancel()
		return errors.Join(<-done, shop.Close())
	}
	ts.Defer(func() { _ = s.stop() })
	k, err := shop.Accounts.CreateKey(ctx, account.CreateKeyInput{Name: "script", Scopes: []string{"*"}})
	ts.Check(err)
	ts.Setenv("URL", s.url)
	ts.Setenv("KEY", k.Secret)
}

// scriptKeep sets a variable to what of the last stdout fits: keep NAME REGEXP.
func scriptKeep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("nothing in stdout fits %s", args[1])
	}
	ts.Setenv(args[0], found)
}

// scriptBrokenOff leaves behind what an import of a file leaves that dies after
// a row: brokenoff FILE ROW.
func scriptBrokenOff(ts *testscript.TestScript, _ bool, args []string) {
	row, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { ts.Check(f.Close()) }()
	b, err := boot.OpenBookmark(ts.MkAbs("data"), ts.MkAbs(args[0]), f, importer.ImportOptions{})
	ts.Check(err)
	ts.Check(b.Turn(boot.Import{ID: "imp_broken", Progress: importer.Progress{Through: row}}))
}

// scriptSale buys two of a SKU over HTTP and sets a variable to the number of
// the order: sale SKU METHOD NAME.
func scriptSale(ts *testscript.TestScript, _ bool, args []string) {
	base := serverOf(ts).url
	cart, token := call(ts, "POST", base+"/v1/carts", "", fmt.Sprintf(`{"email":"ada@example.com","items":[{"sku":%q,"quantity":2}]}`, args[0])), ""
	id := base + "/v1/carts/" + cart["id"].(string)
	token = cart["token"].(string)
	const address = `{"name":"Ada Buyer","line1":"Hauptstr. 1","city":"Berlin","postal_code":"10115","country":"DE"}`
	call(ts, "PUT", id+"/addresses/shipping", token, address)
	call(ts, "PUT", id+"/addresses/billing", token, address)
	options := call(ts, "GET", id+"/shipping-options", token, "")["items"].([]any)
	option, _ := json.Marshal(map[string]any{"option_id": options[0].(map[string]any)["id"]})
	cart = call(ts, "PUT", id+"/shipping-option", token, string(option))
	total, _ := json.Marshal(cart["totals"].(map[string]any)["total"])
	order := call(ts, "POST", id+"/complete", token, fmt.Sprintf(`{"expected_total":%s,"payment":{"method":%q}}`, total, args[1]))
	ts.Setenv(args[2], order["number"].(string))
}

func call(ts *testscript.TestScript, method, url, token, body string) map[string]any {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "script-"+token+strings.ReplaceAll(url, "/", "-"))
	if token != "" {
		req.Header.Set("Cart-Token", token)
	} else {
		req.Header.Del("Idempotency-Key")
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode >= 300 {
		ts.Fatalf("%s %s: %s %s", method, url, resp.Status, data)
	}
	var out map[string]any
	ts.Check(json.Unmarshal(data, &out))
	return out
}

// TestDemo runs the demo twice on the same data, and the lines that it prints.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	first := demoOnce(t, data)
	second := demoOnce(t, data)
	if first != second {
		t.Errorf("the key was %q and is %q", first, second)
	}
	info, err := os.Stat(filepath.Join(data, "demo-key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
}

// demoOnce starts a demo, runs its lines, stops it, and returns its key.
func demoOnce(t *testing.T, data string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan int, 1)
	go func() {
		env := []string{"MERCER_DATA=" + data, "MERCER_ADDR=127.0.0.1:0", "MERCER_LOG=warn"}
		done <- run(ctx, []string{"serve", "--demo"}, env, strings.NewReader(""), in, t.Output())
		_ = in.Close()
	}()
	var said strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(said.String(), "Ctrl-C"); {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("%v after %s", err, said.String())
		}
	}
	lines := 0
	for line := range strings.Lines(said.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "curl ") {
			lines++
			curl(t, line)
		}
	}
	if lines != 3 {
		t.Errorf("%d lines for curl, want 3", lines)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
	key, err := os.ReadFile(filepath.Join(data, "demo-key"))
	if err != nil {
		t.Fatal(err)
	}
	return string(key)
}

// curl does what a shell would do with a line that calls curl.
func curl(t *testing.T, line string) {
	t.Helper()
	method, url, body, header := "GET", "", "", http.Header{}
	words := shellWords(line)
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-s":
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			header.Set(name, value)
		case "-d":
			i++
			method, body = "POST", words[i]
		default:
			url = words[i]
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 || !strings.Contains(string(answer), `"items":[`) {
		t.Errorf("%s: %s %s, %v", line, resp.Status, answer, err)
	}
}

// shellWords cuts a line at its spaces, but for those between single quotes.
func shellWords(line string) (words []string) {
	word, quoted := "", false
	for _, c := range line + " " {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			words = append(words, word)
			word = ""
		default:
			word += string(c)
		}
	}
	return words
}
