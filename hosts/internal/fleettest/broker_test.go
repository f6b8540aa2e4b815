package fleettest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/event"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestB10 has a single server that starts without NATS, sells while it is away,
// and publishes what has piled up when it comes.
func TestB10(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.StartServer(t, fleettest.Options{})
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	sales := fleettest.Shoppers(t, f.URL, staff.Variant("Mug", 1499, 100_000))
	db := f.DB("order")
	store := bunstore.Outbox{DB: db}
	sell(t, sales, 20)
	t.Logf("without NATS: %d orders, complete p50 %v p99 %v", len(sales.Placed()), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	early := f.Metric("server", "mercer_outbox_oldest_seconds")
	f.Up("nats")
	f.Drained(store)
	before := sales.Tries()
	f.Kill("nats")
	const backlog = 10_000
	err := db.Do(t.Context(), func(ctx context.Context) error {
		for i := range backlog {
			e := event.Envelope{ID: fmt.Sprintf("evt_pile_%d", i), Name: "test.piled_up", Version: 1, Key: fmt.Sprint("k", i/3), At: time.Now().UTC(), Data: []byte(`{}`)}
			if err := db.Record(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sell(t, sales, 60)
	f.Until("mercer_outbox_oldest_seconds grows", func() bool {
		return early > 0 && f.Metric("server", "mercer_outbox_oldest_seconds") > early && f.Metric("server", "mercer_outbox_waiting") > backlog
	})
	if n := sales.Tries() - before; n > 0 {
		t.Errorf("%d requests were sent again while NATS was away, want none", n)
	}
	lag, err := store.Lag(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.Up("nats")
	took := f.Drained(store)
	t.Logf("%d events in %v: %.0f a second; complete p50 %v p99 %v", lag.Pending, took, float64(lag.Pending)/took.Seconds(), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	sales.Find(t.Context())
	f.MailedOnce(sales)
	fleettest.Audit(t, f.DSN)
}

// TestB12 takes the disk of NATS away between the sales of a platform, and
// publishes again what was there: every consumer gets all, and nothing happens twice.
func TestB12(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Start(t, fleettest.Options{})
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	sales := fleettest.Shoppers(t, f.URL, staff.Variant("Mug", 1499, 100_000))
	sell(t, sales, 20)
	f.Kill("nats")
	f.ForgetStreams()
	f.Up("nats")
	sell(t, sales, 20)
	r, err := staff.Shop.Outbox.Republish(ident.WithKey(t.Context(), "again"), outbox.RepublishInput{Since: new(time.Now().Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d orders, %+v", len(sales.Placed()), r)
	sales.Find(t.Context())
	f.MailedOnce(sales)
	fleettest.Audit(t, f.DSN)
	f.MailedOnce(sales)
	for _, name := range boot.ServiceNames() {
		var dead int
		if err := f.DB(name).Read(t.Context(), &dead, `SELECT COUNT(*) FROM {dead_letter} WHERE state = 'dead'`); err != nil || dead > 0 {
			t.Errorf("%s: %d dead letters, %v", name, dead, err)
		}
	}
}

// sell lets shoppers come until n of them have an order.
func sell(t *testing.T, sales *fleettest.Sales, n int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, time.Second/20) }()
	sales.Wait(n)
	stop()
	<-done
}
