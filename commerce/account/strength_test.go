package account

import (
	"errors"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

func TestJudge(t *testing.T) {
	e := New(nil, Ports{}, &Options{Name: "Corner Shop"})
	for reason, all := range map[string][]string{
		"common": {"password", "Password1", "P@ssw0rd2024!", "letmein!!", "ILoveYou2", "Football99", "welcome123", "monkeymonkey", "Summer2024!",
			"trustno1", "1234qwer!", "sunshine", "Dragon123", "changeme"},
		"sequence":   {"12345678", "123456789", "qwerty123", "abcdefgh", "87654321", "qwertyuiop", "1q2w3e4r", "asdfghjkl", "abc12345", "1qaz2wsx", "zxcvbnm123", "qazwsxedc"},
		"repetition": {"aaaaaaaa", "11111111", "abababab", "112211221122", "........"},
		"address":    {"anna.bell", "xx Anna.Bell xx", "ANNA.BELL2024"},
		"shop":       {"corner shop", "CornerShop1", "cornershop2024!"},
		"":           {"correct horse 9", "x7#kQ!p2", "日本語のパスワード", "grün ist die Heide", "password of the year", "83920174", "annabell", "tr0ub4dor&3", "a1b2c3d4e5!x"},
	} {
		for _, p := range all {
			err := e.judge(p, "Anna.Bell@example.com")
			got := ""
			if err != nil {
				got = strings.TrimSuffix(strings.TrimPrefix(string(fault.Public(err).Meta), `{"reason":"`), `"}`)
			}
			if got != reason || (err != nil) != errors.Is(err, ErrWeakPassword) {
				t.Errorf("%q: %q (%v), want %q", p, got, err, reason)
			}
		}
	}
	if err := e.judge("ab 4711 xy", "ab@example.com"); err != nil {
		t.Errorf("two letters of an address: %v", err)
	}
	if err := New(nil, Ports{}, &Options{Name: "24/7"}).judge("83920174", "a@b.example"); err != nil {
		t.Errorf("a shop without letters: %v", err)
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "abcd": "abc", "äöüß": "äöü", "\xff\xff": "?"} {
		if got := cut(in, 3); got != want {
			t.Errorf("%q = %q, want %q", in, got, want)
		}
	}
}
