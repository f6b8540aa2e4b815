package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// browser is a Chromium without a screen. It resolves no name but localhost, so
// that it can reach nobody else.
type browser struct{ path string }

// chromium finds one, or skips the test; MERCER_TEST_REQUIRE=chromium fails it.
func chromium(t *testing.T) browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser{path}
		}
	}
	if slices.Contains(strings.Split(os.Getenv("MERCER_TEST_REQUIRE"), ","), "chromium") {
		t.Fatal("chromium is required and is not there")
	}
	t.Skip("there is no chromium")
	return browser{}
}

// visit is what came of opening a page.
type visit struct {
	dom     string   // when its scripts had come to rest
	console []string // what it said there
	asked   []string // addresses that it asked for, other than its own
}

func (b browser) open(t *testing.T, page string) visit {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "net.json")
	cmd := exec.CommandContext(t.Context(), b.path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
		"--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--enable-logging=stderr", "--log-net-log="+log, "--virtual-time-budget=10000", "--dump-dom", page)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.WaitDelay = time.Second
	var dom, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &dom, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	v := visit{dom: dom.String(), asked: asked(t, log)}
	for line := range strings.Lines(errs.String()) {
		if _, said, ok := strings.Cut(line, ":CONSOLE:"); ok {
			v.console = append(v.console, strings.TrimSpace(said))
		}
	}
	return v
}

// asked returns the addresses that pages asked for, from the browser's own log.
// What the browser does for itself has no page that began it.
func asked(t *testing.T, file string) (urls []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Events []struct {
			Params struct{ Initiator, URL string }
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	for _, e := range log.Events {
		if strings.HasPrefix(e.Params.Initiator, "http") {
			urls = append(urls, e.Params.URL)
		}
	}
	return urls
}

// foreign returns the addresses that are not below base.
func (v visit) foreign(base string) []string {
	return slices.DeleteFunc(slices.Clone(v.asked), func(u string) bool { return strings.HasPrefix(u, base+"/") })
}

func local(url string) string { return strings.Replace(url, "localhost", "127.0.0.1", 1) }

// TestPagesInBrowser opens every page that people see.
func TestPagesInBrowser(t *testing.T) {
	b := chromium(t)
	d := document(t, "MERCER_NAME=Corner")
	base := local(d.url)
	for path, want := range map[string]string{
		"/": `href="/docs"`, "/docs": `id="search"`, "/docs/problems": `id="checkout.total_changed"`, "/docs#checkout.complete": "Turns a cart into an order",
	} {
		v := b.open(t, base+path)
		if !strings.Contains(v.dom, want) {
			t.Errorf("%s: no %s in\n%s", path, want, v.dom)
		}
		if len(v.console) > 0 || len(v.foreign(base)) > 0 {
			t.Errorf("%s: the page said %q and asked others for %q", path, v.console, v.foreign(base))
		}
		if strings.HasPrefix(path, "/docs#") && !slices.Contains(v.asked, base+"/v1/openapi.json") {
			t.Errorf("%s: asked for %q, without the document: this test looks at nothing", path, v.asked)
		}
	}
}

// walk clicks on every operation of the page, opens whatever can be opened, and
// searches. It leaves what it saw in the page, as JSON.
const walkScript = `<script>
(async () => {
  const rest = () => new Promise((done) => setTimeout(done, 1));
  const list = () => [...document.querySelectorAll("#list a")], view = document.getElementById("view"), saw = { ops: {}, found: [] };
  while (!list().length) await rest();
  for (const id of list().map((a) => a.dataset.id)) {
    location.hash = "#" + encodeURIComponent(id);
    await rest(); await rest();
    for (const box of view.querySelectorAll("details")) box.open = true;
    await rest();
    saw.ops[id] = view.textContent;
  }
  const search = document.getElementById("search");
  search.value = "COMPLETE cart";
  search.dispatchEvent(new Event("input"));
  saw.found = list().map((a) => a.dataset.id);
  const out = document.createElement("pre");
  out.id = "saw";
  out.textContent = JSON.stringify(saw);
  document.body.append(out);
})();
</script></body>`

// TestEveryOperationIsShown uses the reference as a reader does.
func TestEveryOperationIsShown(t *testing.T) {
	b := chromium(t)
	d := document(t)
	v := b.open(t, harness(t, d.url)+"/docs")
	found := regexp.MustCompile(`(?s)<pre id="saw">(.*?)</pre>`).FindStringSubmatch(v.dom)
	if found == nil {
		t.Fatalf("the walk did not end; the page said %q", v.console)
	}
	var saw struct {
		Ops   map[string]string
		Found []string
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &saw); err != nil {
		t.Fatal(err)
	}
	if len(v.console) > 0 {
		t.Errorf("the page said %q", v.console)
	}
	for _, id := range d.Operations() {
		text := saw.Ops[id]
		if !strings.Contains(text, "Operation "+id) || !strings.Contains(text, "Answers") {
			t.Errorf("%s is not shown: %.200q", id, text)
		}
		for _, slip := range []string{"undefined", "[object", "NaN"} {
			if strings.Contains(text, slip) {
				t.Errorf("%s shows %s", id, slip)
			}
		}
	}
	if len(saw.Ops) != len(d.Operations()) || !slices.Equal(saw.Found, []string{"checkout.complete"}) {
		t.Errorf("%d operations are listed, want %d; a search finds %q", len(saw.Ops), len(d.Operations()), saw.Found)
	}
}

// harness serves a server again, with the walk in its page: the policy of the
// page would not let it in.
func harness(t *testing.T, of string) string {
	t.Helper()
	target, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: func(resp *http.Response) error {
			if resp.Request.URL.Path != "/docs" {
				return nil
			}
			var page bytes.Buffer
			if _, err := page.ReadFrom(resp.Body); err != nil {
				return err
			}
			text := strings.Replace(page.String(), "</body>", walkScript, 1)
			resp.Header.Del("Content-Security-Policy")
			resp.Header.Set("Content-Length", fmt.Sprint(len(text)))
			resp.ContentLength = int64(len(text))
			resp.Body = struct {
				*strings.Reader
				closer
			}{strings.NewReader(text), resp.Body}
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

type closer interface{ Close() error }

// TestBrowserSeesFaults opens a page that does what ours must not.
func TestBrowserSeesFaults(t *testing.T) {
	b := chromium(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<link rel="icon" href="data:,"><script>setTimeout(() => { throw new Error("slip") }, 10)</script><img src="http://pictures.example/x.png">`))
	}))
	defer server.Close()
	v := b.open(t, server.URL+"/page")
	if got := strings.Join(v.console, "\n"); !strings.Contains(got, "slip") {
		t.Errorf("console %q, want the error", got)
	}
	if got, want := v.foreign(server.URL), []string{"http://pictures.example/x.png"}; !slices.Equal(got, want) {
		t.Errorf("foreign requests %q, want %q", got, want)
	}
}
