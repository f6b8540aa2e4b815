package jwtauth

import (
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Why a token is refused. None of them repeats what it says.
var (
	errForm   = errors.New("jwtauth: this is no token")
	errHeader = errors.New("jwtauth: the header of a token is not as we write them")
	errKey    = errors.New("jwtauth: no such key")
)

// errClaim is the name of a claim that is missing or wrong.
type errClaim string

func (e errClaim) Error() string { return "jwtauth: claim " + string(e) }

var parser = jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())

// parse reads a token of at most limit bytes into claims, whose times and names
// are the caller's to check. find returns the key that belongs to a key id.
func parse(token string, limit int, typ string, find func(kid string) (key, error), into jwt.Claims) error {
	if len(token) > limit || strings.Count(token, ".") != 2 {
		return errForm
	}
	var looked error
	_, err := parser.ParseWithClaims(token, into, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if t.Header["typ"] != typ || len(t.Header) > 3 || len(t.Header) == 3 && kid == "" {
			return nil, errHeader
		}
		var k key
		if k, looked = find(kid); looked != nil {
			return nil, looked
		}
		if t.Method != k.method {
			return nil, errHeader
		}
		return k.verifies, nil
	})
	if looked != nil {
		return looked
	}
	return err
}
