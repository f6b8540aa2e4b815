package bunstore_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/commerce/inventory"
	"github.com/mercer-commerce/mercer/commerce/inventory/inventorytest"
)

// TestInventory lets rivals loose too: S02, S04, S11 and S14, of the engine alone.
func TestInventory(t *testing.T) {
	buntest.Each(t, func(t *testing.T, open func(*testing.T) *bunstore.DB) {
		store := func(t *testing.T) inventory.Store { return bunstore.Inventory{DB: open(t)} }
		inventorytest.Run(t, store)
		t.Run("race", func(t *testing.T) { inventorytest.Race(t, store) })
	})
}

// Reservations lock rows in one order, so no unit of work is ever run again
// because of a deadlock.
func TestReservationsDoNotDeadlock(t *testing.T) {
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			var again strings.Builder
			log := slog.New(slog.NewTextHandler(&again, &slog.HandlerOptions{Level: slog.LevelDebug}))
			db, err := bunstore.Open(t.Context(), buntest.Name(t, server), &bunstore.Options{Log: log})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			inventorytest.Baskets(t, bunstore.Inventory{DB: db})
			if again.Len() > 0 {
				t.Errorf("units were run again:\n%s", again.String())
			}
		})
	}
}

// A basket of three is reserved in at most eight statements, without BEGIN,
// COMMIT and events.
func TestReserveStatements(t *testing.T) {
	for _, server := range []string{buntest.MySQL, buntest.MariaDB} {
		t.Run(server, func(t *testing.T) {
			handle := oneSession(t, buntest.Name(t, server))
			db, err := bunstore.New(t.Context(), handle, bunstore.MySQL, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := inventory.New(bunstore.Inventory{DB: db}, nil)
			in := inventory.ReserveInput{OrderID: "ord_1"}
			for i := range 3 {
				v := fmt.Sprint("var_", i)
				if _, err := e.Adjust(t.Context(), inventory.AdjustInput{VariantID: v, Delta: 9, Reason: "received"}); err != nil {
					t.Fatal(err)
				}
				in.Items = append(in.Items, inventory.Quantity{VariantID: v, Quantity: 1})
			}
			before := statements(t, handle)
			if _, err := e.Reserve(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			const events = 3 // claim their numbers, read them, insert
			if n := statements(t, handle) - before - events; n > 8 {
				t.Errorf("%d statements, want at most 8", n)
			} else {
				t.Logf("%d statements", n)
			}
		})
	}
}

func oneSession(t *testing.T, name string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(name)
	if err != nil {
		t.Fatal(err)
	}
	cfg.ClientFoundRows = true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	handle := sql.OpenDB(connector)
	handle.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = handle.Close() })
	return handle
}

// statements returns how many reading and writing statements a session has run,
// without those of this function.
func statements(t *testing.T, handle *sql.DB) (n int) {
	t.Helper()
	rows, err := handle.QueryContext(t.Context(), "SHOW SESSION STATUS WHERE Variable_name IN ('Com_select', 'Com_insert', 'Com_update', 'Com_delete')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var count int
		if err := rows.Scan(&name, &count); err != nil {
			t.Fatal(err)
		}
		n += count
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
