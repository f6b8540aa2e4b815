//go:build unix

package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/driver/offlinepay"
	"github.com/mercer-commerce/mercer/commerce/embed"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/payment"
)

// TestX10 kills a server before it sends a mail, between the mail and its mark, and
// after that. In the end there is the mail, at most twice, and then with one
// Message-ID.
func TestX10(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			b := newBench(t, server)
			for _, c := range []struct {
				spot spot
				most int
			}{
				{spot{"UPDATE mercer_notification", 1, true}, 1},
				{spot{"UPDATE mercer_notification", 2, false}, 2},
				{spot{"UPDATE mercer_notification", 2, true}, 1},
			} {
				d, key := b.complete(), ident.NewID("key")
				b.drain(t)
				p := b.launch(t, 0, "", []string{"KILL_TEST_SPOT=" + c.spot.String(), "KILL_TEST_BEHIND=1"})
				p.arm(t)
				d.send(t, p.url, key, nil)
				select {
				case <-p.gone:
				case <-time.After(20 * time.Second):
				}
				if where := p.stop(t); where != c.spot.String() {
					t.Fatalf("the server died at %q, not %v: %s", where, c.spot, p.out)
				}
				p = b.launch(t, 0, "", nil)
				d.insist(t, p.url, key, nil)
				b.quiet(t)
				p.stop(t)
				letters := b.mailed(t, d.order)
				ids := map[string]bool{}
				for _, l := range letters {
					ids[l.Mail.MessageID] = true
				}
				if len(letters) == 0 || len(letters) > c.most || len(ids) != 1 {
					t.Errorf("%v: %d mails with %d Message-IDs, want at most %d with one", c.spot, len(letters), len(ids), c.most)
				}
			}
			if n := b.count(t, `SELECT COUNT(*) FROM {notification} WHERE state <> 'sent'`); n != 0 {
				t.Errorf("%d mails are not marked as sent", n)
			}
		})
	}
}

// mailed sends what is due in an hour, and returns the mails about an order.
func (b *bench) mailed(t *testing.T, order string) (about []devmail.Letter) {
	t.Helper()
	box, err := devmail.Open(filepath.Join(b.dir, "mails"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := embed.On(t.Context(), b.shop.DB, &embed.Options{Secret: b.secret, Passive: true, Log: slog.New(slog.DiscardHandler), Mailer: box,
		Now: func() time.Time { return time.Now().Add(time.Hour) }, Providers: []payment.Provider{offlinepay.New(), b.bank}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mails, ok := s.Mails.(*notification.Engine)
	if !ok {
		t.Fatal("no mails here")
	}
	if err := mails.Send(t.Context()); err != nil { // not as a job, which would not be due for an hour then
		t.Fatal(err)
	}
	var number string
	if err := b.shop.DB.Read(t.Context(), &number, `SELECT number FROM {orders} WHERE id = ?`, order); err != nil {
		t.Fatal(err)
	}
	all, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if strings.Contains(l.Mail.Subject, number) {
			about = append(about, l)
		}
	}
	return about
}

// products is a file of n products for an import.
func products(n int) string {
	var out strings.Builder
	out.WriteString("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n")
	for i := range n {
		fmt.Fprintf(&out, "p-%d,Product %d,Size,S,SKU-%d,12.50,shopify,5\n", i, i, i)
	}
	return out.String()
}

// imported is an import as the API shows it.
type imported struct {
	Status string
	Report *struct{ Created, Unchanged, Products int }
}

// admin asks a server as staff.
func (w *world) admin(t *testing.T, method, url, staff, key, body string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + staff}, "Idempotency-Key": {key}}
	res, err := client.Do(req)
	if err != nil {
		return // it has died
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 || err == nil && json.Unmarshal(data, out) != nil {
		t.Fatalf("%s %s: %s %s", method, url, res.Status, data)
	}
}

// runs lets a server import a file and returns what came of that.
func (w *world) runs(t *testing.T, base, staff, key, file string) (in imported) {
	t.Helper()
	var sent struct{ ID string }
	w.admin(t, http.MethodPost, base+"/v1/admin/imports?stock=set", staff, key, file, &sent)
	for deadline := time.Now().Add(30 * time.Second); in.Status != "succeeded"; <-time.After(20 * time.Millisecond) {
		if w.admin(t, http.MethodGet, base+"/v1/admin/imports/"+sent.ID, staff, key, "", &in); time.Now().After(deadline) || in.Status == "failed" {
			t.Fatalf("the import is %s", in.Status)
		}
	}
	return in
}

// TestX13 kills a server in the middle of an import. The next one brings it to its
// end, and the file changes nothing any more.
func TestX13(t *testing.T) {
	const rows = 250
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		for _, at := range []spot{{"INSERT mercer_product", 2, true}, {"INSERT mercer_price", 2, false}, {"INSERT mercer_stock_movement", 2, true}} {
			t.Run(fmt.Sprint(server, " ", at), func(t *testing.T) {
				w := newWorld(t, server)
				s, _, done := w.open(t)
				staff := staffKey(t, s)
				done()
				p := w.launch(t, 0, "", []string{"KILL_TEST_SPOT=" + at.String(), "KILL_TEST_BEHIND=1"})
				p.arm(t)
				var sent imported
				w.admin(t, http.MethodPost, p.url+"/v1/admin/imports?stock=set", staff, "import", products(rows), &sent)
				select {
				case <-p.gone:
				case <-time.After(30 * time.Second):
				}
				if where := p.stop(t); where != at.String() {
					t.Fatalf("the server died at %q, not %v: %s", where, at, p.out)
				}
				p = w.launch(t, 0, "", nil)
				w.runs(t, p.url, staff, "import", products(rows))
				if again := w.runs(t, p.url, staff, "again", products(rows)); again.Report == nil || again.Report.Unchanged != rows {
					t.Errorf("run again: %+v, want %d unchanged", again.Report, rows)
				}
				p.stop(t)
				s, _, done = w.open(t)
				defer done()
				for query, want := range map[string]int64{`SELECT COUNT(*) FROM {product}`: rows, `SELECT COUNT(*) FROM {variant}`: rows,
					`SELECT COUNT(*) FROM {price} WHERE amount = 1250`: rows, `SELECT SUM(on_hand) FROM {stock}`: 5 * rows, `SELECT SUM(delta) FROM {stock_movement}`: 5 * rows} {
					var got int64
					if err := s.DB.Read(t.Context(), &got, query); err != nil || got != want {
						t.Errorf("%s: %d, %v; want %d", query, got, err, want)
					}
				}
				shoptest.Audit(t, s.Shop)
			})
		}
	}
}

// TestX14 kills a server in the middle of the migration of an empty database,
// which the next one brings to its end.
func TestX14(t *testing.T) {
	for _, server := range []string{buntest.SQLite, buntest.MySQL} {
		t.Run(server, func(t *testing.T) {
			times := 2
			if os.Getenv("MERCER_TEST_FULL") != "" {
				times = 20
			}
			for range times {
				w := newWorld(t, server)
				w.empty(t, server)
				at := 2 + rand.IntN(40)
				p := &victim{mark: filepath.Join(t.TempDir(), "mark")}
				p.cmd = exec.Command(os.Args[0], "-test.run=^$")
				p.cmd.Env = append(os.Environ(), "KILL_TEST_CHILD=1", "KILL_TEST_ARMED=1", "KILL_TEST_BEHIND=1", "KILL_TEST_AT="+strconv.Itoa(at), "KILL_TEST_MARK="+p.mark,
					"MERCER_ADDR=127.0.0.1:0", "MERCER_DATA="+w.dir, "MERCER_DB="+w.db, "MERCER_SECRET="+string(w.secret), "MERCER_MIGRATE=auto", "MERCER_LOG=error")
				if out, err := p.cmd.CombinedOutput(); err == nil {
					t.Fatalf("the server was not killed: %s", out)
				}
				where, err := os.ReadFile(p.mark)
				if err != nil {
					t.Fatalf("the server died at %q, %v", where, err)
				}
				t.Logf("killed after statement %d: %.60s", at, strings.Join(strings.Fields(string(where)), " "))
				next := w.launch(t, 0, "", []string{"MERCER_MIGRATE=auto"})
				next.stop(t)
				db, err := bunstore.Open(t.Context(), w.db, nil)
				if err != nil {
					t.Fatal(err)
				}
				all, err := db.Migrations(t.Context())
				for _, m := range all {
					if m.Applied.IsZero() {
						t.Errorf("%s is not taken", m.Name)
					}
				}
				if closeErr := db.Close(); err != nil || closeErr != nil || len(all) == 0 {
					t.Error(err, closeErr, len(all))
				}
			}
		})
	}
}

// empty takes all tables out of the database of w.
func (w *world) empty(t *testing.T, server string) {
	t.Helper()
	if server == buntest.SQLite {
		w.db = filepath.Join(w.dir, "new.db")
		return
	}
	db, err := sql.Open("mysql", w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for {
		var table string
		switch err := db.QueryRowContext(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`).Scan(&table); err {
		case nil:
			if _, err := db.ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
				t.Fatal(err)
			}
		case sql.ErrNoRows:
			return
		default:
			t.Fatal(err)
		}
	}
}
