package catalog

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxQueryWords = 8
	maxShort      = 3  // of them, those of one or two code points: many entries have them and few are meant
	maxClose      = 16 // words that one misspelled word may stand for
	minMisspelled = 4  // code points of a word that may be misspelled
	maxMisspelled = 24
)

// asked is one thing of a query: a word, or several that hyphens join.
type asked struct {
	words  []string
	joined string // "" for a single word
}

// askedFor returns what a query asks for, each word once, no more than
// maxQueryWords of them and maxShort short ones.
func askedFor(q string) (out []asked) {
	seen, n, short := map[string]bool{}, 0, 0
	for field := range strings.FieldsSeq(q) {
		var a asked
		all := words(field)
		for _, w := range all {
			isShort := utf8.RuneCountInString(w) < 3
			if !seen[w] && n < maxQueryWords && !(isShort && short >= maxShort) {
				a.words = append(a.words, w)
				n++
				if isShort {
					short++
				}
			}
			seen[w] = true
		}
		if joined := words(unhyphened(field)); len(all) > 1 && len(joined) == 1 {
			a.joined = joined[0]
		}
		if len(a.words) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// unhyphened returns s with the parts of its words drawn together: "tshirt" for
// "t-shirt".
func unhyphened(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-\u2010\u2011'\u2019", r) {
			return -1
		}
		return r
	}, s)
}

// Reductions returns word and what is left of it without one of its letters,
// each once; nil for words that are not misspelled but wrong: short ones, very
// long ones, and those with digits. Of a single letter it is the letter. Two
// words that are one mistake apart have a reduction in common.
func Reductions(word string) []string {
	n := utf8.RuneCountInString(word)
	if n == 1 {
		return []string{word}
	}
	if n < minMisspelled-1 || n > maxMisspelled || strings.ContainsFunc(word, unicode.IsNumber) {
		return nil
	}
	out := []string{word}
	for i, r := range word {
		if less := word[:i] + word[i+utf8.RuneLen(r):]; !slices.Contains(out, less) {
			out = append(out, less)
		}
	}
	return out
}

// isClose reports whether a and b are one mistake apart: a letter more, less or
// another one, or two that changed places.
func isClose(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return len(x) <= 1 && len(y) <= 1 || len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}

// terms returns what stores look for when q is asked for, nil for what cannot
// be found. A word stands for those that it begins; if there is none, for those
// that it is one mistake away from. A single letter beside other words stands
// for itself, and for nothing where no entry has it: as a beginning it would
// say little and cost much.
func (e *Engine) terms(ctx context.Context, market, q string) ([]Term, error) {
	v := vocabulary{asks: askedFor(q)}
	for _, a := range v.asks {
		v.count += len(a.words)
	}
	prefixes, reduced := v.questions()
	begun, near, err := e.store.Words(ctx, market, prefixes, reduced)
	if err != nil {
		return nil, err
	}
	slices.Sort(near)
	v.begun, v.near = begun, near
	return narrowest(v.terms()), nil
}

// vocabulary is what a market knows of the words of a query.
type vocabulary struct {
	asks  []asked
	count int // words in asks
	begun map[string]int
	near  []string // sorted
}

// alone reports whether w is too short to begin other words.
func (v *vocabulary) alone(w string) bool {
	return v.count > 1 && utf8.RuneCountInString(w) == 1
}

// questions returns what to ask a store for.
func (v *vocabulary) questions() (prefixes, reduced []string) {
	for _, a := range v.asks {
		if a.joined != "" {
			prefixes = append(prefixes, a.joined)
		}
		for _, w := range a.words {
			if !v.alone(w) {
				prefixes = append(prefixes, w)
			}
			if v.alone(w) || utf8.RuneCountInString(w) >= minMisspelled {
				reduced = append(reduced, Reductions(w)...)
			}
		}
	}
	return prefixes, firsts(reduced)
}

func (v *vocabulary) terms() (out []Term) {
	for _, a := range v.asks {
		if v.begun[a.joined] > 0 {
			out = append(out, v.beginning(a.joined))
			continue
		}
		for _, w := range a.words {
			t := v.term(w)
			switch {
			case t.Prefix != "" || len(t.Words) > 0:
				out = append(out, t)
			case !v.alone(w):
				return nil
			}
		}
	}
	return out
}

func (v *vocabulary) beginning(w string) Term {
	return Term{Prefix: w, Many: v.begun[w] >= ManyWords}
}

// indistinct reports whether what terms find cannot be told apart by how many of
// them stand in its title: there are none, or all are in so many entries that to
// look at each takes too long.
func indistinct(terms []Term) bool {
	if slices.ContainsFunc(terms, func(t Term) bool { return !t.Many }) {
		return false
	}
	return len(terms) != 1 && len(terms) != 2 || utf8.RuneCountInString(terms[0].Prefix) == 1 // a letter alone
}

// narrowest returns terms without those that others imply: what begins with
// "shirt" begins with "sh".
func narrowest(terms []Term) (out []Term) {
	for i, t := range terms {
		implied := slices.ContainsFunc(terms[i+1:], func(o Term) bool { return t.Prefix != "" && strings.HasPrefix(o.Prefix, t.Prefix) }) ||
			slices.ContainsFunc(out, func(o Term) bool { return t.Prefix != "" && strings.HasPrefix(o.Prefix, t.Prefix) })
		if !implied {
			out = append(out, t)
		}
	}
	return out
}

// term returns what w stands for, nothing if there is nothing.
func (v *vocabulary) term(w string) (t Term) {
	switch {
	case v.alone(w):
		if _, ok := slices.BinarySearch(v.near, w); ok {
			t.Words, t.Many = []string{w}, true // a size, a number: nobody has counted
		}
	case v.begun[w] > 0:
		t = v.beginning(w)
	case utf8.RuneCountInString(w) >= minMisspelled:
		for _, have := range v.near {
			if isClose(w, have) && len(t.Words) < maxClose {
				t.Words = append(t.Words, have)
			}
		}
	}
	return t
}
