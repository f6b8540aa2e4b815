//go:build compose

// Package compose runs docker-compose.yml for real: see TestPlatform.
package compose

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/commerce/fulfil"
	"github.com/mercer-commerce/mercer/commerce/order"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

const (
	url   = "http://localhost:3001"
	every = time.Second / 20 // a shopper comes
)

// compose runs docker-compose in the root of the module.
func compose(t *testing.T, args ...string) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "docker-compose", append([]string{"-p", "mercertest"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MERCER_RATE_LIMIT=off") // all shoppers are one address
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// dsn names the databases of the services, as this machine reaches them.
func dsn() map[string]string {
	all := map[string]string{}
	for _, name := range boot.ServiceNames() {
		all[name] = "mysql://mercer:mercer@127.0.0.1:3307/mercer_" + name
	}
	return all
}

// TestPlatform brings the platform up from nothing, sells and ships through port
// 3001, kills each container in turn while twenty shoppers a second buy, and
// finds every order that anybody was told of.
func TestPlatform(t *testing.T) {
	compose(t, "down", "-v", "--remove-orphans")
	compose(t, "up", "--build", "-d")
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(compose(t, "logs", "--tail=60"))
		}
		compose(t, "down", "-v", "--remove-orphans")
	})
	ready(t, 3*time.Minute)

	staff := fleettest.Staff(t, url, key(t))
	register(t)
	var variants []string
	for i := range 5 {
		variants = append(variants, staff.Variant(fmt.Sprintf("Mug %d", i), 1499, 100_000))
	}
	sales := fleettest.Shoppers(t, url, variants...)
	if err := sales.Buy(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	ship(t, staff, sales.Placed()[0].Order)

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, every) }()
	for _, name := range append(boot.ServiceNames(), "nats", "mysql", "gateway") {
		pause(5 * time.Second)
		before := len(sales.Placed())
		kill(t, name)
		pause(2 * time.Second)
		compose(t, "up", "-d", "--no-deps", "--no-build", name)
		ready(t, 2*time.Minute)
		t.Logf("killed %s: %d orders before, %d when everything was back", name, before, len(sales.Placed()))
	}
	pause(5 * time.Second)
	stop()
	<-done
	t.Logf("%d orders, %d requests sent again; complete p50 %v p99 %v", len(sales.Placed()), sales.Tries(), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	sales.Find(t.Context())
	fleettest.Audit(t, dsn())
}

// pause lets shoppers buy for a while: how many do is what is measured.
func pause(d time.Duration) { <-time.After(d) }

// kill kills the process of a container as kill -9 does.
func kill(t *testing.T, name string) {
	t.Helper()
	id := strings.TrimSpace(compose(t, "ps", "-q", name))
	if out, err := exec.CommandContext(t.Context(), "docker", "kill", "-s", "KILL", id).CombinedOutput(); err != nil {
		t.Fatalf("kill %s: %v\n%s", name, err, out)
	}
}

// ready waits until the gateway reaches every service.
func ready(t *testing.T, within time.Duration) {
	t.Helper()
	until := time.After(within)
	for {
		err := fleettest.ReadyAt(t.Context(), url)
		if err == nil {
			return
		}
		select {
		case <-until:
			t.Fatalf("the platform is not ready after %v: %v", within, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// key makes the secret key of somebody who may do everything.
func key(t *testing.T) string {
	t.Helper()
	db, err := bunstore.Open(t.Context(), dsn()["user"], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	k, err := account.New(bunstore.Accounts{DB: db}, account.Ports{}, nil).CreateKey(t.Context(), account.CreateKeyInput{Name: "compose test", Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	return k.Secret
}

// register registers a customer.
func register(t *testing.T) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/auth/register", strings.NewReader(`{"email":"ada@example.com","password":"a long enough secret","name":"Ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Errorf("register: %s, want 202", resp.Status)
	}
}

// ship sends everything of an order.
func ship(t *testing.T, staff shoptest.Factory, id string) {
	t.Helper()
	o, err := staff.Shop.Fulfil.Create(t.Context(), order.CreateFulfillmentInput{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	o, err = staff.Shop.Fulfil.Ship(t.Context(), fulfil.ShipInput{ID: o.Fulfillments[0].ID})
	if err != nil || o.FulfillmentStatus != "fulfilled" {
		t.Fatalf("ship: %s, %v", o.FulfillmentStatus, err)
	}
}
