package ident_test

import (
	"testing"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

func TestNormalEmail(t *testing.T) {
	for in, want := range map[string]string{"Ann@Example.COM": "ann@example.com", "ÄNN@example.com": "Änn@example.com", "\u212aelvin@example.com": "\u212aelvin@example.com", "": ""} {
		if got := ident.NormalEmail(in); got != want {
			t.Errorf("%q = %q, want %q", in, got, want)
		}
	}
}
