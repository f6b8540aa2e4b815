//go:build unix

package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// killer kills its own process, as kill -9 does, right after the nth statement
// that it sees once it is armed: what that statement did is done, and whoever
// waits for its answer hears nothing. Before that it writes the statement to a
// file, which shows that and where the process died. It counts the statements
// of requests, or those of the work behind them: relay, listing and jobs.
type killer struct {
	mark   string // file
	behind bool
	at     int64  // 0: never
	fact   string // event, right after whose commit it kills; "": any statement
	spot   spot
	armed  atomic.Bool
	seen   atomic.Int64
	hits   atomic.Int64 // writes of the spot's
}

// spot is right before or right after the nth write to a table becomes lasting:
// with the commit of its unit of work, or at once when it is in none.
type spot struct {
	what  string // "INSERT mercer_refund"; "": nowhere
	n     int64
	after bool
}

func (s spot) String() string {
	if s.what == "" {
		return ""
	}
	return fmt.Sprint(map[bool]string{false: "before", true: "after"}[s.after], " ", s.n, " ", s.what)
}

// spotOf reads what String writes.
func spotOf(text string) (s spot) {
	when, rest, _ := strings.Cut(text, " ")
	n, what, _ := strings.Cut(rest, " ")
	s.n, _ = strconv.ParseInt(n, 10, 64)
	s.what, s.after = what, when == "after"
	return s
}

// writes names what a statement does: "UPDATE mercer_refund".
func writes(query string) string {
	words := strings.Fields(strings.NewReplacer("`", "", `"`, "").Replace(query))
	for _, w := range words[1:min(len(words), 5)] {
		if strings.HasPrefix(w, "mercer_") {
			return words[0] + " " + w
		}
	}
	return ""
}

// lasts runs fn, which makes a write lasting, hit says of the spot's, and kills
// before or after it.
func (k *killer) lasts(hit bool, fn func()) {
	now := hit && k.hits.Add(1) == k.spot.n
	if now && !k.spot.after {
		k.die(k.spot.String())
	}
	if fn(); now {
		k.die(k.spot.String())
	}
}

// hit reports whether a statement is a write of the spot's.
func (k *killer) hit(ctx context.Context, query string) bool {
	return k.armed.Load() && k.spot.what != "" && (ident.Request(ctx) == "") == k.behind && writes(query) == k.spot.what
}

func (k *killer) passed(ctx context.Context, where string) {
	if k.armed.Load() && (ident.Request(ctx) == "") == k.behind && k.seen.Add(1) == k.at {
		k.die(where)
	}
}

func (k *killer) die(where string) {
	if err := os.WriteFile(k.mark, []byte(where), 0o600); err != nil {
		panic(err)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}

// connector wraps connections so that k sees their statements.
type connector struct {
	driver.Connector
	k *killer
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return &watched{Conn: conn, k: c.k}, err
}

type watched struct {
	driver.Conn
	k      *killer
	record bool // the killer's fact is in the transaction
	inside bool // of a transaction
	hit    bool // a write of the killer's spot is in it
}

func (w *watched) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	hit := w.k.hit(ctx, query)
	w.hit = w.hit || hit
	var res driver.Result
	var err error
	w.k.lasts(hit && !w.inside, func() { res, err = w.Conn.(driver.ExecerContext).ExecContext(ctx, query, args) })
	if w.k.fact != "" && strings.HasPrefix(query, "INSERT") && strings.Contains(query, "mercer_outbox") && strings.Contains(query, "'"+w.k.fact+"'") {
		w.record = true
	}
	w.k.passed(ctx, query)
	return res, err
}

func (w *watched) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return w.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) // reads leave nothing behind
}

func (w *watched) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := w.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	w.record, w.inside, w.hit = false, true, false
	return watchedTx{tx, w, ctx}, nil
}

func (w *watched) Ping(ctx context.Context) error {
	if p, ok := w.Conn.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

func (w *watched) ResetSession(ctx context.Context) error {
	if r, ok := w.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (w *watched) IsValid() bool {
	v, ok := w.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

type watchedTx struct {
	driver.Tx
	w   *watched
	ctx context.Context
}

func (t watchedTx) Commit() error {
	k := t.w.k
	k.passed(t.ctx, "before COMMIT")
	var err error
	k.lasts(t.w.hit, func() { err = t.Tx.Commit() })
	t.w.inside, t.w.hit = false, false
	if t.w.record && k.armed.Load() {
		k.die("after COMMIT of " + k.fact)
	}
	k.passed(t.ctx, "after COMMIT")
	return err
}

func (t watchedTx) Rollback() error {
	t.w.inside, t.w.hit = false, false
	return t.Tx.Rollback()
}

// Prepare is for the locks of migrations alone: nobody is killed at them.
func (w *watched) Prepare(query string) (driver.Stmt, error) {
	if writes(query) != "" {
		return nil, errors.New("the shop prepares no statements: " + query)
	}
	return w.Conn.Prepare(query)
}
