package payment

import (
	"strings"
	"testing"
)

func TestNewCode(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]int{}
	const codes = 2000
	for range codes {
		code := newCode()
		normal := normalCode(code)
		if groups := strings.Split(code, "-"); len(groups) != 4 || len(normal) != codeLength || !wellFormed(normal) || seen[normal] {
			t.Fatalf("code %q", code)
		}
		seen[normal] = true
		for _, r := range normal {
			letters[r]++
		}
	}
	if strings.ContainsAny(codeLetters, "01ILOU") || len(letters) != len(codeLetters) {
		t.Errorf("letters %v of %s", letters, codeLetters)
	}
	mean := codes * codeLength / len(codeLetters)
	for r, n := range letters {
		if n < mean*8/10 || n > mean*12/10 {
			t.Errorf("%c is there %d times, want about %d", r, n, mean)
		}
	}
}

func TestNormalCode(t *testing.T) {
	for code, want := range map[string]string{
		"7K2M9FQWHB3C4D5E":       "7K2M9FQWHB3C4D5E",
		"7k2m-9fqw-hb3c-4d5e":    "7K2M9FQWHB3C4D5E",
		" 7K2M 9FQW\tHB3C\n4D5E": "7K2M9FQWHB3C4D5E",
		"７Ｋ２ｍ－９ｆｑｗ　ＨＢ３Ｃ４Ｄ５Ｅ":                 "7K2M9FQWHB3C4D5E",
		"7K2M–9FQW—HB3C‐4D5E":                "7K2M9FQWHB3C4D5E", // dashes of word processors
		"7K2M\u00a09FQW\u200bHB3C\ufeff4D5E": "7K2M9FQWHB3C4D5E",
		"7K2M−9FQW":                          "7K2M9FQW", // a minus
		"geschenk_1":                         "GESCHENK_1",
		"ǆ":                                  "ǆ", // other letters are left alone, and are no code
		"":                                   "",
	} {
		if got := normalCode(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
	for code, want := range map[string]bool{
		"ABCDEFG": false, "ABCDEFGH": true, strings.Repeat("9", 64): true, strings.Repeat("9", 65): false,
		"ABCDEFG_": false, "ABCDEFGÄ": false, "abcdefgh": false, "": false,
	} {
		if got := wellFormed(code); got != want {
			t.Errorf("%q is well formed: %v, want %v", code, got, want)
		}
	}
}
