package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/importer"
)

// Errors that callers act on.
var (
	ErrNoBookmark  = fault.New(fault.NotFound, "importer.nothing_to_resume", "no import of this file was broken off")
	ErrFileChanged = fault.New(fault.Refused, "importer.file_changed", "the file is not the one whose import was broken off")
)

// Bookmark remembers in a file how far the import of a catalog file has come,
// so that one that was broken off, by whatever, can go on from there.
type Bookmark struct {
	path string
	bookmark
}

// bookmark is a Bookmark as it lies in its file.
type bookmark struct {
	Name    string                 `json:"name"` // of the catalog file
	Sum     string                 `json:"sum"`  // SHA-256 of its content
	ID      string                 `json:"id"`   // of the import
	Options importer.ImportOptions `json:"options"`
	Through int                    `json:"through"` // row
}

// OpenBookmark begins a bookmark in the data directory dir for the import o of
// file, which has this name; what an earlier import has left is written over.
func OpenBookmark(dir, name string, file io.ReadSeeker, o importer.ImportOptions) (*Bookmark, error) {
	b, err := bookmarkOf(dir, name, file)
	if err != nil {
		return nil, err
	}
	b.Options = o
	return b, nil
}

// ResumeBookmark returns the bookmark of an import that was broken off, with
// the options that go on with it. It returns ErrNoBookmark when there is none,
// and ErrFileChanged when the file has another content now.
func ResumeBookmark(dir, name string, file io.ReadSeeker) (*Bookmark, importer.ImportOptions, error) {
	b, err := bookmarkOf(dir, name, file)
	if err != nil {
		return nil, importer.ImportOptions{}, err
	}
	var kept bookmark
	data, err := os.ReadFile(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, kept.Options, ErrNoBookmark.Saying("no import of " + name + " was broken off")
	}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	switch {
	case err != nil:
		return nil, kept.Options, err
	case kept.Sum != b.Sum:
		return nil, kept.Options, ErrFileChanged.Saying(name + " has changed since its import was broken off: import it without --resume")
	}
	b.bookmark = kept
	o := kept.Options
	o.ID, o.After = kept.ID, kept.Through
	return b, o, nil
}

// bookmarkOf returns the bookmark of a file as it is now, and rewinds the file.
func bookmarkOf(dir, name string, file io.ReadSeeker) (*Bookmark, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	if _, seekErr := file.Seek(0, io.SeekStart); err == nil {
		err = seekErr
	}
	if err != nil {
		return nil, err
	}
	place := sha256.Sum256([]byte(full))
	path := filepath.Join(dir, "imports", "local-"+hex.EncodeToString(place[:8])+".json")
	return &Bookmark{path, bookmark{Name: full, Sum: hexOf(sum)}}, os.MkdirAll(filepath.Dir(path), 0o700)
}

// Turn moves the bookmark to where in is. Rows are only passed over later when
// all before them are written.
func (b *Bookmark) Turn(in Import) error {
	through := max(b.Through, in.Progress.Through)
	if b.ID == in.ID && through == b.Through {
		return nil
	}
	b.ID, b.Through = in.ID, through
	data, err := json.Marshal(b.bookmark)
	if err != nil {
		return err
	}
	return replaceFile(b.path, data)
}

// Close takes the bookmark away: the import has ended.
func (b *Bookmark) Close() error {
	if err := os.Remove(b.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
