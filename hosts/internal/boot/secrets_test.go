package boot_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// composed returns the environment of a service of docker-compose.yml as it is
// without an .env file, in production.
func composed(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`).ReplaceAllString(string(data), "$1")
	env := []string{"MERCER_ENV=production", "MERCER_DATA=" + t.TempDir(), "MERCER_SERVICE=user"}
	for _, name := range []string{"MERCER_SECRET", "JWT_SECRET", "MERCER_DB", "MERCER_NATS"} {
		m := regexp.MustCompile(`(?m)^ +` + name + `: (.+)$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("docker-compose.yml does not set %s", name)
		}
		env = append(env, name+"="+m[1])
	}
	return env
}

func names(f boot.Faults) (all []string) {
	for _, one := range f {
		all = append(all, one.Name)
	}
	return all
}

func TestProductionRefusesDevelopmentSecrets(t *testing.T) {
	env := composed(t)
	c, err := boot.Load(nil, env)
	if err != nil {
		t.Fatal(err)
	}
	f := c.ServeFaults()
	if got, want := names(f), []string{"MERCER_SECRET", "JWT_SECRET", "MERCER_DB", "MERCER_NATS"}; !slices.Equal(got, want) {
		t.Errorf("refused are %v, want %v", got, want)
	}
	for _, secret := range []string{"development-only", "mercer:mercer", "gateway:gateway"} {
		if strings.Contains(f.Error(), secret) {
			t.Errorf("a fault shows %s: %v", secret, f)
		}
	}
	c.Env = boot.Development
	if f := c.ServeFaults(); len(f) > 0 {
		t.Errorf("refused in development: %v", f)
	}
	for name, env := range map[string][]string{
		"own secrets": {"MERCER_DB=mysql://mercer:s3cret@mysql:3306/shop", "MERCER_NATS=nats://user:s3cret@nats:4222"},
		"no logins":   {"MERCER_DB=mysql://mysql:3306/shop", "MERCER_NATS=nats://nats:4222"},
		"SQLite":      {"MERCER_DB=shop:shop@x.db"},
		"a driver's":  {"MERCER_DB=mercer:s3cret@tcp(mysql:3306)/shop"},
	} {
		c, err := boot.Load(nil, append(env, "MERCER_ENV=production", "MERCER_SECRET="+strings.Repeat("a", 32), "JWT_SECRET="+strings.Repeat("b", 32)))
		if err != nil {
			t.Fatal(err)
		}
		if f := c.ServeFaults(); len(f) > 0 {
			t.Errorf("%s: %v", name, f)
		}
	}
	c, err = boot.Load(nil, []string{"MERCER_ENV=production", "MERCER_SECRET=" + strings.Repeat("a", 32), "MERCER_DB=mercer:mercer@tcp(mysql:3306)/shop", "MERCER_NATS=nats://cart:s3cret@nats,nats://cart:cart@nats"})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(c.ServeFaults()); !slices.Equal(got, []string{"MERCER_DB", "MERCER_NATS"}) {
		t.Errorf("refused are %v", got)
	}
}

// A key that makes itself is gone with the disk of a container, and one of
// several servers does not know it.
func TestProductionMakesNoKeys(t *testing.T) {
	c := config(t, "MERCER_ENV=production", "MERCER_SECRET="+strings.Repeat("a", 32))
	s, err := boot.Open(t.Context(), c, quiet)
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
		t.Errorf("opened in production without a key of access tokens: %v", err)
	}
	if _, err := os.Stat(c.JWTKeys); err == nil {
		t.Error("a key was made")
	}
}

// A proxy on this machine makes neighbors of all the world.
func TestMailboxIsNotPassedOn(t *testing.T) {
	s := serve(t, config(t))
	if resp, _ := s.ask(t, "GET", "/dev/mail", ""); resp.StatusCode != 200 {
		t.Errorf("from here: %s", resp.Status)
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if resp, _ := s.ask(t, "GET", "/dev/mail", "", header, "203.0.113.1"); resp.StatusCode != 404 {
			t.Errorf("through a proxy that says %s: %s", header, resp.Status)
		}
	}
}
