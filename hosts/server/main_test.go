package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// TestMain lets the test binary be the server, so that it can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("SERVER_TEST_RUN") == "1" {
		main()
		return
	}
	if os.Getenv("KILL_TEST_CHILD") == "1" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	env := []string{"MERCER_DATA=" + t.TempDir(), "MERCER_NAME=Corner"}
	go func() {
		done <- boot.Run(ctx, "server", []string{"-addr", "127.0.0.1:0"}, env, t.Output(), boot.ServeShop, func(a string) { ready <- a })
	}()
	select {
	case addr := <-ready:
		resp, err := http.Get(boot.URL(addr) + "/v1/store")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || !strings.Contains(string(body), `"name":"Corner"`) {
			t.Errorf("store %s, %v; want Corner", body, err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("end: %v", err)
		}
	case err := <-done:
		t.Fatal(err)
	}
}

func TestBadConfiguration(t *testing.T) {
	for _, tc := range []struct {
		args, env []string
		want      []string
	}{
		{nil, []string{"MERCER_ADDR=x", "MERCER_LOG=y"}, []string{"MERCER_ADDR", "MERCER_LOG"}},
		{[]string{"-addr", "x"}, nil, []string{"--addr"}},
		{[]string{"-nope"}, nil, []string{"not defined"}},
		{[]string{"extra"}, nil, []string{"extra"}},
	} {
		err := boot.Run(t.Context(), "server", tc.args, tc.env, io.Discard, boot.ServeShop, nil)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v %v: %v, want %s in it", tc.args, tc.env, err, want)
			}
		}
	}
}

// process is a server in a process of its own.
type process struct {
	*exec.Cmd
	addr string
	log  *bytes.Buffer
	done chan struct{} // its stderr has ended
}

func start(t *testing.T, data string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0]), log: &bytes.Buffer{}, done: make(chan struct{})}
	p.Env = append(os.Environ(), "SERVER_TEST_RUN=1", "MERCER_ADDR=127.0.0.1:0", "MERCER_DATA="+data, "MERCER_RATE_LIMIT=off", "MERCER_LOG=info,text")
	out, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); <-p.done })
	addr := make(chan string, 1)
	go func() {
		defer close(p.done)
		defer close(addr)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.log.WriteString(s.Text() + "\n")
			if _, after, ok := strings.Cut(s.Text(), "url=http://localhost:"); ok {
				port, _, _ := strings.Cut(after, " ")
				addr <- "127.0.0.1:" + port
			}
		}
	}()
	p.addr = <-addr
	return p
}

// slow is a request under way whose body has not arrived yet.
type slow struct {
	conn net.Conn
	r    *bufio.Reader
}

const body = `{"email":"ada@example.com"}`

// begin sends the head of a request and waits until the server asks for the
// body: then it is in the hands of a handler.
func begin(addr string) (slow, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return slow{}, err
	}
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	s := slow{conn, bufio.NewReader(conn)}
	_, err = fmt.Fprintf(conn, "POST /v1/carts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	if err != nil {
		return s, err
	}
	line, err := s.r.ReadString('\n')
	if err != nil || !strings.Contains(line, "100") {
		return s, fmt.Errorf("%q, %w", line, err)
	}
	_, err = s.r.ReadString('\n')
	return s, err
}

// end sends the body and returns the status.
func (s slow) end() (int, error) {
	defer func() { _ = s.conn.Close() }()
	if _, err := io.WriteString(s.conn, body); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(s.r, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// TestDrain ends a server with 50 requests in flight: all of them get their
// answer, new ones are refused, and the process ends well.
func TestDrain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM")
	}
	const n = 50
	data := t.TempDir()
	p := start(t, data)
	if p.addr == "" {
		t.Fatalf("no start: %s", p.log)
	}
	var reqs [n]slow
	for i := range reqs {
		var err error
		if reqs[i], err = begin(p.addr); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // make and timeout send it twice
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	for refused := false; !refused; { // it takes no new request from now on
		conn, err := net.Dial("tcp", p.addr)
		if refused = err != nil; !refused {
			_ = conn.Close()
		}
	}
	var wg sync.WaitGroup
	for i, r := range reqs {
		wg.Go(func() {
			if status, err := r.end(); err != nil || status != http.StatusCreated {
				t.Errorf("request %d: status %d, %v; want 201", i, status, err)
			}
		})
	}
	wg.Wait()
	<-p.done
	if err := p.Wait(); err != nil {
		t.Errorf("the process: %v\n%s", err, p.log)
	}
	again := start(t, data) // the file is free again
	if again.addr == "" {
		t.Errorf("no start afterwards: %s", again.log)
	}
}

func TestSecondServerRefuses(t *testing.T) {
	data := t.TempDir()
	if p := start(t, data); p.addr == "" {
		t.Fatalf("no start: %s", p.log)
	}
	second := start(t, data)
	if second.addr != "" {
		t.Fatal("two servers serve one file")
	}
	<-second.done
	if err := second.Wait(); err == nil || !strings.Contains(second.log.String(), "another server (process ") {
		t.Errorf("end %v, said %s", err, second.log)
	}
	if _, err := os.Stat(filepath.Join(data, "shop.db.lock")); err != nil {
		t.Error(err)
	}
}

// TestKilledServerLeavesNoLock kills a server without a word: the next starts.
func TestKilledServerLeavesNoLock(t *testing.T) {
	data := t.TempDir()
	p := start(t, data)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done
	_ = p.Wait()
	if next := start(t, data); next.addr == "" {
		t.Errorf("no start after a crash: %s", next.log)
	}
}
