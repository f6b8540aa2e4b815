// Package boot is what the programs of Mercer share: configuration, opening a
// shop on a database, serving it, and ending in order.
//
// Only programs read the environment; the library never does. What people get
// wrong: two different values for one setting do not win over each other, they
// are a fault, and all faults are told at once.
package boot

import (
	"database/sql/driver"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/stripepay"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// Environments that a shop can run in.
const (
	Development = "development"
	Production  = "production" // refuses secrets that make themselves or that everybody knows, and test payments
)

// Config is how a shop is opened and served. Load makes one.
type Config struct {
	Addr           string // host:port to listen on
	Data           string // directory of the database, the secret and uploads
	DB             string // as bunstore.Open reads it
	Migrate        bool   // bring the tables up to date at start
	RateLimit      httpapi.RateLimit
	AllowedOrigins []string
	TrustedProxies []netip.Prefix
	Env            string // Development or Production
	Name           string // of the shop
	Secret         []byte // of guests' tokens; nil: made and kept in Data
	JWTSecret      []byte // that signs access tokens; nil: keys of JWTKeys do
	JWTKeys        string // directory of keys
	NATS           string // servers, "" where events stay in the process
	Service        string // name of this service of the platform
	Engines        []string
	FilesURL       string // of the product service, for the gateway
	Replicas       int    // NATS servers that keep each event
	StorefrontURL  string // of the shop's pages, "" unknown
	MetricsToken   string
	Fakepay        string            // file of the test payment provider, "" without
	FakepayURL     string            // that it posts its notices to, "" nowhere
	Stripe         stripepay.Options // without a Key there is no Stripe
	Demo           bool              // a trial: remedies are told for make demo
	LogLevel       slog.Level
	LogJSON        bool

	Args []string // of a command, after its name

	// What no setting reaches, for hosts and their tests.
	Connect func(driver.Connector) driver.Connector // as in bunstore.Options
	Lease   time.Duration                           // as in idem.Options
	Idle    time.Duration                           // as in flow.Options
	At      func(point string)                      // as in checkout.Options

	tel      *telemetry.Telemetry // nil: nothing is traced and counted
	settings []Setting
}

// Setting is one setting as people see it: secrets are masked.
type Setting struct {
	Name   string `json:"name"` // "MERCER_ADDR"
	Value  string `json:"value"`
	Source string `json:"source"` // "flag --addr", "MERCER_ADDR", "MERCER_DB_FILE" or "default"
}

// Settings returns every setting with its value and where it comes from.
func (c Config) Settings() []Setting { return slices.Clone(c.settings) }

// Fault is one thing wrong with the configuration.
type Fault struct {
	Name    string `json:"name"` // of the variable or flag
	Message string `json:"message"`
}

// Faults are all that is wrong with the configuration. It is an error.
type Faults []Fault

// Error has a line for each fault.
func (f Faults) Error() string {
	lines := []string{"the configuration has faults:"}
	for _, one := range f {
		lines = append(lines, "  "+one.Name+": "+one.Message)
	}
	return strings.Join(lines, "\n")
}

// orNil returns f as an error, nil when it is empty.
func (f Faults) orNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Load makes a Config from flags (by name, without dashes), the environment
// ("NAME=value") and defaults, in this order. It returns Faults when anything
// is wrong, and the Config as far as it could be made.
func Load(flags map[string]string, environ []string) (Config, error) {
	l := &loader{flags: flags, env: map[string]string{}}
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); value != "" {
			l.env[name] = value
		}
	}
	var c Config
	for _, s := range settings {
		l.load(&c, s)
	}
	l.stripeFaults(c)
	l.fakepayFaults(c)
	l.unknown()
	return c, l.faults.orNil()
}

// ServeFaults returns what is wrong with serving under c. Commands do not mind.
func (c Config) ServeFaults() Faults {
	var f Faults
	if c.Env != Production {
		return f
	}
	if c.Secret == nil {
		f = append(f, Fault{"MERCER_SECRET", "production does not make it by itself: set 32 or more random bytes (openssl rand -hex 32)"})
	}
	f = append(f, c.published()...)
	if c.Fakepay != "" {
		f = append(f, Fault{"MERCER_FAKEPAY", "test payments are refused in production"})
	}
	if c.Stripe.URL != "" {
		f = append(f, Fault{"MERCER_STRIPE_URL", "production asks Stripe itself"})
	}
	return f
}

// loader collects values and faults.
type loader struct {
	flags  map[string]string
	env    map[string]string
	faults Faults
}

// given is a value and where it was found.
type given struct{ value, source string }

func (l *loader) fault(name, message string) {
	l.faults = append(l.faults, Fault{name, message})
}

func (l *loader) load(c *Config, s setting) {
	g, ok := l.find(s)
	if !ok {
		g = given{s.preset(c), "default"}
	}
	if err := s.set(c, g.value); err != nil {
		name := g.source
		if name == "default" {
			name = s.name
		}
		l.fault(name, err.Error())
	}
	show := s.show
	if show == nil {
		show = func(v string) string { return v }
	}
	source := g.source
	if strings.HasPrefix(source, "--") {
		source = "flag " + source
	}
	c.settings = append(c.settings, Setting{s.name, show(g.value), source})
}

// find returns the value that somebody gave a setting.
func (l *loader) find(s setting) (given, bool) {
	if v := l.flags[s.flag]; s.flag != "" && v != "" {
		if path, ok := strings.CutPrefix(v, "@"); ok && s.secret {
			return l.file("--"+s.flag, path)
		}
		return given{v, "--" + s.flag}, true
	}
	var all []given
	for _, name := range append([]string{s.name}, s.others...) {
		all = append(all, l.named(name, s.secret)...)
	}
	if s.compose != nil {
		all = append(all, s.compose(l)...)
	}
	if len(all) == 0 {
		return given{}, false
	}
	for _, other := range all[1:] {
		if other.value != all[0].value {
			l.fault(all[0].source, "has another value than "+other.source+": set one of them, or both to the same")
		}
	}
	return all[0], true
}

// named returns the values of a variable: its own, and for a secret that of
// the file that NAME_FILE names.
func (l *loader) named(name string, secret bool) (out []given) {
	if v := l.env[name]; v != "" {
		out = append(out, given{v, name})
	}
	if path := l.env[name+"_FILE"]; secret && path != "" {
		if g, ok := l.file(name+"_FILE", path); ok {
			out = append(out, g)
		}
	}
	return out
}

func (l *loader) file(source, path string) (given, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		l.fault(source, "cannot be read: "+err.Error())
		return given{}, false
	}
	v := strings.TrimRight(string(data), "\r\n")
	return given{v, source}, v != ""
}

// unknown finds variables that nobody reads: most are misspelled.
func (l *loader) unknown() {
	known := []string{"MERCER_URL", "MERCER_TOKEN", "MERCER_TOKEN_FILE", "MERCER_STAFF_PASSWORD"} // the command line's own
	for _, s := range settings {
		known = append(known, s.name)
		if s.secret {
			known = append(known, s.name+"_FILE")
		}
	}
	var names []string
	for name := range l.env {
		if strings.HasPrefix(name, "MERCER_") && !strings.HasPrefix(name, "MERCER_TEST_") && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		text := "there is no such setting"
		if near := nearest(name, known); near != "" {
			text += ": did you mean " + near + "?"
		}
		l.fault(name, text)
	}
}

// nearest returns the name that takes the fewest edits to reach, "" when all
// are far.
func nearest(name string, known []string) string {
	best, fewest := "", 4
	for _, k := range known {
		if d := distance(name, k); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
