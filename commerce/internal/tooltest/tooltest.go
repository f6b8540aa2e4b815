// Package tooltest finds programs of others for tests to run: in the environment,
// in PATH, or else it has them, once, in the user's cache. A test that cannot have
// its program is skipped, or fails where MERCER_TEST_REQUIRE has its name.
package tooltest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	mockName    = "stripe-mock"
	mockVersion = "v0.180.0" // of Stripe's API version 2023-10-16
	nodeName    = "node"

	installWithin = 5 * time.Minute
)

// lack skips the test for want of a program, or fails it.
func lack(t testing.TB, name, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("MERCER_TEST_REQUIRE"), ","), name) {
		t.Fatalf("%s is required: %s", name, why)
	}
	t.Skip(why)
}

// cached returns the directory of a tool, and has run fill it first when it is not
// there: tests of several packages may do so at a time.
func cached(t testing.TB, name, as string, run func(ctx context.Context, dir string) *exec.Cmd) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		lack(t, name, "there is no directory to keep it in: "+err.Error())
	}
	at := filepath.Join(cache, "mercer-tools", as)
	if exists(at) {
		return at
	}
	if testing.Short() {
		lack(t, name, "there is no "+name+", and it takes a minute to have it")
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		lack(t, name, err.Error())
	}
	dir, err := os.MkdirTemp(filepath.Dir(at), "new-") //nolint:usetesting // it is renamed: that needs the same file system
	if err != nil {
		lack(t, name, err.Error())
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(t.Context(), installWithin)
	defer cancel()
	if out, err := run(ctx, dir).CombinedOutput(); err != nil {
		const most = 500
		lack(t, name, fmt.Sprintf("%s is not here and cannot be had: %v: %s", name, err, out[max(0, len(out)-most):]))
	}
	if err := os.Rename(dir, at); err != nil && !exists(at) {
		lack(t, name, err.Error())
	}
	return at
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mock finds Stripe's own mock, or builds it once.
func mock(t testing.TB) string {
	t.Helper()
	if at := os.Getenv("MERCER_TEST_STRIPE_MOCK"); at != "" {
		return at
	}
	if at, err := exec.LookPath(mockName); err == nil {
		return at
	}
	dir := cached(t, mockName, mockName+"-"+mockVersion, func(ctx context.Context, dir string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "go", "install", "github.com/stripe/stripe-mock@"+mockVersion)
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
		return cmd
	})
	return filepath.Join(dir, mockName)
}

// StripeMock runs Stripe's own mock, "stripe-mock" in MERCER_TEST_REQUIRE, for the
// test and returns its address.
func StripeMock(t testing.TB) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), mock(t), "-http-addr", "127.0.0.1:0", "-strict-version-check")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var rest sync.WaitGroup
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		rest.Wait()
		_ = cmd.Wait()
	})
	for lines.Scan() {
		if _, addr, ok := strings.Cut(lines.Text(), "Listening for HTTP at address: "); ok {
			rest.Go(func() {
				for lines.Scan() { // or it would wait for a reader
				}
			})
			return "http://" + strings.TrimSpace(addr)
		}
	}
	t.Fatalf("%s has ended: %v", mockName, lines.Err())
	return ""
}

// Node returns Node, "node" in MERCER_TEST_REQUIRE, and the directory to run it
// in, where an npm package of a version is.
func Node(t testing.TB, pkg, version string) (program, dir string) {
	t.Helper()
	program, err := exec.LookPath(nodeName)
	if err != nil {
		lack(t, nodeName, "there is no node in PATH")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		lack(t, nodeName, "there is no npm in PATH, to have "+pkg+" with")
	}
	return program, cached(t, nodeName, pkg+"-node-v"+version, func(ctx context.Context, dir string) *exec.Cmd {
		return exec.CommandContext(ctx, npm, "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--silent", pkg+"@"+version)
	})
}
