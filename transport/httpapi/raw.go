package httpapi

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxHeaders bounds the headers that an operation is handed, in bytes.
const maxHeaders = 16 << 10

// rawLimit returns how many bytes f, which is InRaw, takes: its maxLength counts
// the base64 that they are in JSON. It is 0 when it has none.
func rawLimit(f Field) int64 {
	n, err := strconv.Atoi(f.Tag.Get("maxLength"))
	if err != nil {
		return 0
	}
	return int64(base64.StdEncoding.DecodedLen(n))
}

// kept are the headers that no operation is handed: those about the connection,
// and the secrets of who calls.
var kept = []string{"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
	"authorization", "cookie", "cart-token", "order-token"}

// passed returns the headers that an operation is handed, by names in lower
// case. Values that are no text are left out.
func passed(h http.Header) (map[string][]string, error) {
	out, size := map[string][]string{}, 0
	for name, values := range h {
		name = strings.ToLower(name)
		if slices.Contains(kept, name) || hop(h, name) {
			continue
		}
		for _, v := range values {
			if size += len(name) + len(v); size > maxHeaders {
				return nil, ErrHeaderTooLarge
			}
			if utf8.ValidString(v) {
				out[name] = append(out[name], v)
			}
		}
	}
	return out, nil
}

// hop reports whether Connection names a header as one of the connection.
func hop(h http.Header, name string) bool {
	return slices.ContainsFunc(h.Values("Connection"), func(list string) bool {
		return slices.ContainsFunc(strings.Split(list, ","), func(one string) bool { return strings.EqualFold(strings.TrimSpace(one), name) })
	})
}
