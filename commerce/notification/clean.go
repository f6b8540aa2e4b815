package notification

import (
	"net/url"
	"strings"
	"unicode"
)

// maxWords bounds what somebody has written, in characters of a mail.
const maxWords = 100

// clean makes one line of text of what somebody has written: no control
// characters, none that are invisible or turn the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.Join(strings.Fields(s), " "))
	return string(runes[:min(len(runes), maxWords)])
}

// zeroWidthJoiner is a format character that people's names and emoji need.
const zeroWidthJoiner = '\u200d'

// greetable returns a name to greet somebody by, or "" for what is rather an
// advertisement: anybody can register anybody's address under any name, and
// programs make links of what looks like one.
func greetable(name string) string {
	name = clean(name)
	if strings.ContainsAny(name, "/@\\") || linked(name) {
		return ""
	}
	return name
}

// linked reports whether some word has a dot inside, as host names do.
func linked(s string) bool {
	const dots = ".。．｡" // all of them end a label of a host name
	for w := range strings.FieldsSeq(s) {
		if strings.ContainsAny(strings.Trim(w, dots), dots) {
			return true
		}
	}
	return false
}

// webLink returns link if it is an address of the web, or "".
func webLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}
