// Package examples_test builds every example as a stranger would, runs it and
// compares what it prints. It needs the go command and no network.
package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// tried has the examples whose own tests run them.
var tried = []string{"stripe"}

// printed is what each other example prints. Every directory is in one of them.
var printed = map[string]string{
	"cartonly": `item 3 was rejected: cart.item_unavailable
2 × mug at EUR 14.99 = EUR 29.98
4 × tea at EUR 4.50 = EUR 18.00
together EUR 47.98
a stranger is told: cart.not_found (no such cart)
`,
	"onefile": `Order 1001: confirmed, fulfilled
  2 × Mug        EUR 29.98
  Standard       EUR 0.00
  Total          EUR 29.98, to be paid on delivery
  sent with DHL 00340434
`,
	"ownstore": `made a cart with 2 × tea
the same cart: true, now with 3 × tea
event 1 of the cart: cart.abandoned
`,
	"yourtx": `first try: the club is closed
  the shop has 0 orders, ada has 0 points
second try: order 1001, EUR 29.98
  the shop has 1 orders, ada has 29 points
`,
}

func goCmd(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	return cmd
}

var bin string // where TestMain puts the programs

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if bin, err = os.MkdirTemp("", "examples"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(bin)
		return m.Run()
	}())
}

var buildAll = sync.OnceValues(func() ([]byte, error) {
	args := []string{"build", "-o", bin + string(filepath.Separator)}
	for name := range printed {
		args = append(args, "./"+name)
	}
	return goCmd(context.Background(), args...).CombinedOutput()
})

// build builds the examples, once, and returns the path of one.
func build(t *testing.T, name string) string {
	t.Helper()
	if out, err := buildAll(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return filepath.Join(bin, name)
}

func TestExamplesPrint(t *testing.T) {
	dirs, err := filepath.Glob("*/main.go")
	if err != nil || len(dirs) != len(printed)+len(tried) {
		t.Fatalf("examples %v, %v; this test knows %d", dirs, err, len(printed)+len(tried))
	}
	for name, want := range printed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), build(t, name))
			cmd.Dir = t.TempDir() // a stranger is anywhere
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, errs.String())
			}
			if got := string(out); got != want {
				t.Errorf("printed\n%swant\n%s", got, want)
			}
			if errs.Len() > 0 {
				t.Errorf("complained: %s", errs.String())
			}
		})
	}
}

// TestOneFileServes asks the example for its products over HTTP and ends it as
// ctrl-c does.
func TestOneFileServes(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), build(t, "onefile"), "-serve", "-addr", "127.0.0.1:0")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var products struct {
		Items []struct{ Title string }
	}
	found := regexp.MustCompile(`http://\S+`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url := found.FindString(lines.Text()); url != "" {
			get(t, url, &products)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
	if len(products.Items) != 1 || products.Items[0].Title != "Mug" {
		t.Errorf("products %+v, want the mug", products.Items)
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, resp.Status, err, data)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestCartAloneBringsNothing holds that taking the cart takes nothing of others
// along, and no SQL.
func TestCartAloneBringsNothing(t *testing.T) {
	const module = "github.com/mercer-commerce/mercer"
	out, err := goCmd(t.Context(), "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./cartonly").Output()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for dep := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(dep, module+"/") {
			t.Errorf("%s comes along", dep)
			continue
		}
		ours++
		if strings.HasPrefix(dep, module+"/commerce/driver/") && dep != module+"/commerce/driver/memstore" {
			t.Errorf("the driver %s comes along", dep)
		}
	}
	if ours < 5 {
		t.Errorf("%d packages of ours: this test looks at nothing\n%s", ours, out)
	}
}
