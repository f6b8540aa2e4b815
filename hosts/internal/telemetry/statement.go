package telemetry

import "strings"

// maxQuery is how much of a statement is shown, in bytes.
const maxQuery = 1000

// summary names a statement by its verb and its first table: "SELECT cart".
func summary(query string) string {
	words := strings.Fields(query[:min(len(query), maxQuery)])
	if len(words) == 0 {
		return "statement"
	}
	verb := strings.ToUpper(words[0])
	for i, w := range words[:len(words)-1] {
		switch strings.ToUpper(w) {
		case "FROM", "INTO", "UPDATE":
			if table := identifier(words[i+1]); table != "" {
				return verb + " " + table
			}
		}
	}
	return identifier(verb)
}

// identifier returns the name that w begins with, "" when it is none.
func identifier(w string) string {
	w = strings.TrimLeft(w, "`\"(")
	for i := range len(w) {
		if !nameByte(w[i]) {
			return w[:i]
		}
	}
	return w
}

func nameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// scrub returns a statement with ? in place of its values: the drivers write
// them into the text. Where a string may end is not the same in all databases
// once there is a backslash in it, so that such a statement is only named.
func scrub(query string) string {
	if strings.ContainsRune(query, '\\') {
		return summary(query)
	}
	var b strings.Builder
	for i := 0; i < len(query) && b.Len() < maxQuery; {
		c := query[i]
		switch {
		case c == '\'':
			i = pastString(query, i)
			b.WriteByte('?')
		case c >= '0' && c <= '9':
			i = pastName(query, i, ".")
			b.WriteByte('?')
		case nameByte(c):
			start := i
			if i = pastName(query, i, ""); i < len(query) && query[i] == '\'' {
				continue // X'00': the string says it
			}
			b.WriteString(query[start:i])
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// pastString returns the end of the string that begins at i; two quotes are one
// in it. A string without an end goes to the end.
func pastString(query string, i int) int {
	for i++; i < len(query); i++ {
		if query[i] != '\'' {
			continue
		}
		if i+1 == len(query) || query[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return len(query)
}

// pastName returns the end of the name or number that begins at i; more are
// bytes that may be in it too.
func pastName(query string, i int, more string) int {
	for i < len(query) && (nameByte(query[i]) || strings.IndexByte(more, query[i]) >= 0) {
		i++
	}
	return i
}
