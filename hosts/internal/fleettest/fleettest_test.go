package fleettest_test

import (
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// Every process of the platform is killed in turn while shoppers buy. Whoever
// was told of an order has it, and nothing is sold that is not there.
func TestKills(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Start(t, fleettest.Options{})
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	variants := []string{staff.Variant("Mug", 1499, 100_000), staff.Variant("Pot", 2999, 100_000)}
	sales := fleettest.Shoppers(t, f.URL, variants...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, time.Second/20) }()
	for _, name := range append(boot.ServiceNames(), "nats", "gateway") {
		sales.Wait(20)
		before := len(sales.Placed())
		f.Kill(name)
		f.Up(name)
		t.Logf("killed %s after %d orders", name, before)
	}
	sales.Wait(20)
	stop()
	<-done
	t.Logf("%d orders, %d requests sent again; complete p50 %v p99 %v", len(sales.Placed()), sales.Tries(), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	sales.Find(t.Context())
	fleettest.Audit(t, f.DSN)
}
