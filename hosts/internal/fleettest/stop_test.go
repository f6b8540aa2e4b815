package fleettest_test

import (
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestG05 tells every service and the gateway in turn to end while shoppers buy.
// Each ends well within 25 seconds. What it has taken it answers; a request that
// comes meanwhile is told to come again, and does.
func TestG05(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Start(t, fleettest.Options{})
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	sales := fleettest.Shoppers(t, f.URL, staff.Variant("Mug", 1499, 100_000), staff.Variant("Pot", 2999, 100_000))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, time.Second/20) }()
	for _, name := range append(boot.ServiceNames(), "gateway") {
		sales.Wait(10)
		again := sales.Tries()
		took := f.Stop(name)
		f.Up(name)
		t.Logf("%s ended in %v; %d requests sent again", name, took.Round(time.Millisecond), sales.Tries()-again)
		if took > 25*time.Second {
			t.Errorf("%s took %v to end", name, took)
		}
	}
	sales.Wait(10)
	stop()
	<-done
	t.Logf("%d orders, %d requests sent again; complete p50 %v p99 %v", len(sales.Placed()), sales.Tries(), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	for _, why := range sales.Broken() {
		t.Errorf("a request was taken and not answered: %s", why)
	}
	sales.Find(t.Context())
	f.MailedOnce(sales)
	fleettest.Audit(t, f.DSN)
}
