package jwtauth_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/account"
	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
)

var morning = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

var secret = []byte("0123456789abcdef0123456789abcdef")

const issuer = "https://shop.example"

// at is a clock that stands.
func at(now time.Time) *jwtauth.Options {
	return &jwtauth.Options{Now: func() time.Time { return now }}
}

func customer() account.Claims {
	return account.Claims{Subject: "cus_1", Audience: account.AudienceCustomer, Session: "ses_1", Email: "ä@b.example", Issued: morning, Expires: morning.Add(15 * time.Minute)}
}

func bySecret(t *testing.T) jwtauth.Keys {
	t.Helper()
	keys, err := jwtauth.Secret(secret)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func byDir(t *testing.T) jwtauth.Keys {
	t.Helper()
	dir := t.TempDir()
	if _, err := jwtauth.NewKey(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := jwtauth.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func issue(t *testing.T, tokens *jwtauth.Tokens, c account.Claims) string {
	t.Helper()
	token, err := tokens.Issue(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	staff := account.Claims{Subject: "stf_1", Audience: account.AudienceStaff, Session: "ses_2", Scopes: []string{"orders:*", "stock:read"}, Issued: morning, Expires: morning.Add(time.Minute)}
	for name, keys := range map[string]jwtauth.Keys{"secret": bySecret(t), "directory": byDir(t)} {
		tokens := jwtauth.New(issuer, keys, at(morning))
		for _, want := range []account.Claims{customer(), staff} {
			got, err := tokens.Verify(t.Context(), issue(t, tokens, want))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n%+v, %v, want\n%+v", name, got, err, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	keys := bySecret(t)
	token := issue(t, jwtauth.New(issuer, keys, at(morning)), customer())
	for after, want := range map[time.Duration]error{
		0: nil, -5 * time.Second: nil, -6 * time.Second: fault.ErrUnauthenticated,
		15*time.Minute - time.Microsecond: nil, 15 * time.Minute: fault.ErrUnauthenticated,
	} {
		_, err := jwtauth.New(issuer, keys, at(morning.Add(after))).Verify(t.Context(), token)
		if !errors.Is(err, want) {
			t.Errorf("%v after it was made: %v, want %v", after, err, want)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	tokens := jwtauth.New(issuer, bySecret(t), at(morning))
	for name, change := range map[string]func(*account.Claims){
		"nobody":         func(c *account.Claims) { c.Subject = "" },
		"no audience":    func(c *account.Claims) { c.Audience = "" },
		"other audience": func(c *account.Claims) { c.Audience = "admin" },
		"too long":       func(c *account.Claims) { c.Expires = morning.Add(15*time.Minute + time.Second) },
		"over before":    func(c *account.Claims) { c.Expires = morning },
		"no end":         func(c *account.Claims) { c.Expires = time.Time{} },
		"too much":       func(c *account.Claims) { c.Scopes = []string{strings.Repeat("x", 4096)} },
	} {
		c := customer()
		change(&c)
		if token, err := tokens.Issue(t.Context(), c); err == nil {
			t.Errorf("%s: issued %s", name, token)
		}
	}
}

func TestSecretLength(t *testing.T) {
	if _, err := jwtauth.Secret(secret[:31]); err == nil {
		t.Error("31 bytes are enough")
	}
	if _, err := jwtauth.NewActors(secret[:31], nil); err == nil {
		t.Error("31 bytes are enough for actors")
	}
	if got := jwtauth.New(issuer, bySecret(t), nil).Keys(); got.Keys == nil || len(got.Keys) != 0 {
		t.Errorf("a secret is published: %v", got)
	}
}

type object = map[string]any

// forge writes a token with any header and claims.
func forge(t *testing.T, header, claims object, sign func(text []byte) []byte) string {
	t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

func with(o object, changes object) object {
	o = maps.Clone(o)
	maps.Copy(o, changes)
	maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil })
	return o
}

func hs256(key []byte) func([]byte) []byte {
	return func(text []byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(text)
		return mac.Sum(nil)
	}
}

// TestForged is scenario A01: it changes one thing of a token that is good, and
// signs it again with the right key where that is the point.
func TestForged(t *testing.T) {
	keys, private, jwk := oneKey(t)
	tokens := jwtauth.New(issuer, keys, at(morning))
	ed := func(text []byte) []byte { return ed25519.Sign(private, text) }
	pub, _ := base64.RawURLEncoding.DecodeString(jwk.X)
	header := object{"alg": "EdDSA", "typ": "at+jwt", "kid": jwk.Kid}
	iat := morning.Unix()
	claims := object{"iss": issuer, "sub": "cus_1", "aud": "customer", "iat": iat, "nbf": iat, "exp": iat + 900}
	for name, c := range map[string]struct {
		header, claims object
		sign           func([]byte) []byte
	}{
		"alg none":              {object{"alg": "none"}, nil, func([]byte) []byte { return nil }},
		"alg NONE":              {object{"alg": "NONE"}, nil, func([]byte) []byte { return nil }},
		"alg none, kid kept":    {object{"alg": "none"}, nil, ed},
		"no alg":                {object{"alg": nil}, nil, ed},
		"alg number":            {object{"alg": 1}, nil, ed},
		"HS256, public key":     {object{"alg": "HS256"}, nil, hs256(pub)},
		"HS256, public key X":   {object{"alg": "HS256"}, nil, hs256([]byte(jwk.X))},
		"HS256, nothing":        {object{"alg": "HS256"}, nil, hs256(nil)},
		"RS256":                 {object{"alg": "RS256"}, nil, ed},
		"unsigned":              {nil, nil, func([]byte) []byte { return nil }},
		"another's":             {nil, nil, func(text []byte) []byte { return ed25519.Sign(ed25519.NewKeyFromSeed(secret), text) }},
		"kid path":              {object{"kid": "../../x"}, nil, ed},
		"kid SQL":               {object{"kid": "' OR 1=1 --"}, nil, ed},
		"kid URL":               {object{"kid": "https://evil.example/jwks.json"}, nil, ed},
		"kid number":            {object{"kid": 1}, nil, ed},
		"kid list":              {object{"kid": []string{jwk.Kid}}, nil, ed},
		"no kid":                {object{"kid": nil}, nil, ed},
		"jku":                   {object{"jku": "https://evil.example"}, nil, ed},
		"jku in place of kid":   {object{"jku": "https://evil.example", "kid": nil}, nil, ed},
		"x5u":                   {object{"x5u": "https://evil.example"}, nil, ed},
		"x5c":                   {object{"x5c": []string{"AA=="}}, nil, ed},
		"jwk":                   {object{"jwk": jwk}, nil, ed},
		"crit":                  {object{"crit": []string{"exp"}}, nil, ed},
		"b64":                   {object{"b64": false}, nil, ed},
		"typ JWT":               {object{"typ": "JWT"}, nil, ed},
		"typ of calls":          {object{"typ": "mercer-actor+jwt"}, nil, ed},
		"typ object":            {object{"typ": object{}}, nil, ed},
		"no typ":                {object{"typ": nil}, nil, ed},
		"other issuer":          {nil, object{"iss": "https://other.example"}, ed},
		"no issuer":             {nil, object{"iss": nil}, ed},
		"other audience":        {nil, object{"aud": "admin"}, ed},
		"both audiences":        {nil, object{"aud": []string{"customer", "staff"}}, ed},
		"no audience":           {nil, object{"aud": nil}, ed},
		"nobody":                {nil, object{"sub": nil}, ed},
		"expired":               {nil, object{"iat": iat - 900, "exp": iat}, ed},
		"no exp":                {nil, object{"exp": nil}, ed},
		"exp text":              {nil, object{"exp": "never"}, ed},
		"exp far":               {nil, object{"exp": iat + 901}, ed},
		"exp beyond numbers":    {nil, object{"exp": 1e300}, ed},
		"no iat":                {nil, object{"iat": nil}, ed},
		"iat to come":           {nil, object{"iat": iat + 6}, ed},
		"nbf to come":           {nil, object{"nbf": iat + 6}, ed},
		"claims are text":       {nil, object{"email": 7}, ed},
		"scopes are an address": {nil, object{"scopes": "*"}, ed},
	} {
		token := forge(t, with(header, c.header), with(claims, c.claims), c.sign)
		if got, err := tokens.Verify(t.Context(), token); !errors.Is(err, fault.ErrUnauthenticated) || !reflect.ValueOf(got).IsZero() {
			t.Errorf("%s: %+v, %v; want unauthenticated", name, got, err)
		}
	}
	for name, c := range map[string]object{"the pattern": {}, "no nbf": {"nbf": nil}, "unknown claim": {"x": object{"y": 1}}, "audience in a list": {"aud": []string{"staff"}}} {
		if _, err := tokens.Verify(t.Context(), forge(t, header, with(claims, c), ed)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSecretForged: a shop with a secret takes HS256 alone, without a key id.
func TestSecretForged(t *testing.T) {
	tokens := jwtauth.New(issuer, bySecret(t), at(morning))
	iat := morning.Unix()
	claims := object{"iss": issuer, "sub": "cus_1", "aud": "customer", "iat": iat, "exp": iat + 900}
	hs384 := hmac.New(sha512.New384, secret)
	sign := func(text []byte) []byte {
		hs384.Write(text)
		return hs384.Sum(nil)
	}
	_, err := tokens.Verify(t.Context(), forge(t, object{"typ": "at+jwt", "alg": "HS384"}, claims, sign))
	wantErr(t, err, fault.ErrUnauthenticated)
	for name, header := range map[string]object{
		"kid": {"alg": "HS256", "kid": "../../x"}, "empty kid": {"alg": "HS256", "kid": ""}, "EdDSA": {"alg": "EdDSA"},
	} {
		_, err := tokens.Verify(t.Context(), forge(t, with(object{"typ": "at+jwt"}, header), claims, hs256(secret)))
		if !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("%s: %v, want unauthenticated", name, err)
		}
	}
	if _, err := tokens.Verify(t.Context(), forge(t, object{"typ": "at+jwt", "alg": "HS256"}, claims, hs256(secret))); err != nil {
		t.Error(err)
	}
}

// TestHuge is scenario A02: nothing a stranger sends costs memory.
func TestHuge(t *testing.T) {
	keys, private, jwk := oneKey(t)
	tokens := jwtauth.New(issuer, keys, at(morning))
	nested := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	b64 := base64.RawURLEncoding.EncodeToString
	head := b64([]byte(`{"alg":"EdDSA","typ":"at+jwt","kid":"` + jwk.Kid + `"}`))
	signed := func(claims string) string {
		text := head + "." + b64([]byte(claims))
		return text + "." + b64(ed25519.Sign(private, []byte(text)))
	}
	deep := strings.Repeat("[", 1400)
	for name, token := range map[string]string{
		"empty": "", "dots": strings.Repeat(".", 1<<20), "4 kB of dots": strings.Repeat(".", 4096), "two dots": "..", "one part": head, "four parts": signed("{}") + ".",
		"nested claims": signed(nested), "nested, small": signed(`{"x":` + deep), "nested header": b64([]byte(deep)) + ".e30.", "1 MB of claims": signed(`{"sub":"` + strings.Repeat("x", 1<<20) + `"}`),
		"no base64": "é.é.é", "padded": head + "=.e30.AA", "null": b64([]byte("null")) + "." + b64([]byte("null")) + ".", "null claims": signed("null"), "list": signed("[]"), "text": signed(`"x"`),
	} {
		_, err := tokens.Verify(t.Context(), token)
		if !errors.Is(err, fault.ErrUnauthenticated) {
			t.Errorf("%s: %v, want unauthenticated", name, err)
		}
		const runs = 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			_, _ = tokens.Verify(t.Context(), token)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / runs; each > 128<<10 {
			t.Errorf("%s: %d kB for one token", name, each>>10)
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = tokens.Verify(t.Context(), strings.Repeat(".", 1<<20)) }); n > 10 {
		t.Errorf("1 MB of dots: %v allocations", n)
	}
}

func TestErrorsAreSilent(t *testing.T) {
	tokens := jwtauth.New(issuer, bySecret(t), at(morning))
	_, err := tokens.Verify(t.Context(), issue(t, tokens, customer())+"x")
	if public := fault.Public(err); public.Error() != fault.ErrUnauthenticated.Error() || len(public.Meta) > 0 {
		t.Errorf("a stranger reads %v", public)
	}
}
