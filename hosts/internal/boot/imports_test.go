package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/importer"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// work is an import under way that the test ends.
type work struct {
	id  string
	end chan error
}

// held returns imports in dir that run as the test lets them.
func held(t *testing.T, dir string) (*Imports, chan work) {
	t.Helper()
	c := Config{Data: dir}
	m, err := OpenImports(c, &Shop{log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan work)
	m.run = func(ctx context.Context, k kept, _ string, _ func(importer.Progress)) (importer.Report, error) {
		w := work{k.ID, make(chan error)}
		select {
		case started <- w:
		case <-ctx.Done():
			return importer.Report{}, ctx.Err()
		}
		select {
		case err := <-w.end:
			return importer.Report{}, err
		case <-ctx.Done():
			return importer.Report{}, ctx.Err()
		}
	}
	return m, started
}

func add(t *testing.T, m *Imports, id string) {
	t.Helper()
	path := filepath.Join(m.dir, "upload-"+id)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, added, err := m.Add(kept{Import: Import{ID: id, Status: ImportQueued, CreatedAt: now()}, Sum: "s"}, path); err != nil || !added {
		t.Fatalf("%s: added %v, %v", id, added, err)
	}
}

func status(t *testing.T, m *Imports, id string, want ImportStatus) {
	t.Helper()
	in, err := m.Import(id)
	if err != nil || in.Status != want {
		t.Errorf("%s is %s, %v; want %s", id, in.Status, err, want)
	}
}

func TestOneImportAtATime(t *testing.T) {
	m, started := held(t, t.TempDir())
	m.Start(t.Context())
	defer m.Stop()
	add(t, m, "imp_1")
	add(t, m, "imp_2")
	add(t, m, "imp_3")
	first := <-started
	if first.id != "imp_1" {
		t.Fatalf("%s runs first", first.id)
	}
	status(t, m, "imp_1", ImportRunning)
	status(t, m, "imp_2", ImportQueued)
	if in, err := m.Cancel("imp_2"); err != nil || in.Status != ImportCanceled {
		t.Errorf("cancel one that waits: %s, %v", in.Status, err)
	}
	first.end <- nil
	third := <-started
	if third.id != "imp_3" {
		t.Errorf("%s runs after a canceled one", third.id)
	}
	status(t, m, "imp_1", ImportSucceeded)
	if _, err := m.Cancel("imp_3"); err != nil {
		t.Error(err)
	}
	add(t, m, "imp_4")
	fourth := <-started // imp_3 has ended
	status(t, m, "imp_3", ImportCanceled)
	fourth.end <- fault.ErrUnavailable
	add(t, m, "imp_5")
	fifth := <-started
	in, _ := m.Import("imp_4")
	if in.Status != ImportFailed || !errors.Is(in.Error, fault.ErrUnavailable) {
		t.Errorf("import %+v, want failed with the error", in)
	}
	fifth.end <- errors.New("secret path /x")
	add(t, m, "imp_6")
	<-started
	if in, _ := m.Import("imp_5"); in.Error == nil || strings.Contains(in.Error.Error(), "secret") {
		t.Errorf("error %v, want one without detail", in.Error)
	}
	if _, err := m.Cancel("imp_1"); !errors.Is(err, ErrImportOver) {
		t.Errorf("cancel of what is over: %v", err)
	}
	if _, err := m.Cancel("imp_9"); !errors.Is(err, ErrImportNotFound) {
		t.Errorf("cancel of nothing: %v", err)
	}
}

func TestStoppedImportBeginsAgain(t *testing.T) {
	dir := t.TempDir()
	m, started := held(t, dir)
	m.Start(t.Context())
	add(t, m, "imp_1")
	add(t, m, "imp_2")
	<-started
	m.Stop()
	next, started := held(t, dir)
	status(t, next, "imp_1", ImportQueued)
	next.Start(t.Context())
	defer next.Stop()
	if w := <-started; w.id != "imp_1" {
		t.Errorf("%s runs first after the restart", w.id)
	}
}

func TestTooManyImports(t *testing.T) {
	m, _ := held(t, t.TempDir())
	for i := range maxWaiting {
		add(t, m, fmt.Sprintf("imp_%d", i))
	}
	if _, _, err := m.Add(kept{Import: Import{ID: "imp_x"}}, "x"); !errors.Is(err, ErrImportsFull) {
		t.Errorf("one more: %v", err)
	}
}

func TestUploadTooLarge(t *testing.T) {
	m, _ := held(t, t.TempDir())
	m.max = 10
	mux := httpapi.New(&httpapi.Options{Log: m.log})
	h := importHandlers{m, mux}
	r := httptest.NewRequest(http.MethodPost, "/v1/admin/imports", strings.NewReader("Handle,Title\nmug,Mug\n"))
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	h.handler(h.create).ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), `"limit":10`) {
		t.Errorf("%d %s, want 413 with the limit", w.Code, w.Body)
	}
	left, err := os.ReadDir(m.dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
