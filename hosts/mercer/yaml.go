package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// writeYAML writes v, by way of its JSON, as YAML in blocks. Strings are always
// quoted as JSON quotes them, so that nothing in them can be read as anything
// else; fields keep their order.
func writeYAML(out io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var b strings.Builder
	if err := yamlValue(&b, dec, 0, false); err != nil {
		return err
	}
	_, err = io.WriteString(out, strings.TrimPrefix(b.String(), "\n"))
	return err
}

// yamlValue writes the next value of dec. A value in a list begins on the line
// of its dash.
func yamlValue(b *strings.Builder, dec *json.Decoder, depth int, dashed bool) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	d, ok := t.(json.Delim)
	if !ok {
		return yamlScalar(b, t)
	}
	if !dec.More() {
		_, err := dec.Token()
		b.WriteString(map[json.Delim]string{'{': " {}\n", '[': " []\n"}[d])
		return err
	}
	if !dashed {
		b.WriteByte('\n')
	}
	for first := dashed; dec.More(); first = false {
		if first {
			b.WriteByte(' ')
		} else {
			b.WriteString(strings.Repeat("  ", depth))
		}
		if d == '[' {
			b.WriteByte('-')
		} else if err := yamlKey(b, dec); err != nil {
			return err
		}
		if err := yamlValue(b, dec, depth+1, d == '['); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func yamlScalar(b *strings.Builder, t json.Token) error {
	if s, ok := t.(string); ok {
		t = yamlString(s)
	}
	if t == nil {
		t = "null"
	}
	_, err := fmt.Fprintf(b, " %v\n", t)
	return err
}

var yamlWord = regexp.MustCompile(`^[a-z][a-z0-9_]+$`)

func yamlKey(b *strings.Builder, dec *json.Decoder) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	key := fmt.Sprint(t)
	switch key {
	case "yes", "no", "on", "off", "true", "false", "null":
		key = yamlString(key)
	default:
		if !yamlWord.MatchString(key) {
			key = yamlString(key)
		}
	}
	b.WriteString(key + ":")
	return nil
}

// yamlString quotes s. JSON's quotes are YAML's, but YAML also breaks lines at
// the characters that JSON leaves alone; encoding/json escapes U+2028 and
// U+2029, and U+0085 is escaped here.
func yamlString(s string) string {
	data, _ := json.Marshal(s) // strings always encode
	return strings.NewReplacer("\u0085", `\u0085`, "\u007f", `\u007f`).Replace(string(data))
}
