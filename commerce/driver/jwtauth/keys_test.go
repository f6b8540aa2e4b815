package jwtauth_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

// put writes a key made from a seed.
func put(t *testing.T, dir, name string, seed byte) ed25519.PrivateKey {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), 32)))
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return private
}

func write(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) jwtauth.Keys {
	t.Helper()
	keys, err := jwtauth.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func oneKey(t *testing.T) (jwtauth.Keys, ed25519.PrivateKey, account.JWK) {
	t.Helper()
	dir := t.TempDir()
	private := put(t, dir, "1.pem", 'a')
	keys := open(t, dir)
	return keys, private, jwtauth.New(issuer, keys, nil).Keys().Keys[0]
}

// now is what a token says that is made now and lasts a quarter of an hour.
func nowClaims() account.Claims {
	c := customer()
	c.Issued = time.Now()
	c.Expires = c.Issued.Add(15 * time.Minute)
	return c
}

func TestJWK(t *testing.T) {
	dir := t.TempDir()
	// The key of RFC 8037, appendix A.
	write(t, dir, "rfc.pem", []byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"))
	got, err := json.Marshal(jwtauth.New(issuer, open(t, dir), nil).Keys())
	const want = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","alg":"EdDSA","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v, want\n%s", got, err, want)
	}
}

func TestDirRefuses(t *testing.T) {
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for name, text := range map[string][]byte{
		"empty": nil, "text": []byte("x"), "a certificate": block("CERTIFICATE", []byte("x")), "no key": block("PRIVATE KEY", []byte("x")),
	} {
		dir := t.TempDir()
		put(t, dir, "1.pem", 'a')
		write(t, dir, "2.pem", text)
		if _, err := jwtauth.Dir(dir); err == nil || !strings.Contains(err.Error(), "2.pem") || errors.Is(err, jwtauth.ErrNoKey) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
	}
	empty := t.TempDir()
	write(t, empty, "readme.txt", nil)
	for _, dir := range []string{empty, filepath.Join(empty, "none"), filepath.Join(empty, "[a-")} {
		_, err := jwtauth.Dir(dir)
		wantErr(t, err, jwtauth.ErrNoKey)
	}
	odd := filepath.Join(t.TempDir(), `o[d]d * ?\`)
	if _, err := jwtauth.NewKey(odd); err != nil {
		t.Fatal(err)
	}
	open(t, odd)
}

// TestRotation walks a directory through the change of its key.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, "1.pem", 'a')
		here := jwtauth.New(issuer, open(t, dir), nil)
		there := jwtauth.New(issuer, open(t, dir), nil)
		first := here.Keys().Keys[0].Kid
		signer := func(tokens *jwtauth.Tokens) string { return kidOf(t, issue(t, tokens, nowClaims())) }
		verify := func(token string) error {
			_, err := there.Verify(t.Context(), token)
			return err
		}
		if got := signer(here); got != first {
			t.Fatalf("signed by %s, want %s", got, first)
		}
		old := issue(t, here, nowClaims())
		put(t, dir, "0.pem", 'c')
		put(t, dir, "2.pem", 'b')
		time.Sleep(29 * time.Second)
		if got := signer(here); got != first {
			t.Errorf("before half a minute: signed by %s, want %s", got, first)
		}
		time.Sleep(time.Second)
		if len(here.Keys().Keys) != 3 {
			t.Errorf("%d keys are published, want 3", len(here.Keys().Keys))
		}
		fresh := issue(t, here, nowClaims())
		if second := signer(here); second == first || second != here.Keys().Keys[2].Kid {
			t.Errorf("after half a minute: signed by %s, want the last by name", second)
		}
		// The other process looks at once for a key that it does not know.
		if err := errors.Join(verify(fresh), verify(old)); err != nil {
			t.Error(err)
		}
		put(t, dir, "3.pem", 'd')
		os.Remove(filepath.Join(dir, "1.pem"))
		other := jwtauth.New(issuer, open(t, dir), nil)
		token := issue(t, other, nowClaims())
		wantErr(t, verify(token), fault.ErrUnauthenticated) // it has looked within this second
		time.Sleep(time.Second)
		if err := verify(token); err != nil {
			t.Errorf("a second later: %v", err)
		}
		wantErr(t, verify(old), fault.ErrUnauthenticated)

		write(t, dir, "4.pem", []byte("half a fi"))
		time.Sleep(time.Minute)
		if _, err := there.Issue(t.Context(), nowClaims()); err != nil || verify(issue(t, other, nowClaims())) != nil {
			t.Errorf("with a broken file: %v", err)
		}
		os.RemoveAll(dir)
		time.Sleep(time.Minute)
		if err := verify(issue(t, there, nowClaims())); err != nil {
			t.Errorf("without its directory: %v", err)
		}
	})
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	var h struct{ Kid string }
	if err := json.Unmarshal(decode(t, head), &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}

func TestNewKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "keys")
	var names []string
	for range 3 {
		name, err := jwtauth.NewKey(dir)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("keys do not sort by the time of their making: %v", names)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestTwoProcesses begin in an empty directory at once: what either signs the
// other believes.
func TestTwoProcesses(t *testing.T) {
	for range 10 {
		dir := t.TempDir()
		var all [4]*jwtauth.Tokens
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				keys, err := jwtauth.Dir(dir)
				if errors.Is(err, jwtauth.ErrNoKey) {
					_, err = jwtauth.NewKey(dir)
					keys, _ = jwtauth.Dir(dir)
				}
				if err != nil || keys == nil {
					t.Errorf("no keys: %v", err)
					return
				}
				all[i] = jwtauth.New(issuer, keys, nil)
			})
		}
		wg.Wait()
		for _, a := range all {
			token := issue(t, a, nowClaims())
			for _, b := range all {
				if _, err := b.Verify(t.Context(), token); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
