package payment

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"unicode"
)

// codeLetters are those of a code that the shop makes: none looks like another.
const codeLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// Bounds of a code in its normal form. One that the shop makes has codeLength
// letters, 78 random bits.
const (
	codeLeast  = 8
	codeMost   = 64
	codeLength = 16
)

// newCode returns a code to show: "7K2M-9FQW-…".
func newCode() string {
	var b strings.Builder
	for n := 0; n < codeLength; {
		var random [codeLength]byte
		_, _ = rand.Read(random[:]) // never fails
		for _, r := range random {
			// What is above the last whole round would favor the first letters.
			if whole := 256 / len(codeLetters) * len(codeLetters); int(r) >= whole || n == codeLength {
				continue
			}
			if n > 0 && n%4 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(codeLetters[int(r)%len(codeLetters)])
			n++
		}
	}
	return b.String()
}

// normalCode returns the one form in which codes are compared: upper case, without
// spaces and dashes, full-width letters as the narrow ones.
func normalCode(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // the full-width forms of ASCII
			r -= '！' - '!'
		}
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' || unicode.Is(unicode.Cf, r):
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		default:
			return r
		}
	}, code)
}

// wellFormed reports whether a code in its normal form can be one.
func wellFormed(code string) bool {
	return len(code) >= codeLeast && len(code) <= codeMost &&
		!strings.ContainsFunc(code, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

func hashCode(code string) []byte {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}
