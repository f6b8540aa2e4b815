package boot_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

var quiet = slog.New(slog.DiscardHandler)

func config(t *testing.T, env ...string) boot.Config {
	t.Helper()
	c, err := boot.Load(nil, append([]string{"MERCER_DATA=" + t.TempDir(), "MERCER_ADDR=127.0.0.1:0", "MERCER_RATE_LIMIT=off"}, env...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// served is a shop that is served until the test ends.
type served struct {
	*boot.Shop
	url  string
	stop func() error
}

// settled waits until those who follow events have taken all there are.
func (s served) settled(t *testing.T) {
	t.Helper()
	for {
		lag, err := bunstore.Outbox{DB: s.DB}.Lag(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if lag.Pending == 0 {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("events are left")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func serve(t *testing.T, c boot.Config) served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := boot.Open(ctx, c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	addr, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- boot.Serve(ctx, c, s, func(a string) { addr <- a }) }()
	stop := func() error {
		cancel()
		err := errors.Join(<-done, s.Close())
		done <- nil
		return err
	}
	select {
	case a := <-addr:
		out := served{s, boot.URL(a), stop}
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			done <- nil
			_ = s.Close()
		})
		return out
	case err := <-done:
		t.Fatal(errors.Join(err, s.Close()))
		return served{}
	}
}

func (s served) key(t *testing.T, scopes ...string) string {
	t.Helper()
	k, err := s.Accounts.CreateKey(t.Context(), account.CreateKeyInput{Name: "test", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return k.Secret
}

// ask sends a request; header pairs follow the body.
func (s served) ask(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(data)
}

func TestSecondServerIsRefused(t *testing.T) {
	c := config(t)
	serve(t, c)
	if _, err := boot.Open(t.Context(), c, quiet); !errors.Is(err, boot.ErrServed) {
		t.Errorf("a second server opened the file: %v", err)
	}
	beside, err := boot.OpenCommand(t.Context(), c, quiet)
	if err != nil {
		t.Fatalf("a command cannot work beside the server: %v", err)
	}
	if err := beside.Close(); err != nil {
		t.Error(err)
	}
}

func TestServerAfterServer(t *testing.T) {
	c := config(t)
	for range 2 {
		s, err := boot.Open(t.Context(), c, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTakenAddressNamesTheRemedy(t *testing.T) {
	s := serve(t, config(t))
	c := config(t)
	c.Addr = strings.TrimPrefix(s.url, "http://")
	c.Addr = strings.Replace(c.Addr, "localhost", "127.0.0.1", 1)
	other, err := boot.Open(t.Context(), c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	err = boot.Serve(t.Context(), c, other, nil)
	if !errors.Is(err, boot.ErrAddrTaken) || !strings.Contains(err.Error(), "MERCER_ADDR=127.0.0.1:") || !strings.Contains(err.Error(), "a shop that is served already") {
		t.Errorf("error %v, want one that names who it is and what to do", err)
	}
}

func TestNotMigratedIsRefused(t *testing.T) {
	c := config(t, "MERCER_MIGRATE=off")
	_, err := boot.Open(t.Context(), c, quiet)
	if !errors.Is(err, bunstore.ErrSchema) || !strings.Contains(err.Error(), "mercer migrate up") {
		t.Errorf("error %v, want one that names the command", err)
	}
	if _, err := boot.OpenCommand(t.Context(), config(t), quiet); !errors.Is(err, boot.ErrNoShop) {
		t.Errorf("a command opened what is not there: %v", err)
	}
}

func TestHealth(t *testing.T) {
	s := serve(t, config(t))
	for path, want := range map[string]string{
		"/healthz": `"ok"`, "/readyz": `{"status":"ok","checks":{"database":"ok","migrations":"ok"}}`, "/": "/docs", "/docs": "<html", "/v1/openapi.json": "storefront.products",
		"/v1/store": `"default_market":"default"`, "/demo/blue-hour-mug.svg": "<svg",
	} {
		resp, body := s.ask(t, "GET", path, "")
		if resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("GET %s: %s %.200s; want %s in it", path, resp.Status, body, want)
		}
	}
	if resp, _ := s.ask(t, "GET", "/demo/../secret.key", ""); resp.StatusCode == 200 {
		t.Error("a path leads out of the pictures")
	}
}

func TestProductionHasNoPictures(t *testing.T) {
	s := serve(t, config(t, "MERCER_ENV=production", "MERCER_SECRET=0123456789abcdef0123456789abcdef", "JWT_SECRET=fedcba9876543210fedcba9876543210"))
	if resp, _ := s.ask(t, "GET", "/demo/blue-hour-mug.svg", ""); resp.StatusCode != 404 {
		t.Errorf("pictures of the demo in production: %s", resp.Status)
	}
}

func TestReadinessTellsWhatIsWrong(t *testing.T) {
	s := serve(t, config(t))
	if err := s.DB.Close(); err != nil {
		t.Fatal(err)
	}
	resp, body := s.ask(t, "GET", "/readyz", "")
	if resp.StatusCode != 503 || !strings.Contains(body, `"database":"unavailable"`) {
		t.Errorf("%s %s, want 503 that names the database", resp.Status, body)
	}
	if resp, _ := s.ask(t, "GET", "/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("alive: %s, want 200", resp.Status)
	}
}

const mug = "Handle,Title,Variant Price,Variant Inventory Tracker,Variant Inventory Qty,Variant SKU\nmug,Mug,12.50,shopify,5,MUG\n"

func TestImport(t *testing.T) {
	s := serve(t, config(t))
	key := "Bearer " + s.key(t, "catalog:*", "stock:*")
	resp, body := s.ask(t, "POST", "/v1/admin/imports?stock=set", mug, "Authorization", key, "Idempotency-Key", "one")
	if resp.StatusCode != 202 || !strings.HasPrefix(resp.Header.Get("Location"), "/v1/admin/imports/imp_") {
		t.Fatalf("%s %s, want 202 with a Location", resp.Status, body)
	}
	where := resp.Header.Get("Location")
	in := s.wait(t, where, key)
	if in.Status != boot.ImportSucceeded || in.Report == nil || in.Report.Created != 1 {
		t.Fatalf("import %+v, want one product", in)
	}
	if _, body := s.ask(t, "GET", "/v1/products/mug", ""); !strings.Contains(body, `"amount":1250`) {
		t.Errorf("product %s, want it at 12.50", body)
	}

	again, _ := s.ask(t, "POST", "/v1/admin/imports?stock=set", mug, "Authorization", key, "Idempotency-Key", "one")
	if again.Header.Get("Location") != where || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same request again: %v, want the same import", again.Header)
	}
	other, body := s.ask(t, "POST", "/v1/admin/imports", mug, "Authorization", key, "Idempotency-Key", "one")
	if other.StatusCode != 422 || !strings.Contains(body, "idempotency.key_reused") {
		t.Errorf("another request with its key: %s %s", other.Status, body)
	}
	report, body := s.ask(t, "GET", where+"/report?format=csv", "", "Authorization", key)
	if report.StatusCode != 200 || !strings.HasPrefix(body, "row,line,") {
		t.Errorf("report %s %q", report.Status, body)
	}
	if resp, body := s.ask(t, "POST", where+"/cancel", "", "Authorization", key); resp.StatusCode != 409 || !strings.Contains(body, "importer.over") {
		t.Errorf("cancel of what is over: %s %s", resp.Status, body)
	}
	if _, body := s.ask(t, "GET", "/v1/admin/exports/catalog?format=jsonl", "", "Authorization", key); !strings.Contains(body, `"handle":"mug"`) {
		t.Errorf("export %q, want the mug", body)
	}
}

// wait asks for an import until it is over.
func (s served) wait(t *testing.T, where, key string) (in boot.Import) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		_, body := s.ask(t, "GET", where, "", "Authorization", key)
		in = boot.Import{}
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if in.Over() {
			return in
		}
	}
	t.Fatalf("the import does not end: %+v", in)
	return in
}

func TestImportRefusals(t *testing.T) {
	s := serve(t, config(t))
	all, reads, writes := "Bearer "+s.key(t, "*"), "Bearer "+s.key(t, "catalog:read"), "Bearer "+s.key(t, "catalog:write")
	for _, tc := range []struct {
		name, method, path, key, idem, body string
		status                              int
		code                                string
	}{
		{"nobody", "POST", "/v1/admin/imports", "", "k1", mug, 401, "auth.required"},
		{"without the scope", "POST", "/v1/admin/imports", reads, "k1", mug, 403, "auth.denied"},
		{"without the scope of stock", "POST", "/v1/admin/imports", writes, "k1", mug, 403, "auth.denied"},
		{"without a key", "POST", "/v1/admin/imports", all, "", mug, 400, "idempotency.key_required"},
		{"unknown parameter", "POST", "/v1/admin/imports?dryrun=true", all, "k1", mug, 400, "request.unknown_parameter"},
		{"bad mode", "POST", "/v1/admin/imports?stock=all", all, "k1", mug, 422, ""},
		{"bad flag", "POST", "/v1/admin/imports?dry_run=1", all, "k1", mug, 422, ""},
		{"another format", "POST", "/v1/admin/imports", all, "k1", "PK\x03\x04", 415, "importer.unsupported_format"},
		{"no such import", "GET", "/v1/admin/imports/imp_x", all, "", "", 404, "importer.not_found"},
		{"way out of the directory", "GET", "/v1/admin/imports/..%2f..%2fsecret", all, "", "", 404, ""},
		{"export for nobody", "GET", "/v1/admin/exports/catalog", "", "", "", 401, "auth.required"},
		{"export in another format", "GET", "/v1/admin/exports/catalog?format=xlsx", all, "", "", 422, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var header []string
			if tc.key != "" {
				header = append(header, "Authorization", tc.key)
			}
			if tc.idem != "" {
				header = append(header, "Idempotency-Key", tc.idem)
			}
			resp, body := s.ask(t, tc.method, tc.path, tc.body, header...)
			if resp.StatusCode != tc.status || !strings.Contains(body, tc.code) {
				t.Errorf("%s %s, want %d %s", resp.Status, body, tc.status, tc.code)
			}
		})
	}
	skip, body := s.ask(t, "POST", "/v1/admin/imports?stock=skip", mug, "Authorization", writes, "Idempotency-Key", "k2")
	if skip.StatusCode != 202 {
		t.Errorf("catalog:write alone and no stock: %s %s", skip.Status, body)
	}
}

func TestFaultyFile(t *testing.T) {
	s := serve(t, config(t))
	key := "Bearer " + s.key(t, "*")
	const bad = "Handle,Title,Variant Price\nmug,Mug,12.50\ncup,Cup,free\n"
	resp, _ := s.ask(t, "POST", "/v1/admin/imports", bad, "Authorization", key, "Idempotency-Key", "k1")
	in := s.wait(t, resp.Header.Get("Location"), key)
	if in.Status != boot.ImportFailed || in.Error == nil || in.Error.Code != importer.ErrStopped.Code || in.Report.Failed != 1 {
		t.Errorf("import %+v, want it stopped at the cup", in)
	}
}

// TestImportAfterRestart shows that what a process has not done is done by the
// next, and that what it did is remembered.
func TestImportAfterRestart(t *testing.T) {
	c := config(t)
	dir := filepath.Join(c.Data, "imports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	id := ident.NewID("imp")
	state, _ := json.Marshal(map[string]any{"id": id, "status": "running", "bytes": len(mug), "created_at": time.Now(), "by": "key_x"})
	for name, data := range map[string]string{id + ".json": string(state), id + ".data": mug, "imp_bad.json": "{"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, c)
	key := "Bearer " + s.key(t, "*")
	if in := s.wait(t, "/v1/admin/imports/"+id, key); in.Status != boot.ImportSucceeded || in.Report.Created != 1 {
		t.Fatalf("import %+v, want it done after the restart", in)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = serve(t, c)
	if in := s.wait(t, "/v1/admin/imports/"+id, key); in.Status != boot.ImportSucceeded {
		t.Errorf("import %+v, want it remembered", in)
	}
	if _, err := os.Stat(filepath.Join(dir, id+".data")); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestRemote(t *testing.T) {
	s := serve(t, config(t))
	r := boot.Remote{Base: s.url, Token: s.key(t, "*")}
	var steps int
	in, err := r.Import(t.Context(), boot.Upload{Content: strings.NewReader(mug), Size: int64(len(mug))}, importer.ImportOptions{}, func(boot.Import) { steps++ })
	if err != nil || in.Status != boot.ImportSucceeded || steps == 0 {
		t.Fatalf("import %+v, %v after %d steps", in, err, steps)
	}
	var b strings.Builder
	if err := r.Export(t.Context(), &b, importer.ExportOptions{}); err != nil || !strings.Contains(b.String(), "mug,Mug") {
		t.Errorf("export %q, %v", b.String(), err)
	}
	r.Token = "sk_wrong"
	if err := r.Export(t.Context(), &b, importer.ExportOptions{}); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("with a wrong key: %v", err)
	}
	r.Base = "http://127.0.0.1:1"
	if _, err := r.Import(t.Context(), boot.Upload{Content: strings.NewReader(mug)}, importer.ImportOptions{}, nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without a server: %v", err)
	}
}

func TestFakepayIsOffered(t *testing.T) {
	for _, tc := range []struct {
		env  []string
		want bool
	}{{nil, false}, {[]string{"MERCER_FAKEPAY=" + filepath.Join(t.TempDir(), "bank.db")}, true}} {
		s := serve(t, config(t, tc.env...))
		_, body := s.ask(t, "POST", "/v1/carts", "{}", "Content-Type", "application/json")
		var cart struct{ ID, Token string }
		if err := json.Unmarshal([]byte(body), &cart); err != nil {
			t.Fatal(err)
		}
		_, body = s.ask(t, "GET", "/v1/carts/"+cart.ID+"/payment-methods", "", "Cart-Token", cart.Token)
		if got := strings.Contains(body, "fake_card"); got != tc.want || !strings.Contains(body, "bank_transfer") {
			t.Errorf("%v: methods %s", tc.env, body)
		}
	}
}

func TestKeys(t *testing.T) {
	s := serve(t, config(t))
	for key, want := range map[string]int{s.key(t, "orders:read"): 200, s.key(t, "catalog:read"): 403, "sk_x": 401, strings.Repeat("x", 600): 401} {
		if resp, body := s.ask(t, "GET", "/v1/admin/orders", "", "Authorization", "Bearer "+key); resp.StatusCode != want {
			t.Errorf("%.12s: %s %s, want %d", key, resp.Status, body, want)
		}
	}
}

// TestCatalogIsCached shows that a write changes the tag of what it changes.
func TestCatalogIsCached(t *testing.T) {
	s := serve(t, config(t))
	key := "Bearer " + s.key(t, "*")
	send := func(name, price string) {
		resp, _ := s.ask(t, "POST", "/v1/admin/imports", strings.Replace(mug, "12.50", price, 1), "Authorization", key, "Idempotency-Key", name)
		s.wait(t, resp.Header.Get("Location"), key)
		s.settled(t) // the listing follows, and changes the tags once more
	}
	send("one", "12.50")
	first, _ := s.ask(t, "GET", "/v1/products/mug", "")
	tag := first.Header.Get("ETag")
	if resp, _ := s.ask(t, "GET", "/v1/products/mug", "", "If-None-Match", tag); tag == "" || resp.StatusCode != 304 {
		t.Errorf("again: %s with the tag %q, want 304", resp.Status, tag)
	}
	send("two", "13.00")
	if resp, body := s.ask(t, "GET", "/v1/products/mug", "", "If-None-Match", tag); resp.StatusCode != 200 || !strings.Contains(body, `"amount":1300`) {
		t.Errorf("after a new price: %s %.100s, want 200", resp.Status, body)
	}
}
