package boot_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

var codeOf = regexp.MustCompile(`#code=([A-Za-z0-9_-]{20,})`)

// newestCode returns the code of the newest mail that has one.
func (s served) newestCode(t *testing.T) string {
	t.Helper()
	for {
		_, list := s.ask(t, "GET", "/dev/mail", "")
		for _, m := range regexp.MustCompile(`/dev/mail/[A-Za-z0-9.-]+`).FindAllString(list, 1) {
			_, body := s.ask(t, "GET", m+"/source", "")
			if c := codeOf.FindStringSubmatch(strings.ReplaceAll(strings.ReplaceAll(body, "=\r\n", ""), "=3D", "=")); c != nil {
				return c[1]
			}
		}
		select {
		case <-t.Context().Done():
			t.Fatal("no mail comes")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Nothing that opens an account, and no address, is in the logs, however much
// they tell.
func TestLogsTellNoSecrets(t *testing.T) {
	c := config(t, "MERCER_LOG=debug,json", "MERCER_STOREFRONT_URL=https://shop.example")
	var logged strings.Builder // read when whoever serves has stopped
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := c.Logger(&logged)
	shop, err := boot.Open(ctx, c, log)
	if err != nil {
		t.Fatal(err)
	}
	addr, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- boot.Serve(ctx, c, shop, func(a string) { addr <- a }) }()
	s := served{Shop: shop, url: boot.URL(<-addr)}
	const email, first, second = "ann.logged@example.com", "correct horse 9", "battery staple 8"
	secrets := map[string]string{"address": email, "password": first, "other password": second}
	post := func(path, body string, header ...string) (answer struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		Device       string
	}) {
		t.Helper()
		resp, data := s.ask(t, "POST", path, body, append(header, "Content-Type", "application/json")...)
		if resp.StatusCode >= http.StatusInternalServerError {
			t.Fatalf("%s: %s %s", path, resp.Status, data)
		}
		_ = json.Unmarshal([]byte(data), &answer)
		return answer
	}
	post("/v1/auth/register", `{"email":"`+email+`","password":"`+first+`"}`, "Idempotency-Key", "one-that-is-long-enough-to-be")
	secrets["code"] = s.newestCode(t)
	post("/v1/auth/verify-email", `{"code":"`+secrets["code"]+`"}`)
	post("/v1/auth/login", `{"email":"`+email+`","password":"wrong `+first+`"}`)
	in := post("/v1/auth/login", `{"email":"`+email+`","password":"`+first+`"}`)
	secrets["access token"], secrets["refresh token"], secrets["device"] = in.AccessToken, in.RefreshToken, in.Device
	if in.AccessToken == "" {
		t.Fatal("nobody came in")
	}
	next := post("/v1/auth/refresh", `{"refresh_token":"`+in.RefreshToken+`"}`)
	secrets["next refresh token"] = next.RefreshToken
	post("/v1/auth/refresh", ``, "Cookie", "__Host-mercer-refresh="+next.RefreshToken)
	s.ask(t, "GET", "/v1/me?email="+email, "", "Authorization", "Bearer "+in.AccessToken)
	s.ask(t, "GET", "/v1/me", "", "Authorization", "Bearer "+in.AccessToken+"x")
	key, err := s.Accounts.CreateKey(t.Context(), account.CreateKeyInput{Name: "k", Scopes: []string{"customers:read"}})
	if err != nil {
		t.Fatal(err)
	}
	secrets["key"] = key.Secret
	s.ask(t, "GET", "/v1/admin/customers?email="+email, "", "Authorization", "Bearer "+key.Secret)
	post("/v1/auth/password/forgot", `{"email":"`+email+`"}`)
	for secrets["reset code"] = secrets["code"]; secrets["reset code"] == secrets["code"]; {
		secrets["reset code"] = s.newestCode(t)
	}
	post("/v1/auth/password/reset", `{"code":"`+secrets["reset code"]+`","password":"`+second+`"}`)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := strings.Count(logged.String(), "\n"); n < 10 {
		t.Fatalf("%d lines are too few to look at", n)
	}
	for what, secret := range secrets {
		if secret == "" {
			t.Errorf("there was no %s", what)
		} else if strings.Contains(logged.String(), secret) {
			t.Errorf("the logs tell the %s", what)
		}
	}
}
