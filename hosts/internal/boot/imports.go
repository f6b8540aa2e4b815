package boot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/importer"
)

// MaxImport bounds an uploaded file, in bytes.
const MaxImport = 512 << 20

// Imports that wait at a time, and how long finished ones are remembered.
const (
	maxWaiting = 100
	remembered = 30 * 24 * time.Hour
)

// ImportStatus is where an import is in its life.
type ImportStatus string

// The states of an import.
const (
	ImportQueued    ImportStatus = "queued"
	ImportRunning   ImportStatus = "running"
	ImportSucceeded ImportStatus = "succeeded" // maybe without products that were skipped: see the report
	ImportFailed    ImportStatus = "failed"
	ImportCanceled  ImportStatus = "canceled"
)

// Errors that callers act on.
var (
	ErrImportNotFound = fault.New(fault.NotFound, "importer.not_found", "no such import")
	ErrImportOver     = fault.New(fault.Refused, "importer.over", "the import has ended") // Meta: status
	ErrImportsFull    = fault.New(fault.Throttled, "importer.full", "too many imports are waiting")
	ErrImportCanceled = fault.New(fault.Refused, "importer.canceled", "the import was canceled")
)

// Import is one catalog file that was uploaded, and what became of it.
type Import struct {
	ID         string                 `json:"id"`
	Status     ImportStatus           `json:"status"`
	Options    importer.ImportOptions `json:"options"`
	Bytes      int64                  `json:"bytes"` // of the file
	Progress   importer.Progress      `json:"progress"`
	Report     *importer.Report       `json:"report"`
	Error      *fault.Error           `json:"error"`
	CreatedAt  time.Time              `json:"created_at"`
	StartedAt  *time.Time             `json:"started_at"`
	FinishedAt *time.Time             `json:"finished_at"`
}

// Over reports whether the import has ended.
func (i Import) Over() bool { return i.Status != ImportQueued && i.Status != ImportRunning }

// kept is an import as it lies in its file.
type kept struct {
	Import
	By  string `json:"by"`  // the key that sent it
	Sum string `json:"sum"` // SHA-256 of the file and the options
}

// Imports runs uploaded files one at a time, in the order of their arrival.
// They lie in a directory of their own with a file of state for each, so that
// what a process leaves behind is taken up by the next.
type Imports struct {
	dir string
	max int64 // bytes of a file
	run func(ctx context.Context, k kept, path string, progress func(importer.Progress)) (importer.Report, error)
	log *slog.Logger

	mu      sync.Mutex
	all     map[string]*kept
	waiting []string
	cancel  map[string]context.CancelFunc // of the one that runs
	wake    chan struct{}
	stop    func()
}

// OpenImports returns the imports of a shop, those of earlier processes too.
// They wait until Start.
func OpenImports(c Config, s *Shop) (*Imports, error) {
	m := &Imports{dir: filepath.Join(c.Data, "imports"), max: MaxImport, run: runImport(s), log: s.log,
		all: map[string]*kept{}, cancel: map[string]context.CancelFunc{}, wake: make(chan struct{}, 1), stop: func() {}}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(m.dir, "imp_*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		m.remember(name)
	}
	for _, k := range slices.SortedFunc(maps.Values(m.all), func(a, b *kept) int { return a.CreatedAt.Compare(b.CreatedAt) }) {
		if !k.Over() {
			k.Status = ImportQueued
			m.waiting = append(m.waiting, k.ID)
		}
	}
	return m, nil
}

// remember reads the state of an import of an earlier process. What cannot be
// read is told and left alone.
func (m *Imports) remember(name string) {
	var k kept
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	switch {
	case err != nil:
		m.log.Warn("state of an import", "file", name, "err", err)
	case k.Over() && time.Since(*cmp.Or(k.FinishedAt, &k.CreatedAt)) > remembered:
		_ = os.Remove(name)
	default:
		m.all[k.ID] = &k
	}
}

// Start runs what waits and what comes, until Stop.
func (m *Imports) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			for m.next(ctx) {
			}
			select {
			case <-m.wake:
			case <-ctx.Done():
				return
			}
		}
	})
	m.stop = func() { cancel(); wg.Wait() }
}

// Stop interrupts the import that runs; the next process begins it again. What
// it has done already changes nothing then.
func (m *Imports) Stop() { m.stop() }

// next runs one import and reports whether there was one.
func (m *Imports) next(ctx context.Context) bool {
	m.mu.Lock()
	if len(m.waiting) == 0 || ctx.Err() != nil {
		m.mu.Unlock()
		return false
	}
	id := m.waiting[0]
	m.waiting = m.waiting[1:]
	k := m.all[id]
	k.Status, k.StartedAt = ImportRunning, new(now())
	one, cancel := context.WithCancel(ctx)
	defer cancel()
	m.cancel[id] = cancel
	m.save(k)
	snapshot := *k
	m.mu.Unlock()

	report, err := m.run(one, snapshot, m.file(id), func(p importer.Progress) {
		m.mu.Lock()
		defer m.mu.Unlock()
		k.Progress = p
	})
	if ctx.Err() != nil {
		return false // the next process begins it again
	}
	m.finish(k, report, err, one.Err() != nil)
	return true
}

func (m *Imports) finish(k *kept, report importer.Report, err error, canceled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.cancel, k.ID)
	k.Status, k.Report, k.FinishedAt = ImportSucceeded, &report, new(now())
	switch {
	case err != nil && canceled:
		k.Status, k.Error = ImportCanceled, ErrImportCanceled
	case err != nil:
		k.Status, k.Error = ImportFailed, fault.Public(err)
		if fault.KindOf(err) == fault.Internal {
			m.log.Error("import failed", "import", k.ID, "err", err)
		}
	}
	m.save(k)
	_ = os.Remove(m.file(k.ID))
}

// Add queues a file that lies at path and takes it over. An import with its id
// that is there already is returned as it is, with false.
func (m *Imports) Add(k kept, path string) (Import, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.all[k.ID]; ok {
		return old.Import, false, same(old, k)
	}
	if len(m.waiting) >= maxWaiting {
		return Import{}, false, ErrImportsFull.After(time.Minute)
	}
	if err := os.Rename(path, m.file(k.ID)); err != nil {
		return Import{}, false, err
	}
	m.all[k.ID] = &k
	m.save(&k)
	m.waiting = append(m.waiting, k.ID)
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return k.Import, true, nil
}

// Import returns an import, or ErrImportNotFound.
func (m *Imports) Import(id string) (Import, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.all[id]; ok {
		return k.Import, nil
	}
	return Import{}, ErrImportNotFound
}

// Cancel ends an import that waits or runs. What it has done already stays.
func (m *Imports) Cancel(id string) (Import, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, ok := m.all[id]
	switch {
	case !ok:
		return Import{}, ErrImportNotFound
	case k.Status == ImportCanceled:
	case k.Over():
		return Import{}, ErrImportOver.With(map[string]ImportStatus{"status": k.Status})
	case k.Status == ImportRunning:
		m.cancel[id]()
	default:
		m.waiting = slices.DeleteFunc(m.waiting, func(w string) bool { return w == id })
		k.Status, k.Error, k.FinishedAt = ImportCanceled, ErrImportCanceled, new(now())
		m.save(k)
		_ = os.Remove(m.file(id))
	}
	return k.Import, nil
}

func (m *Imports) file(id string) string { return filepath.Join(m.dir, id+".data") }

// save writes the state of an import: whole or not at all. Without it the
// import goes on and is only forgotten with the process.
func (m *Imports) save(k *kept) {
	data, err := json.Marshal(k)
	if err == nil {
		err = replaceFile(filepath.Join(m.dir, k.ID+".json"), data)
	}
	if err != nil {
		m.log.Error("state of an import", "import", k.ID, "err", err)
	}
}

// replaceFile writes a file so that readers find the old content or the new.
func replaceFile(path string, data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(temp.Name()))
	}
	return err
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// importID returns the id of an import: the same for the same key of the same
// sender.
func importID(by, key string) string {
	return ident.DeriveID("imp", by+" "+key)
}
