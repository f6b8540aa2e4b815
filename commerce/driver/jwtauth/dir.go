package jwtauth

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
)

// ErrNoKey is returned by Dir for a directory that is not there or holds no key.
var ErrNoKey = errors.New("jwtauth: there is no key in the directory")

// How old what was read of a directory may be.
const (
	dirAge     = 30 * time.Second
	unknownAge = time.Second // when a key is asked for that was not there
)

// Dir returns the Ed25519 keys in the files *.pem (PKCS #8) of a directory. The
// last by name signs, all verify. Files may come and go while it is in use: that
// is seen after half a minute, for an unknown key id after a second. To change
// the key, make a new one and delete the old one MaxLife later. A directory that
// cannot be read later is logged, and its keys go on. It returns ErrNoKey, or
// what is wrong with a file.
func Dir(path string) (Keys, error) {
	d := &dir{path: path}
	set, err := readDir(path)
	if err != nil {
		return nil, err
	}
	d.keySet = set
	return d, nil
}

// keySet is what was read at one time.
type keySet struct {
	byID map[string]key
	last key // signs
	jwks account.JWKS
}

type dir struct {
	path string
	mu   sync.Mutex
	keySet
	checked time.Time
}

func (d *dir) signing(now time.Time) (key, error) { return d.fresh(now, dirAge).last, nil }

func (d *dir) public(now time.Time) account.JWKS { return d.fresh(now, dirAge).jwks }

func (d *dir) named(_ context.Context, now time.Time, kid string) (key, error) {
	if k, ok := d.fresh(now, dirAge).byID[kid]; ok {
		return k, nil
	}
	if k, ok := d.fresh(now, unknownAge).byID[kid]; ok {
		return k, nil
	}
	return key{}, errKey
}

// fresh returns the keys, read again when what is known is of some age.
func (d *dir) fresh(now time.Time, age time.Duration) keySet {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.checked) < age {
		return d.keySet
	}
	d.checked = now
	set, err := readDir(d.path)
	if err != nil {
		slog.Warn("jwtauth: the keys cannot be read again", "err", err)
		return d.keySet
	}
	d.keySet = set
	return set
}

func readDir(path string) (keySet, error) {
	names, err := filepath.Glob(filepath.Join(escape(path), "*.pem")) // sorted
	if err != nil || len(names) == 0 {
		return keySet{}, errors.Join(ErrNoKey, err)
	}
	set := keySet{byID: map[string]key{}}
	for _, name := range names {
		private, err := readKey(name)
		if err != nil {
			return keySet{}, err
		}
		j := jwkOf(private.Public().(ed25519.PublicKey))
		set.last, _ = verifier(j)
		set.last.signs = private
		if _, twice := set.byID[j.Kid]; !twice {
			set.jwks.Keys = append(set.jwks.Keys, j)
		}
		set.byID[j.Kid] = set.last
	}
	return set, nil
}

// escape keeps a path from being read as a pattern.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func readKey(name string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("jwtauth: %s: no PEM of a PKCS #8 key", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("jwtauth: %s: no Ed25519 key", name)
	}
	return private, nil
}
