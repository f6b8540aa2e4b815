package fleettest_test

import (
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestNetwork cuts, slows and swallows what goes to NATS and to the databases
// while shoppers buy. Whoever was told of an order has it, nobody has two, and
// soon after the network is well everything answers again.
func TestNetwork(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	fleettest.NeedNetwork(t)
	f := fleettest.Start(t, fleettest.Options{Cut: true})
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	sales := fleettest.Shoppers(t, f.URL, staff.Variant("Mug", 1499, 100_000), staff.Variant("Pot", 2999, 100_000))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); sales.Run(ctx, time.Second/10) }()
	long := 3 * time.Second
	if fleettest.Full() {
		long = 10 * time.Second
	}
	const slow, reset, hole = "latency", "reset_peer", "timeout"
	for _, c := range []struct {
		proxy, kind string
		attributes  map[string]int
		lasts       time.Duration
	}{
		{"nats", reset, map[string]int{"timeout": 0}, time.Second},
		{"nats", slow, map[string]int{"latency": 2000, "jitter": 500}, long},
		{"nats", hole, map[string]int{"timeout": 0}, long},
		{"database", reset, map[string]int{"timeout": 0}, time.Second},
		{"database", hole, map[string]int{"timeout": 0}, long},
	} {
		sales.Wait(5)
		before, again := len(sales.Placed()), sales.Tries()
		end := f.Network.Disturb(t, c.proxy, c.kind, c.attributes)
		<-time.After(c.lasts)
		end()
		meanwhile, well := len(sales.Placed())-before, time.Now()
		sales.Wait(5)
		for _, name := range append(boot.ServiceNames(), "gateway") {
			f.Ready(name)
		}
		took := time.Since(well)
		t.Logf("%s %s for %v: %d orders and %d requests sent again meanwhile; well after %v", c.proxy, c.kind, c.lasts, meanwhile, sales.Tries()-again, took.Round(time.Millisecond))
		if took > 30*time.Second {
			t.Errorf("%s %s: not well for %v afterwards", c.proxy, c.kind, took)
		}
	}
	stop()
	<-done
	t.Logf("%d orders, %d requests sent again; complete p50 %v p99 %v", len(sales.Placed()), sales.Tries(), sales.Quantile("complete", 0.5), sales.Quantile("complete", 0.99))
	sales.Find(t.Context())
	f.MailedOnce(sales)
	fleettest.Audit(t, f.DSN)
}
