package boot_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

func TestDefaults(t *testing.T) {
	c, err := boot.Load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:3001" || c.Data != "data" || c.DB != filepath.Join("data", "shop.db") || !c.Migrate || c.Env != boot.Development ||
		c.Name != "Mercer" || c.Secret != nil || c.LogLevel != slog.LevelInfo || c.LogJSON || c.Fakepay != "" {
		t.Errorf("defaults are %+v", c)
	}
	if want := (httpapi.RateLimit{Requests: 100, Per: time.Second, Burst: 200}); c.RateLimit != want {
		t.Errorf("limit %+v, want %+v", c.RateLimit, want)
	}
	if f := c.ServeFaults(); len(f) > 0 {
		t.Errorf("cannot be served: %v", f)
	}
}

// sources of a setting in the order in which they win.
func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(file, []byte("from-file.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		flags  map[string]string
		env    []string
		db     string
		source string
	}{
		{"flag before all", map[string]string{"db": "flag.db"}, []string{"MERCER_DB=env.db"}, "flag.db", "flag --db"},
		{"flag of a file", map[string]string{"db": "@" + file}, nil, "from-file.db", "flag --db"},
		{"own name", nil, []string{"MERCER_DB=env.db"}, "env.db", "MERCER_DB"},
		{"own file", nil, []string{"MERCER_DB_FILE=" + file}, "from-file.db", "MERCER_DB_FILE"},
		{"name of the platform", nil, []string{"DATABASE_URL=mysql://u:p@h:1/d"}, "mysql://u:p@h:1/d", "DATABASE_URL"},
		{"five variables", nil, []string{"DB_HOST=h", "DB_USER=u", "DB_PASSWORD=p@:", "DB_NAME=d"}, "mysql://u:p%40%3A@h:3306/d", "DB_HOST"},
		{"the same twice", nil, []string{"MERCER_DB=x.db", "DATABASE_URL=x.db"}, "x.db", "MERCER_DB"},
		{"empty is unset", map[string]string{"db": ""}, []string{"MERCER_DB=", "DATABASE_URL=x.db"}, "x.db", "DATABASE_URL"},
		{"beside other data", nil, []string{"MERCER_DATA=/srv/shop"}, filepath.FromSlash("/srv/shop/shop.db"), "default"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := boot.Load(tc.flags, tc.env)
			if err != nil {
				t.Fatal(err)
			}
			if c.DB != tc.db {
				t.Errorf("database %q, want %q", c.DB, tc.db)
			}
			if got := setting(t, c, "MERCER_DB").Source; got != tc.source {
				t.Errorf("source %q, want %q", got, tc.source)
			}
		})
	}
}

func setting(t *testing.T, c boot.Config, name string) boot.Setting {
	t.Helper()
	for _, s := range c.Settings() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no setting %s", name)
	return boot.Setting{}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		env  string // one or more, by spaces
		want string // name: part of the message
	}{
		{"MERCER_ADDR=3001", "MERCER_ADDR: want host:port"},
		{"MERCER_ADDR=:http", "MERCER_ADDR: want host:port"},
		{"MERCER_ADDR=:99999", "MERCER_ADDR: want host:port"},
		{"MERCER_DB=postgres://h/d", "MERCER_DB: postgres is not a database"},
		{"MERCER_DB=a.db DATABASE_URL=b.db", "MERCER_DB: has another value than DATABASE_URL"},
		{"MERCER_DB=a.db DB_HOST=h DB_NAME=d", "MERCER_DB: has another value than DB_HOST"},
		{"MERCER_DB_FILE=/no/such/file", "MERCER_DB_FILE: cannot be read"},
		{"DB_NAME=shop", "DB_NAME: is set, but DB_HOST is not"},
		{"DB_PASSWORD=x", "DB_PASSWORD: is set, but DB_HOST is not"},
		{"DB_HOST=h", "DB_NAME: is missing"},
		{"MERCER_MIGRATE=yes", "MERCER_MIGRATE: want auto or off"},
		{"MERCER_RATE_LIMIT=fast", "MERCER_RATE_LIMIT: want a number"},
		{"MERCER_RATE_LIMIT=0/s", "MERCER_RATE_LIMIT: want a number"},
		{"MERCER_RATE_LIMIT=5/h", "MERCER_RATE_LIMIT: want a number"},
		{"MERCER_ALLOWED_ORIGINS=*", "MERCER_ALLOWED_ORIGINS: want origins"},
		{"MERCER_ALLOWED_ORIGINS=https://shop.example/path", "MERCER_ALLOWED_ORIGINS: want origins"},
		{"MERCER_TRUSTED_PROXIES=10.0.0.0/8,everybody", `MERCER_TRUSTED_PROXIES: want addresses or networks as 10.0.0.0/8; one is "everybody"`},
		{"MERCER_ENV=prod", "MERCER_ENV: want development or production"},
		{"MERCER_SECRET=short", "MERCER_SECRET: want 32 bytes"},
		{"MERCER_LOG=loud", "MERCER_LOG: want debug"},
		{"MERCER_ADR=:1", "MERCER_ADR: there is no such setting: did you mean MERCER_ADDR?"},
		{"MERCER_DATABASE=x", "MERCER_DATABASE: there is no such setting"},
		{"MERCER_ADDR_FILE=x", "MERCER_ADDR_FILE: there is no such setting"},
	} {
		t.Run(tc.env, func(t *testing.T) {
			_, err := boot.Load(nil, strings.Fields(tc.env))
			faults, ok := errors.AsType[boot.Faults](err)
			if !ok || len(faults) != 1 {
				t.Fatalf("faults %v, want one", err)
			}
			if got := faults[0].Name + ": " + faults[0].Message; !strings.HasPrefix(got, tc.want) {
				t.Errorf("fault %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	_, err := boot.Load(nil, []string{"MERCER_ADDR=x", "MERCER_ENV=x", "MERCER_TYPO=x", "MERCER_SECRET=x"})
	faults, _ := errors.AsType[boot.Faults](err)
	if len(faults) != 4 {
		t.Errorf("%d faults, want 4: %v", len(faults), err)
	}
	for _, name := range []string{"MERCER_ADDR", "MERCER_ENV", "MERCER_TYPO", "MERCER_SECRET"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}

func TestNoFault(t *testing.T) {
	for _, env := range []string{
		"MERCER_URL=http://x", "MERCER_TOKEN=x", "MERCER_TEST_REQUIRE=mysql", "MERCER_TYPO=", "OTHER=1",
		"MERCER_ADDR=:8080", "MERCER_ADDR=[::1]:0", "MERCER_RATE_LIMIT=off", "MERCER_RATE_LIMIT=600/m", "MERCER_RATE_LIMIT=7",
		"MERCER_ALLOWED_ORIGINS=https://a.example,http://localhost:*", "MERCER_TRUSTED_PROXIES=10.0.0.0/8, ::1", "MERCER_LOG=debug,json", "MERCER_LOG=json",
		"MERCER_DB=sqlite:x.db", "MERCER_DB=u:p@tcp(h:1)/d", "MERCER_MIGRATE=off",
	} {
		if _, err := boot.Load(nil, []string{env}); err != nil {
			t.Errorf("%s: %v", env, err)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for _, tc := range []struct{ env, name, want string }{
		{"MERCER_DB=mysql://shop:hunter2@db:3306/shop", "MERCER_DB", "mysql://shop:********@db:3306/shop"},
		{"MERCER_DB=shop:hunter2@tcp(db:3306)/shop", "MERCER_DB", "shop:********@tcp(db:3306)/shop"},
		{"MERCER_DB=shop:hun@ter2@unix(/s)/shop", "MERCER_DB", "shop:********@unix(/s)/shop"},
		{"MERCER_DB=data/a.db", "MERCER_DB", "data/a.db"},
		{"MERCER_SECRET=hunter2hunter2hunter2hunter2hunter2", "MERCER_SECRET", "********"},
	} {
		c, err := boot.Load(nil, []string{tc.env})
		if err != nil {
			t.Fatal(err)
		}
		if got := setting(t, c, tc.name).Value; got != tc.want {
			t.Errorf("%s is shown as %q, want %q", tc.env, got, tc.want)
		}
		if strings.Contains(c.Database(), "hunter2") {
			t.Errorf("the password is in %q", c.Database())
		}
	}
}

func TestProductionRefuses(t *testing.T) {
	c, err := boot.Load(nil, []string{"MERCER_ENV=production", "MERCER_FAKEPAY=x"})
	if err != nil {
		t.Fatal(err)
	}
	f := c.ServeFaults()
	if len(f) != 2 || f[0].Name != "MERCER_SECRET" || f[1].Name != "MERCER_FAKEPAY" {
		t.Errorf("faults %v, want the missing secret and the test payments", f)
	}
	if _, err := boot.Open(t.Context(), c, slog.New(slog.DiscardHandler)); !strings.Contains(err.Error(), "MERCER_SECRET") {
		t.Errorf("opened in production without a secret: %v", err)
	}
}

func TestMySQLIsNotMigratedByItself(t *testing.T) {
	c, err := boot.Load(nil, []string{"MERCER_DB=mysql://u:p@h/d"})
	if err != nil || c.Migrate {
		t.Errorf("MySQL is migrated at start: %v", err)
	}
	c, err = boot.Load(nil, []string{"MERCER_DB=mysql://u:p@h/d", "MERCER_MIGRATE=auto"})
	if err != nil || !c.Migrate {
		t.Errorf("MySQL is not migrated when told: %v", err)
	}
}
