package boot

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/transport/httpapi"
)

// setting is how one setting is found, read and shown.
type setting struct {
	name    string   // of the variable
	others  []string // names that platforms use
	flag    string   // "" when it has none
	doc     string
	secret  bool                    // NAME_FILE is read too
	compose func(l *loader) []given // from several variables
	preset  func(c *Config) string
	set     func(c *Config, v string) error // v is "" only when preset is
	show    func(v string) string
}

// settings in the order of their reading: defaults look at what came before.
var settings = slices.Concat([]setting{
	{name: "MERCER_ADDR", flag: "addr", doc: "host and port to listen on", preset: fixed("127.0.0.1:3001"), set: setAddr},
	{name: "MERCER_DATA", flag: "data", doc: "directory for the database, the secret and uploads", preset: fixed("data"),
		set: func(c *Config, v string) error { c.Data = v; return nil }},
	{name: "MERCER_DB", others: []string{"DATABASE_URL"}, flag: "db", secret: true, compose: composeDB, show: maskDB, set: setDB,
		doc:    "database: a SQLite path, mysql://user:password@host:port/name, or @file with one of them",
		preset: func(c *Config) string { return filepath.Join(c.Data, "shop.db") }},
	{name: "MERCER_MIGRATE", flag: "migrate", doc: "auto: bring the tables up to date at start; off: refuse to start when they are not", set: setMigrate,
		preset: func(c *Config) string {
			if _, ok := c.sqlite(); ok {
				return "auto"
			}
			return "off"
		}},
	{name: "MERCER_RATE_LIMIT", flag: "rate-limit", doc: "requests of one caller: N/s, N/m, or off", preset: fixed("100/s"), set: setRateLimit},
	{name: "MERCER_ALLOWED_ORIGINS", flag: "allowed-origins", doc: "origins whose pages may call, with commas between them", preset: fixed(""), set: setOrigins},
	{name: "MERCER_TRUSTED_PROXIES", flag: "trusted-proxies", doc: "addresses or networks whose X-Forwarded-For is believed, with commas between them",
		preset: fixed(""), set: setProxies},
	{name: "MERCER_ENV", flag: "env", doc: "development or production", preset: fixed(Development), set: setEnv},
	{name: "MERCER_NAME", flag: "name", doc: "name of the shop", preset: fixed("Mercer"), set: func(c *Config, v string) error { c.Name = v; return nil }},
	{name: "MERCER_SECRET", secret: true, doc: "secret of guests' tokens, 32 bytes or more", preset: fixed(""), show: mask,
		set: func(c *Config, v string) error { return setSecret(&c.Secret, v) }},
	{name: "JWT_SECRET", secret: true, doc: "secret that access tokens are signed with, 32 bytes or more; without it keys in MERCER_JWT_KEYS sign", preset: fixed(""), show: mask,
		set: func(c *Config, v string) error { return setSecret(&c.JWTSecret, v) }},
	{name: "MERCER_JWT_KEYS", doc: "directory of Ed25519 keys (PEM) that sign access tokens, the newest by name first; made where a single server finds none",
		preset: func(c *Config) string { return filepath.Join(c.Data, "jwt") }, set: func(c *Config, v string) error { c.JWTKeys = v; return nil }},
	{name: "MERCER_NATS", others: []string{"NATS_URL"}, flag: "nats", secret: true, show: maskURL, set: setNATS, preset: fixed(""),
		doc: "NATS servers that services meet at, nats://user:password@host:4222, with commas between them; a single server publishes its events there, and sells on without"},
	{name: "MERCER_SERVICE", flag: "service", doc: "name of this service of the platform: " + strings.Join(ServiceNames(), ", "), preset: fixed(""), set: setService},
	{name: "MERCER_ENGINES", flag: "engines", doc: "engines in this process, with commas between them; those of the service when it is not set",
		preset: fixed(""), set: setEngines},
	{name: "MERCER_FILES_URL", flag: "files-url", doc: "where the gateway sends catalog files to: the product service's own address, http://host:port", preset: fixed(""), set: setFilesURL},
	{name: "MERCER_NATS_REPLICAS", doc: "how many NATS servers keep each event: 1, or 3 of a cluster", preset: fixed("1"), set: setReplicas},
	{name: "MERCER_STOREFRONT_URL", flag: "storefront-url", doc: "address of the shop's pages, for links in mails", preset: fixed(""),
		set: func(c *Config, v string) error { return setURL(&c.StorefrontURL, v) }},
	{name: "MERCER_METRICS_TOKEN", secret: true, doc: "bearer token that opens /metrics to other machines; private addresses need none", preset: fixed(""), show: mask,
		set: func(c *Config, v string) error { c.MetricsToken = v; return nil }},
	{name: "MERCER_FAKEPAY", doc: "file that the test payment provider keeps its payments in; it is off without", preset: fixed(""),
		set: func(c *Config, v string) error { c.Fakepay = v; return nil }},
	{name: "MERCER_FAKEPAY_URL", doc: "address that the test payment provider posts its notices to, http://host:port/v1/webhooks/fake; it posts none without", preset: fixed(""),
		set: func(c *Config, v string) error { return setURL(&c.FakepayURL, v) }},
	{name: "MERCER_LOG", flag: "log", doc: "debug, info, warn or error; and text or json, with a comma between them", preset: fixed("info,text"), set: setLog},
}, stripeSettings)

// Flag is a setting that a program takes as a flag.
type Flag struct{ Name, Usage string }

// Flags returns the flags of every setting that has one.
func Flags() (out []Flag) {
	for _, s := range settings {
		if s.flag != "" {
			out = append(out, Flag{s.flag, s.doc + " (" + s.name + ")"})
		}
	}
	return out
}

func fixed(v string) func(*Config) string { return func(*Config) string { return v } }

func mask(v string) string {
	if v == "" {
		return ""
	}
	return "********"
}

// maskDB hides the password in the name of a database.
func maskDB(v string) string {
	head, tail := "", v
	if scheme, rest, ok := strings.Cut(v, "://"); ok {
		head, tail = scheme+"://", rest
	}
	at := strings.LastIndexByte(tail, '@')
	if at < 0 {
		return v
	}
	user, _, ok := strings.Cut(tail[:at], ":")
	if !ok {
		return v
	}
	return head + user + ":********" + tail[at:]
}

func setAddr(c *Config, v string) error {
	_, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("want host:port, as in 127.0.0.1:3001 or :3001; it is %q", v)
	}
	c.Addr = v
	return nil
}

func setDB(c *Config, v string) error {
	c.DB = v
	scheme, _, ok := strings.Cut(v, "://")
	if ok && scheme != "mysql" && !strings.Contains(scheme, "@") {
		return fmt.Errorf("%s is not a database that is supported: want a path for SQLite, or mysql://user:password@host:port/name", scheme)
	}
	return nil
}

// sqlite returns the path of the database if it is a SQLite file.
func (c Config) sqlite() (path string, ok bool) {
	if strings.HasPrefix(c.DB, "mysql://") || strings.Contains(c.DB, "@tcp(") || strings.Contains(c.DB, "@unix(") {
		return "", false
	}
	return strings.TrimPrefix(c.DB, "sqlite:"), true
}

// Database names the database without its password.
func (c Config) Database() string { return maskDB(c.DB) }

// composeDB puts a database together from the five variables that some
// platforms set.
func composeDB(l *loader) []given {
	host := l.env["DB_HOST"]
	password := l.named("DB_PASSWORD", true)
	if host == "" {
		for _, name := range []string{"DB_PORT", "DB_USER", "DB_NAME"} {
			if l.env[name] != "" {
				l.fault(name, "is set, but DB_HOST is not")
			}
		}
		if len(password) > 0 {
			l.fault(password[0].source, "is set, but DB_HOST is not")
		}
		return nil
	}
	if l.env["DB_NAME"] == "" {
		l.fault("DB_NAME", "is missing beside DB_HOST")
	}
	if len(password) == 2 && password[0].value != password[1].value {
		l.fault("DB_PASSWORD", "has another value than DB_PASSWORD_FILE: set one of them")
	}
	u := url.URL{Scheme: "mysql", Host: net.JoinHostPort(host, cmp.Or(l.env["DB_PORT"], "3306")), Path: "/" + l.env["DB_NAME"]}
	switch user := l.env["DB_USER"]; {
	case len(password) > 0:
		u.User = url.UserPassword(user, password[0].value)
	case user != "":
		u.User = url.User(user)
	}
	return []given{{u.String(), "DB_HOST"}}
}

func setMigrate(c *Config, v string) error {
	if v != "auto" && v != "off" {
		return fmt.Errorf("want auto or off; it is %q", v)
	}
	c.Migrate = v == "auto"
	return nil
}

func setRateLimit(c *Config, v string) error {
	if v == "off" {
		return nil
	}
	number, unit, _ := strings.Cut(v, "/")
	n, err := strconv.Atoi(number)
	per := map[string]time.Duration{"s": time.Second, "": time.Second, "m": time.Minute}[unit]
	if err != nil || n < 1 || n > 1_000_000 || per == 0 {
		return fmt.Errorf("want a number of requests as 100/s or 600/m, or off; it is %q", v)
	}
	c.RateLimit = httpapi.RateLimit{Requests: n, Per: per, Burst: 2 * n}
	return nil
}

func setOrigins(c *Config, v string) error {
	var faults []error
	for _, o := range list(v) {
		u, err := url.Parse(strings.TrimSuffix(o, ":*"))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path+u.RawQuery+u.Fragment != "" || u.User != nil || strings.Contains(u.Host, "*") {
			faults = append(faults, fmt.Errorf("want origins as https://shop.example or http://localhost:*; one is %q", o))
			continue
		}
		c.AllowedOrigins = append(c.AllowedOrigins, o)
	}
	return errors.Join(faults...)
}

func setProxies(c *Config, v string) error {
	var faults []error
	for _, p := range list(v) {
		prefix, err := netip.ParsePrefix(p)
		if addr, e := netip.ParseAddr(p); e == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("want addresses or networks as 10.0.0.0/8; one is %q", p))
			continue
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return errors.Join(faults...)
}

// list cuts v at its commas.
func list(v string) (out []string) {
	for one := range strings.SplitSeq(v, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

func setEnv(c *Config, v string) error {
	if v != Development && v != Production {
		return fmt.Errorf("want %s or %s; it is %q", Development, Production, v)
	}
	c.Env = v
	return nil
}

// setSecret sets a secret, nil for none.
func setSecret(to *[]byte, v string) error {
	if v == "" {
		return nil
	}
	if len(v) < 32 {
		return fmt.Errorf("want 32 bytes or more, it has %d", len(v))
	}
	*to = []byte(v)
	return nil
}

// setURL sets the address of a site, without a path at its end.
func setURL(to *string, v string) error {
	u, err := url.Parse(v)
	if v != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery+u.Fragment != "" || u.User != nil) {
		return fmt.Errorf("want an address as https://shop.example; it is %q", v)
	}
	*to = strings.TrimSuffix(v, "/")
	return nil
}

func setFilesURL(c *Config, v string) error { return setURL(&c.FilesURL, v) }

func setNATS(c *Config, v string) error {
	for _, one := range list(v) {
		u, err := url.Parse(one)
		if err != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Host == "" {
			return fmt.Errorf("want nats://user:password@host:4222; one is %q", maskURL(one))
		}
	}
	c.NATS = v
	return nil
}

// maskURL hides the passwords in addresses.
func maskURL(v string) string {
	all := list(v)
	for i, one := range all {
		if u, err := url.Parse(one); err == nil {
			all[i] = u.Redacted()
		} else {
			all[i] = "********"
		}
	}
	return strings.Join(all, ",")
}

func setReplicas(c *Config, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 5 {
		return fmt.Errorf("want 1 to 5; it is %q", v)
	}
	c.Replicas = n
	return nil
}

func setService(c *Config, v string) error {
	if v != "" && !slices.Contains(ServiceNames(), v) {
		return fmt.Errorf("want one of %s; it is %q", strings.Join(ServiceNames(), ", "), v)
	}
	c.Service = v
	if v != "" {
		c.DB = strings.ReplaceAll(c.DB, "{service}", v)
	}
	return nil
}

func setEngines(c *Config, v string) error {
	for _, e := range list(v) {
		if !slices.Contains(commerce.EngineNames, e) {
			return fmt.Errorf("want some of %s; one is %q", strings.Join(commerce.EngineNames, ", "), e)
		}
		c.Engines = append(c.Engines, e)
	}
	if c.Engines == nil && c.Service != "" {
		c.Engines = EnginesOf(c.Service)
	}
	return nil
}

func setLog(c *Config, v string) error {
	for _, word := range list(v) {
		switch word {
		case "text", "json":
			c.LogJSON = word == "json"
		case "debug", "info", "warn", "error":
			_ = c.LogLevel.UnmarshalText([]byte(word)) // one of its four words
		default:
			return fmt.Errorf("want debug, info, warn or error, and text or json; it has %q", word)
		}
	}
	return nil
}
