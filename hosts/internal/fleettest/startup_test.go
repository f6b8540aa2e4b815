package fleettest_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/embed/shoptest"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/hosts/internal/fleettest"
)

// TestAnyOrder starts a platform the wrong way round: the gateway first, then
// the services, then NATS, then the database is made, and its tables last. Each
// process says what it waits for, and is ready by itself in the end. Then the
// password of one of them is wrong for a while.
func TestAnyOrder(t *testing.T) {
	buntest.Need(t, buntest.MySQL)
	f := fleettest.Prepare(t, fleettest.Options{DSN: unmade(t), Env: []string{"MERCER_MIGRATE=off"}})
	names := f.Names()
	slices.Reverse(names)
	said := func(what string, names ...string) {
		t.Helper()
		for _, name := range names {
			f.Until(name+" says: "+what, func() bool { return strings.Contains(f.Said(name), what) })
		}
	}
	for _, name := range names {
		f.Begin(name)
		said("waiting for nats", name)
	}
	f.Up("nats")
	services := names[1:]
	said("waiting for the database", services...)
	f.Ready("nats")
	if err := fleettest.ReadyAt(t.Context(), f.URL); err == nil {
		t.Error("the gateway says that all is there without a service")
	}
	makeDatabase(t, f.DSN["order"])
	said("waiting for the tables (service migrate makes them)", services...)
	c, err := boot.Load(nil, []string{"MERCER_DB=mysql://" + address(t, f.DSN["order"]), "MERCER_DATA=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := boot.MigrateAll(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f.Ready(name)
	}
	staff := fleettest.Staff(t, f.URL, f.Key("*"))
	mug, guest := staff.Variant("Mug", 1499, 100), fleettest.Staff(t, f.URL, "")
	guest.Order("cash_on_delivery", shoptest.Line{Variant: mug, Quantity: 1})

	f.Kill("nats")
	f.Set("nats", "NATS_PAYMENT_PASSWORD=another-one")
	f.Up("nats")
	for _, name := range names {
		if name != "payment" && name != "gateway" {
			f.Until(name+" is connected again", func() bool { return strings.Contains(f.Said(name), "nats is back") })
		}
	}
	f.Until("the gateway misses payment", func() bool {
		err := fleettest.ReadyAt(t.Context(), f.URL)
		return err != nil && strings.Contains(err.Error(), `"payment":"unavailable"`) && strings.Count(err.Error(), "unavailable") == 1
	})
	said("uthorization", "payment")
	f.Kill("nats")
	f.Set("nats", "NATS_PAYMENT_PASSWORD=secret-of-payment")
	f.Up("nats")
	for _, name := range names {
		f.Ready(name)
	}
	guest.Order("cash_on_delivery", shoptest.Line{Variant: mug, Quantity: 1})
	fleettest.Audit(t, f.DSN)
}

// unmade names a database that is not there.
func unmade(t *testing.T) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(buntest.Name(t, buntest.MySQL))
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName += "_late"
	return cfg.FormatDSN()
}

// address returns a DSN as MERCER_DB has it after mysql://.
func address(t *testing.T, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.User + ":" + cfg.Passwd + "@" + cfg.Addr + "/" + cfg.DBName
}

func makeDatabase(t *testing.T, dsn string) {
	t.Helper()
	cfg, err := mysql.ParseDSN(os.Getenv("MERCER_TEST_MYSQL"))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	late, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+late.DBName+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+late.DBName); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
}
