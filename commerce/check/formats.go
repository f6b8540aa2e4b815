package check

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"time"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

var formats = map[string]struct {
	fits func(s string) bool
	say  string
}{
	"email":         {isEmail, "must be one e-mail address"},
	"uri":           {isURI, "must be an absolute URI"},
	"uri-reference": {isReference, "must be a URI reference"},
	"hostname":      {isHostname, "must be a host name"},
	"ip":            {isIP, "must be an IP address"},
	"ipv4":          {isIPv4, "must be an IPv4 address"},
	"ipv6":          {isIPv6, "must be an IPv6 address"},
	"date":          {isTime(time.DateOnly), "must be a date like 2006-01-02"},
	"time":          {isTime(time.TimeOnly, "15:04:05Z07:00"), "must be a time like 15:04:05"},
	"date-time":     {isTime(time.RFC3339), "must be a time like 2006-01-02T15:04:05Z"},
}

func format(text string) (rule, error) {
	if text == "password" {
		return nil, nil
	}
	f, ok := formats[text]
	if !ok {
		return nil, fmt.Errorf("%q is not known", text)
	}
	meta := encode(map[string]string{"format": text})
	return func(v reflect.Value) *fault.Item {
		if f.fits(v.String()) {
			return nil
		}
		return &fault.Item{Code: BadFormat, Message: f.say, Meta: meta}
	}, nil
}

// documents takes a format that only names the width of a number.
func documents(string) (rule, error) { return nil, nil }

// only takes the one format that the type has by itself.
func only(name string) maker {
	return func(text string) (rule, error) {
		if text != name {
			return nil, fmt.Errorf("%q is not %s", text, name)
		}
		return nil, nil
	}
}

// isEmail refuses "Ann <ann@example.com>": a name goes in a field of its own.
func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

func isReference(s string) bool {
	_, err := url.Parse(s)
	return err == nil
}

var hostname = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)

func isHostname(s string) bool { return len(s) < 256 && hostname.MatchString(s) }

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}

func isIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && !a.Is4In6()
}

func isTime(layouts ...string) func(string) bool {
	return func(s string) bool {
		for _, layout := range layouts {
			if _, err := time.Parse(layout, s); err == nil {
				return true
			}
		}
		return false
	}
}
