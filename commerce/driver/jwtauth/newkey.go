package jwtauth

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"time"
)

// NewKey makes a key in a directory for Dir, and the directory if it is not
// there, and returns the name of the file: it sorts after those of keys made
// before. The file appears whole or not at all and can be read by its owner
// only. Two processes that do it at once make two keys, and both are good.
func NewKey(path string) (string, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	name := filepath.Join(path, time.Now().UTC().Format("20060102T150405.000000000Z-")+rand.Text()[:8]+".pem")
	return name, publish(path, name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// publish writes a file that must not be there: aside, to the disk, and then
// under its name.
func publish(path, name string, text []byte) error {
	aside, err := os.CreateTemp(path, ".key-*")
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name())
	_, err = aside.Write(text)
	if err := cmp.Or(err, aside.Sync(), aside.Close()); err != nil {
		return err
	}
	return os.Link(aside.Name(), name)
}
