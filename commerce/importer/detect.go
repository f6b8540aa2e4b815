package importer

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

// Format is a format of catalog files.
type Format string

// The formats.
const (
	FormatShopify   Format = "shopify_csv"
	FormatJSONLines Format = "json_lines"
)

// DetectSize is how much of the beginning of a file Detect wants, in bytes.
const DetectSize = 16 << 10

var foreign = []struct{ magic, name string }{
	{"PK\x03\x04", "an XLSX workbook or ZIP archive; save the sheet as CSV UTF-8, or unpack it first"},
	{"PK\x05\x06", "an empty ZIP archive"},
	{"\xD0\xCF\x11\xE0", "an XLS workbook; save the sheet as CSV UTF-8"},
	{"\x1F\x8B", "a gzip file; unpack it first"},
	{"%PDF", "a PDF"},
	{"\xFF\xFE", "text in UTF-16; save it as UTF-8"},
	{"\xFE\xFF", "text in UTF-16; save it as UTF-8"},
	{"SQLite format 3\x00", "an SQLite database"},
	{"\x89PNG", "a PNG image"},
	{"\xFF\xD8\xFF", "a JPEG image"},
}

// Detect returns the format of the file that begins with head, by content. It
// returns ErrFormat with a text that says what the file seems to be and what is
// supported.
func Detect(head []byte) (Format, error) {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return "", notSupported(f.name)
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case len(text) == 0:
		return "", notSupported("empty")
	case text[0] == '{':
		return FormatJSONLines, nil
	case text[0] == '[':
		return "", notSupported("a JSON array; write one product on each line, without brackets and commas around them")
	case text[0] == '<':
		return "", notSupported("XML or HTML")
	case bytes.IndexByte(text, 0) >= 0:
		return "", notSupported("binary")
	}
	return detectCSV(text)
}

// detectCSV looks for the handle column in the first row.
func detectCSV(text []byte) (Format, error) {
	rows := &rowReader{r: bufio.NewReader(bytes.NewReader(text))}
	header, err := rows.read()
	if err != nil {
		return "", notSupported("no table")
	}
	for _, cell := range header.cells {
		if col, ok := typedColumns[strings.ToLower(headerName(cell))]; ok && col == colHandle {
			return FormatShopify, nil
		}
	}
	for _, other := range []struct{ sep, name string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}} {
		for name := range strings.SplitSeq(header.cells[0], other.sep) {
			if strings.EqualFold(strings.Trim(name, "\" "), "handle") {
				return "", notSupported("a table with " + other.name + " between its cells; save it with commas")
			}
		}
	}
	return "", notSupported(`a text whose first row has no column "Handle"`)
}

func notSupported(is string) error {
	return ErrFormat.Saying(fmt.Sprintf("the file is %s: a Shopify product CSV in UTF-8, or JSON Lines with one product on each line, can be read", is))
}
