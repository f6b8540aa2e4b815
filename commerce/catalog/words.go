package catalog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

const (
	maxWord     = 64  // code points of a word that is kept; longer ones are cut
	maxWords    = 500 // words of one entry
	maxTitleKey = 150 // code points
)

// words returns the words of s folded and cut, in order, with doubles. A word is
// a run of letters, digits and the marks on them.
func words(s string) []string {
	ws := strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
	for i := range ws {
		ws[i] = cut(ws[i], maxWord)
	}
	return ws
}

// entryWords returns the words of a title and of other text, each once, with
// those that hyphens join also as one: who looks for a "tshirt" means a T-shirt.
func entryWords(title, text string) []Word {
	ofTitle := slices.Concat(words(title), words(unhyphened(title)))
	inTitle, seen := set(ofTitle), map[string]bool{}
	var out []Word
	for _, w := range slices.Concat(ofTitle, words(text), words(unhyphened(text))) {
		if !seen[w] && len(out) < maxWords {
			out = append(out, Word{Text: w, Title: inTitle[w]})
		}
		seen[w] = true
	}
	slices.SortFunc(out, func(a, b Word) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// titleKey returns what a list by title is sorted by. It fits in a cursor.
func titleKey(title string) string {
	return strings.TrimRight(cut(strings.Join(words(title), " "), maxTitleKey), " ")
}

// cut returns the first n code points of s.
func cut(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}
