package ident

import "strings"

// NormalEmail returns the form in which addresses are compared: with the letters
// A to Z in lower case. Case counts in the part before the @ by the letter of
// RFC 5321, but nobody gives two mailboxes that differ in it. Other letters stay:
// under a rule for all of Unicode two mailboxes would become one. Mails go to
// the address as it is stored, never to one that only compares equal.
func NormalEmail(address string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, address)
}
