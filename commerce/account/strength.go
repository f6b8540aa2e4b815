package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Passwords have 8 to 128 characters, counted as code points. They may be of
// anything; what is refused is what people try first.
const (
	fewest  = 4 // distinct characters
	telling = 4 // characters that the local part of an address needs to be looked for
)

// judge returns ErrWeakPassword for a password that is easy to guess, for the
// account of an address.
//
// A list of leaked passwords is not embedded. The commonest ones are few words
// with digits, signs and look-alike letters put in: the words are listed, the
// rest is taken off before comparing, so that "P@ssw0rd2024!" is "password".
func (e *Engine) judge(password, email string) error {
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(ident.NormalEmail(email), "@")
	shop := bare(strings.ToLower(e.opts.Name))
	reason := ""
	switch {
	case utf8.RuneCountInString(local) >= telling && strings.Contains(lower, local):
		reason = "address"
	case shop != "" && bare(lower) == shop:
		reason = "shop"
	case distinct(lower) < fewest:
		reason = "repetition"
	case sequence(lower):
		reason = "sequence"
	case common(lower):
		reason = "common"
	default:
		return nil
	}
	return ErrWeakPassword.With(map[string]string{"reason": reason}).At("/password")
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// rows are what fingers run along.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "09876543210", "zyxwvutsrqponmlkjihgfedcba",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qazwsxedcrfvtgbyhnujmik", "zaq1xsw2cde3vfr4bgt5", "!@#$%^&*()"}

// sequence reports whether s is nothing but runs along rows, each of three
// characters or more, or such a run again and again.
func sequence(s string) bool {
	for s != "" {
		n := 0
		for _, row := range rows {
			n = max(n, along(s, row))
		}
		if n < 3 {
			return false
		}
		s = s[n:]
	}
	return true
}

// along returns how many bytes of s, from its beginning, stand in row in order.
func along(s, row string) int {
	n := 0
	for n < len(s) && strings.Contains(row, s[:n+1]) {
		n++
	}
	return n
}

var lookalike = strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t")

// bare returns s, in lower case, without what is commonly put around a word and
// with look-alikes as the letters that they stand for.
func bare(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '@' && r != '$' })
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, lookalike.Replace(s))
}

// common reports whether s, in lower case, is a word of the list with nothing
// but digits and signs added, or such a word twice.
func common(s string) bool {
	b := bare(s)
	half := b[:len(b)/2]
	return words[b] || half+half == b && words[half]
}

var words = setOf(`
aaron abcdef access account admin administrator adidas afternoon alexander alexandra alexis amanda america american andrea andrew angel angela anthony
apple arsenal asdf asdfgh asdfghjkl ashley august austin autumn babygirl badboy bailey banana barcelona barney baseball basketball batman beautiful
benjamin bigdaddy bitcoin blessed bonjour boomer boston brandon brittany brooklyn buster butterfly caroline changeme charles charlie charlotte cheese
chelsea cherry chester chicago chicken chocolate christian christina christopher classic coffee compaq computer cookie corvette courtney cowboys
crystal customer dallas daniel danielle database december default demo diamond dolphin dragon eagles elephant elizabeth emmanuel england eminem
estrella everton facebook fender ferrari flower football forever fortnite france freedom friday friends fuckyou galaxy gateway george ginger
google gordon grandma guest guitar hammer hannah happy harley heather hello helloworld hockey hotdog hunter iceman iloveyou independent internet
jackson january jasmine jasper jennifer jessica jesus jonathan jordan joseph joshua justin killer kristina ladybug lakers lastname letmein
liverpool london loveme lovely lover lucky maggie magic manager manchester marina marlboro martin master matrix matthew maverick mercedes merlin
metallica michael michelle mickey midnight minecraft monday money monkey monster morgan mother motorola mustang naruto nascar natasha newyork
nicholas nicole nintendo november october oliver orange outlaw pakistan pass passwd password passwort patricia patrick peanut pepper phoenix
playstation please pokemon police porsche princess private purple qazwsx qwer qwert qwerty qwertyuiop qwertz rainbow ranger raiders realmadrid rebecca red
robert rockstar root russia samantha samsung sandra saturday school scooter scorpion secret security september service shadow shannon shop silver
simpson skywalker slipknot smokey snoopy soccer sophie spiderman spring starwars steelers stephanie summer sunday sunflower sunshine super superman
superstar support suzuki sweety system taylor tennis test tester testing thomas thunder tiger tigger tinkerbell tottenham trustno tuesday
undertaker user valentina vanessa vegeta veronica victoria warrior wednesday welcome william willow windows winner winter wizard xbox yamaha
yankees yellow zaqwsx zxcvbn zxcvbnm
abc contrasena motdepasse parola senha sifre wachtwoord haslo hallo hola amore schatz
`)

func setOf(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		out[w] = true
	}
	return out
}
