package jwtauth_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/jwtauth"
	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/commerce/ident"
)

func decode(t *testing.T, part string) []byte {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func actors(t *testing.T, secret []byte, now time.Time) *jwtauth.Actors {
	t.Helper()
	a, err := jwtauth.NewActors(secret, at(now))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sign(t *testing.T, a *jwtauth.Actors, who ident.Actor, op string) string {
	t.Helper()
	token, err := a.Sign(t.Context(), who, op)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestActors(t *testing.T) {
	a := actors(t, secret, morning)
	guest := ident.Actor{Kind: ident.Guest, CartToken: strings.Repeat("c", 43), OrderToken: "o"}
	for _, want := range []ident.Actor{
		guest, {Kind: ident.System}, {Kind: ident.Staff, ID: "stf_1", Scopes: []string{"*"}}, {Kind: ident.Customer, ID: "cus_1", Email: "ä@b.example"},
		{Kind: ident.Service, ID: "checkout", For: &guest},
	} {
		got, err := a.Verify(t.Context(), sign(t, a, want, "cart.get"), "cart.get")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
}

func TestActorsRefuse(t *testing.T) {
	a := actors(t, secret, morning)
	staff := ident.Actor{Kind: ident.Staff, Scopes: []string{"*"}}
	good := sign(t, a, staff, "order.cancel")
	iat := morning.Unix()
	header := object{"alg": "HS256", "typ": "mercer-actor+jwt"}
	claims := object{"aud": "order.cancel", "iat": iat, "exp": iat + 60, "actor": staff}
	access := jwtauth.New("", bySecret(t), at(morning))
	for name, token := range map[string]string{
		"another shop":       sign(t, actors(t, []byte(strings.Repeat("x", 32)), morning), staff, "order.cancel"),
		"another operation":  sign(t, a, staff, "order.get"),
		"made a minute ago":  sign(t, actors(t, secret, morning.Add(-time.Minute)), staff, "order.cancel"),
		"made in the future": sign(t, actors(t, secret, morning.Add(6*time.Second)), staff, "order.cancel"),
		"the secret itself":  forge(t, header, claims, hs256(secret)),
		"alg none":           forge(t, with(header, object{"alg": "none"}), claims, func([]byte) []byte { return nil }),
		"access token":       issue(t, access, customer()),
		"changed":            good[:len(good)-2],
		"none":               "",
	} {
		got, err := a.Verify(t.Context(), token, "order.cancel")
		if !errors.Is(err, fault.ErrUnauthenticated) || !reflect.ValueOf(got).IsZero() {
			t.Errorf("%s: %+v, %v; want unauthenticated", name, got, err)
		}
	}
	if _, err := actors(t, secret, morning.Add(59*time.Second)).Verify(t.Context(), good, "order.cancel"); err != nil {
		t.Error(err)
	}
	if _, err := access.Verify(t.Context(), good); !errors.Is(err, fault.ErrUnauthenticated) {
		t.Errorf("a call's token opens the shop: %v", err)
	}
	if token, err := a.Sign(t.Context(), ident.Actor{Kind: ident.Staff, ID: strings.Repeat("x", 8192)}, "x"); err == nil {
		t.Errorf("a token of %d bytes", len(token))
	}
	if _, err := a.Verify(t.Context(), sign(t, a, ident.Actor{}, "x"), "x"); !errors.Is(err, fault.ErrUnauthenticated) {
		t.Errorf("an actor of no kind: %v", err)
	}
}
