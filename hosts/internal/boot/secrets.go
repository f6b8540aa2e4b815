package boot

import (
	"bytes"
	"errors"
	"net/url"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
)

// developmentOnly is how secrets begin that everybody can read in
// docker-compose.yml.
const developmentOnly = "development-only"

// published returns the secrets of c that are no secrets: those for development,
// and passwords that are the name of their user.
func (c Config) published() (f Faults) {
	for _, s := range []struct {
		name  string
		value []byte
	}{{"MERCER_SECRET", c.Secret}, {"JWT_SECRET", c.JWTSecret}} {
		if bytes.HasPrefix(s.value, []byte(developmentOnly)) {
			f = append(f, Fault{s.name, "production refuses the secret of development: set 32 or more random bytes (openssl rand -hex 32)"})
		}
	}
	if _, file := c.sqlite(); !file && named(loginOf(c.DB)) {
		f = append(f, Fault{"MERCER_DB", "production refuses a password that is the name of its user"})
	}
	for _, one := range list(c.NATS) {
		if u, err := url.Parse(one); err == nil && u.User != nil {
			if password, _ := u.User.Password(); named(u.User.Username(), password) {
				return append(f, Fault{"MERCER_NATS", "production refuses a password that is the name of its user"})
			}
		}
	}
	return f
}

func named(user, password string) bool { return user != "" && user == password }

// loginOf returns who logs in to a database.
func loginOf(db string) (user, password string) {
	if _, rest, ok := strings.Cut(db, "://"); ok {
		db = rest
	}
	at := strings.LastIndexByte(db, '@')
	if at < 0 {
		return "", ""
	}
	user, password, _ = strings.Cut(db[:at], ":")
	return user, password
}

// keyless returns the fault of a production that would make its own key of
// access tokens.
func (c Config) keyless() (f Faults) {
	if c.Env != Production || c.JWTSecret != nil {
		return nil
	}
	if _, err := jwtauth.Dir(c.JWTKeys); errors.Is(err, jwtauth.ErrNoKey) {
		f = append(f, Fault{"JWT_SECRET", "is missing, and there is no key in MERCER_JWT_KEYS (" + c.JWTKeys + "): production makes none by itself"})
	}
	return f
}
