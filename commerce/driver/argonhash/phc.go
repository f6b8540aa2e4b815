package argonhash

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is how much work a hash is.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// What a stored hash may cost at most, so that no damaged row takes the process
// down.
const (
	maxMemory = 1 << 20 // KiB
	maxTime   = 64
)

// phc is a hash with all that is needed to make it again.
type phc struct {
	cost
	salt, key []byte
}

// String returns p as it is stored.
func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads, b64(p.salt), b64(p.key))
}

// The text of a hash is no business of logs: it is not in the error.
var errHash = errors.New("argonhash: this is no Argon2id hash")

// parse reads what String writes, and nothing else.
func parse(text string) (p phc, err error) {
	parts := strings.Split(text, "$")
	if len(text) > 500 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return phc{}, errHash
	}
	b64 := base64.RawStdEncoding.Strict()
	var errSalt, errKey error
	p.salt, errSalt = b64.DecodeString(parts[4])
	p.key, errKey = b64.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || !p.sane() || p.String() != text {
		return phc{}, errHash
	}
	return p, nil
}

func (p phc) sane() bool {
	return p.threads > 0 && p.memory >= 8*uint32(p.threads) && p.memory <= maxMemory && p.time > 0 && p.time <= maxTime &&
		len(p.salt) >= 8 && len(p.salt) <= 64 && len(p.key) >= 16 && len(p.key) <= 64
}
