package importer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// rowReader cuts CSV into rows. Unlike encoding/csv it counts blank rows as a
// spreadsheet does, keeps carriage returns inside cells, goes on after a bad
// quote and never holds more than MaxRow.
type rowReader struct {
	r    *bufio.Reader
	row  int // number of the row last read, from 1
	line int // where it begins
	next int // line that is read next, less one
	used int // bytes of the row so far

	text   []byte // cells of the row, one after the other
	ends   []int  // where each of them ends in text
	cells  []string
	opened int    // line in which the open quote stands
	bad    string // what is wrong with the quotes of the row
}

func newRowReader(r io.Reader) *rowReader {
	buffered := bufio.NewReaderSize(r, 64<<10)
	skipBOM(buffered)
	return &rowReader{r: buffered}
}

// skipBOM leaves out the byte order mark that some programs begin files with.
func skipBOM(r *bufio.Reader) {
	if head, err := r.Peek(3); err == nil && bytes.Equal(head, []byte("\xEF\xBB\xBF")) {
		_, _ = r.Discard(3) // peeked, so it is there
	}
}

// csvRow is one row of a file. Its cells are as the file has them; the slice,
// not the strings in it, is the reader's own and changes with the next row.
type csvRow struct {
	row, line int
	cells     []string
	size      int
	bad       string // what is wrong with its quotes
}

func (r csvRow) blank() bool {
	for _, cell := range r.cells {
		if cell != "" {
			return false
		}
	}
	return r.bad == ""
}

// read returns the next row, io.EOF after the last, or a *FileError.
func (s *rowReader) read() (csvRow, error) {
	s.text, s.ends, s.used, s.bad = s.text[:0], s.ends[:0], 0, ""
	s.row, s.line = s.row+1, s.next+1
	if err := s.scan(); err != nil {
		return csvRow{}, err
	}
	s.cells = s.cells[:0]
	text, from := string(s.text), 0
	for _, end := range s.ends {
		s.cells, from = append(s.cells, text[from:end]), end
	}
	return csvRow{row: s.row, line: s.line, cells: s.cells, size: s.used, bad: s.bad}, nil
}

// byte returns the next byte of the row; '\n' stands for every end of a line
// outside quotes.
func (s *rowReader) byte(quoted bool) (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	if s.used++; s.used > MaxRow {
		return 0, s.tooLong()
	}
	if b == '\r' && !quoted {
		if peek, err := s.r.Peek(1); err == nil && peek[0] == '\n' {
			_, _ = s.r.Discard(1) // peeked, so it is there
		}
		b = '\n'
	}
	if b == '\n' {
		s.next++
	}
	return b, nil
}

func (s *rowReader) tooLong() error {
	message := fmt.Sprintf("a row is at most %d bytes long", MaxRow)
	if s.opened > 0 {
		message += fmt.Sprintf("; is a quote missing at the end of the cell that begins in line %d?", s.opened)
	}
	return &FileError{Fault{Row: s.row, Line: s.line, Message: message}, ErrTooLong}
}

// scan reads one row into text and ends.
func (s *rowReader) scan() error {
	s.opened = 0
	for fresh := true; ; {
		b, err := s.byte(false)
		switch {
		case err == io.EOF && s.used == 0: //nolint:errorlint // asked for each byte; byte returns it bare
			return io.EOF
		case err == io.EOF || err == nil && b == '\n': //nolint:errorlint // the same
			s.ends = append(s.ends, len(s.text))
			return nil
		case err != nil:
			return err
		}
		switch {
		case b == ',':
			s.ends = append(s.ends, len(s.text))
			fresh = true
			continue
		case b == '"' && fresh:
			if err := s.quoted(); err != nil {
				return err
			}
		case b == '"':
			s.bad = `a cell with a quote in it stands in quotes, and the quote inside is doubled: "12"" ruler"`
			s.text = append(s.text, b)
		default:
			s.text = append(s.text, b)
		}
		fresh = false
	}
}

// quoted reads the rest of a cell that has begun with a quote, up to the quote
// that ends it.
func (s *rowReader) quoted() error {
	s.opened = s.next + 1
	for {
		b, err := s.byte(true)
		if err == io.EOF { //nolint:errorlint // the same
			return &FileError{Fault{Row: s.row, Line: s.line, Message: fmt.Sprintf("the quoted cell that begins in line %d never ends", s.opened)}, ErrQuote}
		}
		if err != nil {
			return err
		}
		if b == '"' {
			peek, err := s.r.Peek(1)
			if err != nil || peek[0] != '"' {
				s.opened = 0
				return nil
			}
			if _, err := s.byte(true); err != nil {
				return err
			}
		}
		s.text = append(s.text, b)
	}
}
