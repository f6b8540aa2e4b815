package ident

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewID returns "prefix_" and 26 characters, a ULID: 48 bits of milliseconds,
// 80 random bits. Ids of one prefix sort by the time of their making, to the
// millisecond; they are not secrets.
func NewID(prefix string) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(time.Now().UnixMilli()))
	copy(b[:6], ms[2:])
	return prefix + "_" + encode(b)
}

// DeriveID returns the id that belongs to name, the same each time, in the form
// of NewID without its order.
func DeriveID(prefix, name string) string {
	sum := sha256.Sum256([]byte(name))
	return prefix + "_" + encode([16]byte(sum[:16]))
}

// encode writes 128 bits as 26 base-32 digits.
func encode(b [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// Nameless returns a key of what is done for names that are nobody's business:
// it tells them apart and does not say them.
func Nameless(what string, names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return what + ":" + hex.EncodeToString(sum[:])
}

// SecretFor returns the secret for one use that comes from a secret of many:
// what is made with it fits no other use.
func SecretFor(secret []byte, use string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(use))
	return mac.Sum(nil)
}

// Token returns the secret that opens the thing with this id, 256 bits as 43
// characters. It is derived, never stored; another epoch makes another token
// and so revokes this one.
func Token(secret []byte, id string, epoch int) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + strconv.Itoa(epoch)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// TokenFits reports whether token is the one of id, in constant time. An empty
// token fits nothing.
func TokenFits(token string, secret []byte, id string, epoch int) bool {
	return token != "" && hmac.Equal([]byte(token), []byte(Token(secret, id, epoch)))
}
