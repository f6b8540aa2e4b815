package devmail

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// shelf keeps mails by name. Names sort by the time of arrival.
type shelf interface {
	put(name string, data []byte) error
	// names returns all names, sorted.
	names() ([]string, error)
	// get and drop return fs.ErrNotExist or fs.ErrInvalid for a name that is
	// not there.
	get(name string) ([]byte, error)
	drop(name string) error
}

type memory struct {
	mu    sync.Mutex
	mails map[string][]byte
}

func (m *memory) put(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails[name] = data
	return nil
}

func (m *memory) names() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.mails)), nil
}

func (m *memory) get(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.mails[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (m *memory) drop(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.mails, name)
	return nil
}

// files is a directory. A mail appears in it whole or not at all.
type files struct{ root *os.Root }

const ending = ".eml"

func (f files) put(name string, data []byte) error {
	const temp = ".new"
	if err := f.root.WriteFile(name+temp, data, 0o600); err != nil {
		return err
	}
	return f.root.Rename(name+temp, name+ending)
}

func (f files) names() (names []string, err error) {
	entries, err := fs.ReadDir(f.root.FS(), ".") // sorted
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ending); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

func (f files) get(name string) ([]byte, error) { return fs.ReadFile(f.root.FS(), name+ending) }

func (f files) drop(name string) error { return f.root.Remove(name + ending) }
