package bunstore_test

import (
	"database/sql"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore"
	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
)

// Every step that was cut off behind its last statement is taken again.
func TestMigrateTakesStepsAgain(t *testing.T) {
	for server, driver := range map[string]string{buntest.SQLite: "sqlite", buntest.MySQL: "mysql", buntest.MariaDB: "mysql"} {
		t.Run(server, func(t *testing.T) {
			name := buntest.Name(t, server)
			handle, err := sql.Open(driver, name)
			if err != nil {
				t.Fatal(err)
			}
			defer handle.Close()
			if _, err := handle.ExecContext(t.Context(), "DELETE FROM mercer_migration"); err != nil {
				t.Fatal(err)
			}
			db, err := bunstore.Open(t.Context(), name, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			all, err := db.Migrations(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done, err := db.Migrate(t.Context())
			if err != nil || len(done) != len(all) {
				t.Errorf("%d of %d steps were taken again, %v", len(done), len(all), err)
			}
		})
	}
}
