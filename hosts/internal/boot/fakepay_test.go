package boot_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
	"github.com/mercer-commerce/mercer/commerce/money"
	"github.com/mercer-commerce/mercer/commerce/payment"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// TestFakepayPosts has the bank post what becomes of a payment that somebody else
// has started, from a server and not from a command.
func TestFakepayPosts(t *testing.T) {
	took := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		took <- r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "bank.db")
	c := config(t, "MERCER_FAKEPAY="+file, "MERCER_FAKEPAY_URL="+srv.URL+"/v1/webhooks/fake")
	bank, shut, err := fakepay.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shut() }()
	if _, err := bank.Start(t.Context(), payment.Payment{ID: "pay_1", OrderID: "ord_1", Method: fakepay.Card, Amount: money.New(2499, "EUR")}); err != nil {
		t.Fatal(err)
	}
	command, err := boot.OpenNew(t.Context(), c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Close(); err != nil {
		t.Error(err)
	}
	if len(took) > 0 {
		t.Errorf("a command has posted %s", <-took)
	}
	serve(t, c)
	for _, want := range []string{"intent_created", "intent_updated"} {
		select {
		case got := <-took:
			if !strings.HasPrefix(got, "/v1/webhooks/fake ") || !strings.Contains(got, want) || !strings.Contains(got, "pay_1") {
				t.Errorf("posted %s, want %s of pay_1", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("no %s is posted", want)
		}
	}
}

func TestFakepaySettings(t *testing.T) {
	_, err := boot.Load(nil, []string{"MERCER_FAKEPAY_URL=http://127.0.0.1:1/v1/webhooks/fake"})
	if f, _ := errors.AsType[boot.Faults](err); !slices.Contains(names(f), "MERCER_FAKEPAY") {
		t.Errorf("posting without a bank: %v", err)
	}
	if _, err := boot.Load(nil, []string{"MERCER_FAKEPAY=x", "MERCER_FAKEPAY_URL=shop"}); err == nil {
		t.Error("shop is an address")
	}
}
