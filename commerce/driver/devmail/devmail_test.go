package devmail_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/devmail"
	"github.com/mercer-commerce/mercer/commerce/notification"
	"github.com/mercer-commerce/mercer/commerce/notification/mailtest"
)

func TestMailer(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *devmail.Mailbox{
		"memory": func(*testing.T) *devmail.Mailbox { return devmail.New() },
		"files":  func(t *testing.T) *devmail.Mailbox { return openDir(t, filepath.Join(t.TempDir(), "mail")) },
	} {
		t.Run(name, func(t *testing.T) {
			mailtest.Run(t, func(t *testing.T) mailtest.Subject {
				box := open(t)
				return mailtest.Subject{Mailer: box, BadAddress: "ann@" + devmail.Bounce, BusyAddress: "ann@" + strings.ToUpper(devmail.Busy),
					Received: func(t *testing.T) []notification.Mail { return received(t, box) }}
			})
		})
	}
}

func openDir(t *testing.T, dir string) *devmail.Mailbox {
	t.Helper()
	box, err := devmail.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// received returns the mails of box, the oldest first.
func received(t *testing.T, box *devmail.Mailbox) (mails []notification.Mail) {
	t.Helper()
	all, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range slices.Backward(all) {
		mails = append(mails, l.Mail)
	}
	return mails
}

func mail(subject string) notification.Mail {
	return notification.Mail{MessageID: "ntf_1.0@shop.example", From: notification.Address{Name: "Shop", Email: "no-reply@shop.example"},
		To: notification.Address{Name: "Ann", Email: "ann@example.com"}, Subject: subject, Date: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Text: "Open https://shop.example/verify#code=a&b=<i> now\n", HTML: "<p>Hello<script>alert(1)</script></p>\n"}
}

func send(t *testing.T, box *devmail.Mailbox, m notification.Mail) {
	t.Helper()
	if err := box.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestKept(t *testing.T) {
	box := devmail.New()
	for i := range devmail.Kept + 3 {
		send(t, box, mail(fmt.Sprint(i)))
	}
	got := received(t, box)
	if len(got) != devmail.Kept || got[0].Subject != "3" || got[devmail.Kept-1].Subject != fmt.Sprint(devmail.Kept+2) {
		t.Errorf("%d mails from %s to %s", len(got), got[0].Subject, got[len(got)-1].Subject)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	send(t, openDir(t, dir), mail("one"))
	if err := os.WriteFile(filepath.Join(dir, "half.new"), []byte("x"), 0o600); err != nil { // is being written
		t.Fatal(err)
	}
	box := openDir(t, dir) // another process
	if got := received(t, box); len(got) != 1 || got[0].Subject != "one" {
		t.Errorf("another process sees %+v", got)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mail can be read by %v, %v", info.Mode(), err)
	}
}

func TestHandler(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret.eml"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	box := openDir(t, dir)
	send(t, box, mail("first <b>"))
	send(t, box, mail("second"))
	all, err := box.Letters()
	if err != nil {
		t.Fatal(err)
	}
	first := "/dev/mail/" + all[1].ID
	for _, c := range []struct {
		path   string
		status int
		want   []string
		never  string
		policy string
	}{
		{"/dev/mail", 200, []string{"second", "first &lt;b&gt;", "ann@example.com", first}, "<script", "default-src 'none'"},
		{"/dev/mail/", 200, []string{"second"}, "<script", "default-src 'none'"},
		{first, 200, []string{"first &lt;b&gt;", `sandbox="allow-popups`, "Message-ID: &lt;ntf_1.0@shop.example&gt;",
			`<a href="https://shop.example/verify#code=a&amp;b=" target`, "&lt;i&gt; now"}, "<script", "default-src 'none'"},
		{first + "/html", 200, []string{"<p>Hello<script>"}, "", "sandbox allow-popups"},
		{first + "/source", 200, []string{"Subject: first <b>", "Auto-Submitted: auto-generated"}, "", "sandbox allow-popups"},
		{"/dev/mail/none", 404, []string{"no such mail"}, "", ""},
		{"/dev/mail/none/html", 404, nil, "", ""},
		{"/dev/mail/..%2Fsecret", 404, nil, "", ""},
		{"/dev/mail/..%2Fsecret/source", 404, nil, "", ""},
	} {
		w := httptest.NewRecorder()
		box.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil))
		body, h := w.Body.String(), w.Header()
		if w.Code != c.status || !strings.Contains(h.Get("Content-Security-Policy"), c.policy) || h.Get("Cache-Control") != "no-store" && c.status == 200 {
			t.Errorf("%s: %d with %v", c.path, w.Code, h)
		}
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", c.path, want, body)
			}
		}
		if c.never != "" && strings.Contains(body, c.never) {
			t.Errorf("%s has %q", c.path, c.never)
		}
	}
	if text := get(t, box, "/dev/mail"); strings.Index(text, "second") > strings.Index(text, "first &lt;") {
		t.Error("the newest mail is not on top")
	}
}

func get(t *testing.T, box *devmail.Mailbox, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	box.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Body.String()
}

func TestEmptyMailbox(t *testing.T) {
	if text := get(t, devmail.New(), "/dev/mail"); !strings.Contains(text, "There are no mails yet") {
		t.Errorf("an empty mailbox says\n%s", text)
	}
}
