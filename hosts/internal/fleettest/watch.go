package fleettest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
)

// Metric returns what a process tells of a metric without labels, and fails the
// test when it does not.
func (f *Fleet) Metric(process, name string) float64 {
	f.t.Helper()
	body, err := get(f.t.Context(), "http://"+f.procs[process].addr+"/metrics")
	if err != nil {
		f.t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				f.t.Fatal(line, err)
			}
			return n
		}
	}
	f.t.Fatalf("%s tells nothing of %s", process, name)
	return 0
}

// Until waits until yes, and fails the test after a minute.
func (f *Fleet) Until(what string, yes func() bool) {
	f.t.Helper()
	if !within(time.Minute, yes) {
		f.t.Errorf("not in a minute: %s", what)
	}
}

// within tries again and again until yes, and reports whether that came in time.
func within(limit time.Duration, yes func() bool) bool {
	for end := time.After(limit); !yes(); {
		select {
		case <-end:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

// Drained waits until nothing is left to be published, and returns how long that
// took.
func (f *Fleet) Drained(store bunstore.Outbox) time.Duration {
	f.t.Helper()
	start, pending := time.Now(), int64(0)
	if !within(2*time.Minute, func() bool {
		lag, err := store.Lag(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		pending = lag.Pending
		return pending == 0
	}) {
		f.t.Fatalf("%d events are not published after two minutes", pending)
	}
	return time.Since(start)
}

// MailedOnce waits until every order of s has its mail, and wants no more mails
// than that.
func (f *Fleet) MailedOnce(s *Sales) {
	f.t.Helper()
	db, want := f.DB("notification"), len(s.Placed())
	f.Until("a mail of each order", func() bool {
		var mails int
		if err := db.Read(f.t.Context(), &mails, `SELECT COUNT(*) FROM {notification} WHERE kind = 'order_placed'`); err != nil {
			f.t.Fatal(err)
		}
		if mails > want {
			f.t.Fatalf("%d mails of %d orders", mails, want)
		}
		return mails == want
	})
}

// ForgetStreams takes away what NATS, which does not run, has on its disk.
func (f *Fleet) ForgetStreams() {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.dir, "jetstream")); err != nil {
		f.t.Fatal(err)
	}
}
