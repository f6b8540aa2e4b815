package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

var usd = ReadOptions{Currency: "USD"}

func open(t testing.TB, text string) *Reader {
	t.Helper()
	r, err := ReadShopify(strings.NewReader(text), usd)
	if err != nil {
		t.Fatalf("read header: %v", err)
	}
	return r
}

// collect returns the products and the faults of a file, and the error that
// ended it.
func collect(r *Reader) (recs []Record, faults []Fault, err error) {
	for rec, err := range r.Records() {
		if pe, ok := errors.AsType[*ProductError](err); ok {
			faults = append(faults, pe.Faults...)
			continue
		}
		if err != nil {
			return recs, faults, err
		}
		recs = append(recs, rec)
	}
	return recs, faults, nil
}

// sound returns the products of a file that must have no faults.
func sound(t testing.TB, r *Reader) []Record {
	t.Helper()
	recs, faults, err := collect(r)
	if err != nil || len(faults) > 0 {
		t.Fatalf("faults = %v, error = %v, want none", faults, err)
	}
	return recs
}

func each(recs []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, rec := range recs {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func export(t testing.TB, extra []string, recs []Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteShopify(&b, extra, each(recs)); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.String()
}

func exportJSON(t testing.TB, recs []Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSONLines(&b, each(recs)); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.String()
}

// withoutRows forgets where products stood in their file.
func withoutRows(recs []Record) []Record {
	var out []Record
	for _, rec := range recs {
		rec = rec.copied()
		rec.Row, rec.Line = 0, 0
		for i := range rec.Variants {
			rec.Variants[i].Row, rec.Variants[i].Line = 0, 0
		}
		for i := range rec.Images {
			rec.Images[i].Row, rec.Images[i].Line = 0, 0
		}
		out = append(out, rec)
	}
	return out
}

// checkRoundTrip writes recs in both formats and reads them back.
func checkRoundTrip(t testing.TB, extra []string, recs []Record) {
	t.Helper()
	first := export(t, extra, recs)
	again := open(t, first)
	back := sound(t, again)
	if got, want := withoutRows(back), withoutRows(recs); !reflect.DeepEqual(got, want) {
		t.Fatalf("after export and import\n got %+v\nwant %+v\nfile:\n%s", got, want, first)
	}
	if got := export(t, again.Extra(), back); got != first {
		t.Fatalf("second export differs\n got %q\nwant %q", got, first)
	}
	lines := exportJSON(t, recs)
	r, err := ReadJSONLines(strings.NewReader(lines), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	back = sound(t, r)
	if got, want := withoutRows(back), withoutRows(recs); !reflect.DeepEqual(got, want) {
		t.Fatalf("after JSON Lines\n got %+v\nwant %+v\nfile:\n%s", got, want, lines)
	}
	if got := exportJSON(t, back); got != lines {
		t.Fatalf("second JSON Lines differ\n got %q\nwant %q", got, lines)
	}
}

func TestSampleFiles(t *testing.T) {
	for _, c := range []struct {
		file           string
		products, vars int
		extra          int
	}{
		{"apparel.csv", 20, 22, 13},
		{"home-and-garden.csv", 20, 21, 14},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			r := open(t, string(data))
			recs := sound(t, r)
			variants := 0
			for _, rec := range recs {
				variants += len(rec.Variants)
			}
			if len(recs) != c.products || variants != c.vars || len(r.Extra()) != c.extra || len(r.Unknown()) != 0 {
				t.Errorf("%d products, %d variants, %d extra columns, unknown %q; want %d, %d, %d and none", len(recs), variants, len(r.Extra()), r.Unknown(), c.products, c.vars, c.extra)
			}
			checkRoundTrip(t, r.Extra(), recs)
		})
	}
}

func TestSampleProduct(t *testing.T) {
	data, err := os.ReadFile("testdata/apparel.csv")
	if err != nil {
		t.Fatal(err)
	}
	recs := sound(t, open(t, string(data)))
	got, top := recs[0], recs[1]
	if len(got.Options) != 0 || len(got.Variants) != 1 || len(got.Variants[0].Options) != 0 {
		t.Errorf("%s has options %q, want none", got.Handle, got.Options)
	}
	v := got.Variants[0]
	if v.Price == nil || *v.Price != money.New(5000, "USD") || v.CompareAt != nil || v.SKU != "" || v.Tracked() || *v.Quantity != 1 || v.Policy != PolicyDeny {
		t.Errorf("variant = %+v, want USD 50.00, no SKU, untracked, quantity 1, deny", v)
	}
	if got.Status != StatusActive || !got.Published || !reflect.DeepEqual(got.Tags, []string{"men"}) || len(got.Images) != 1 || got.Images[0].Position != 1 {
		t.Errorf("product = %+v", got)
	}
	if len(top.Variants) != 3 || top.Options[0] != "Size" || top.Variants[2].Options[0] != "Large" || top.Variants[2].Row != 5 || top.Row != 3 {
		t.Errorf("second product = %+v, want sizes in rows 3 to 5", top)
	}
}

func TestReadForms(t *testing.T) {
	const plain = "Handle,Title,Variant Price\na,A,1\nb,B,2\n"
	want := withoutRows(sound(t, open(t, plain)))
	for name, text := range map[string]string{
		"byte order mark":     "\uFEFF" + plain,
		"CRLF":                strings.ReplaceAll(plain, "\n", "\r\n"),
		"CR":                  strings.ReplaceAll(plain, "\n", "\r"),
		"no last line break":  strings.TrimSuffix(plain, "\n"),
		"other order":         "Variant Price,Title,Handle\n1,A,a\n2,B,b\n",
		"spaces in header":    " handle , TITLE,  Variant price\na,A,1\nb,B,2\n",
		"blank rows":          "Handle,Title,Variant Price\n\na,A,1\n,,\nb,B,2\n\n\n",
		"quoted":              "\"Handle\",\"Title\",\"Variant Price\"\n\"a\",\"A\",\"1\"\n\"b\",\"B\",\"2\"\n",
		"names of new files":  "Title,URL handle,Price\nA,a,1\nB,b,2\n",
		"column without name": "Handle,Title,Variant Price,,\na,A,1,,\nb,B,2,,\n",
		"default option":      "Handle,Title,Variant Price,Option1 Name,Option1 Value\na,A,1,Title,Default Title\nb,B,2,Title,Default Title\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := withoutRows(sound(t, open(t, text))); !reflect.DeepEqual(got, want) {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestRowsAndLines(t *testing.T) {
	r := open(t, "Handle,Title,Body (HTML),Variant Price\n\na,A,\"one\ntwo\r\nthree\",1\nb,B,,2\n")
	recs := sound(t, r)
	if recs[0].Row != 3 || recs[0].Line != 3 || recs[1].Row != 4 || recs[1].Line != 6 || r.Rows() != 2 {
		t.Errorf("a in row %d line %d, b in row %d line %d, %d rows; want 3 3, 4 6, 2", recs[0].Row, recs[0].Line, recs[1].Row, recs[1].Line, r.Rows())
	}
	if got, want := recs[0].BodyHTML, "one\ntwo\r\nthree"; got != want {
		t.Errorf("body = %q, want %q", got, want)
	}
}

func TestStatusAndPublished(t *testing.T) {
	for _, c := range []struct {
		published, status string
		want              Status
		on                bool
	}{
		{"", "", StatusActive, true}, {"TRUE", "", StatusActive, true}, {"false", "", StatusDraft, false},
		{"FALSE", "Active", StatusActive, false}, {"true", "archived", StatusArchived, true}, {"true", "draft", StatusDraft, true},
	} {
		rec := sound(t, open(t, "Handle,Title,Published,Status\na,A,"+c.published+","+c.status+"\n"))[0]
		if rec.Status != c.want || rec.Published != c.on {
			t.Errorf("published %q, status %q: %s %v, want %s %v", c.published, c.status, rec.Status, rec.Published, c.want, c.on)
		}
	}
}

func TestMetadata(t *testing.T) {
	const text = "Handle,Title,Option1 Name,Option1 Value,Image Src,Image Position,Cost per item,Color code,google shopping / gender,Product Category\n" +
		"a,A,Size,S,https://x.test/1.jpg,2,1.20,-12,unisex,Shirts\n" +
		"a,,,,https://x.test/2.jpg,1,,blue,,\n" +
		"a,,,M,,,1.30,=red,,\n"
	r := open(t, text)
	rec := sound(t, r)[0]
	if got, want := r.Unknown(), []string{"Color code"}; !reflect.DeepEqual(got, want) {
		t.Errorf("unknown columns = %q, want %q", got, want)
	}
	if want := map[string]string{"Color code": "-12", "Google Shopping / Gender": "unisex", "Product Category": "Shirts"}; !reflect.DeepEqual(rec.Metadata, want) {
		t.Errorf("of the product: %v, want %v", rec.Metadata, want)
	}
	if want := map[string]string{"Cost per item": "1.30", "Color code": "=red"}; !reflect.DeepEqual(rec.Variants[1].Metadata, want) {
		t.Errorf("of the second variant: %v, want %v", rec.Variants[1].Metadata, want)
	}
	if rec.Variants[0].Metadata["Cost per item"] != "1.20" || rec.Images[0].Metadata["Color code"] != "blue" || rec.Category() != "Shirts" {
		t.Errorf("product = %+v", rec)
	}
	if !r.Has("cost per item") || !r.Has("Title") || r.Has("Vendor") {
		t.Error("Has: want Cost per item and Title, not Vendor")
	}
	checkRoundTrip(t, r.Extra(), []Record{rec})
	if csv := export(t, r.Extra(), []Record{rec}); !strings.Contains(csv, ",-12\n") || !strings.Contains(csv, "'=red") {
		t.Errorf("a number stays a number, a formula does not:\n%s", csv)
	}
}

// TestFormulas is scenario J01.
func TestFormulas(t *testing.T) {
	for text, cell := range map[string]string{
		"=cmd()": "'=cmd()", "+1": "'+1", "-2+3": "'-2+3", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\r\nx": "'\r\nx",
		"＝x": "'＝x", "＋x": "'＋x", "－x": "'－x", "＠x": "'＠x",
		"'=x": "''=x", "''=x": "'''=x", "'": "'", "'x": "'x", "it's": "it's", "x=1": "x=1", "": "", "-5": "'-5",
	} {
		if got := neutral(text); got != cell {
			t.Errorf("neutral(%q) = %q, want %q", text, got, cell)
		}
		if got := literal(neutral(text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
	rec := sound(t, open(t, "Handle,Title,Variant Price,Variant Inventory Qty,Tags,=evil\na,\"=HYPERLINK(\"\"x\"\")\",9.50,-3,\"=a, +b\",@sum\n"))[0]
	csv := export(t, []string{"=evil"}, []Record{rec})
	for _, want := range []string{`"'=HYPERLINK(""x"")"`, ",-3,", ",9.50,", `"'=a, +b"`, ",'=evil\n", ",'@sum\n"} {
		if !strings.Contains(csv, want) {
			t.Errorf("export lacks %q:\n%s", want, csv)
		}
	}
	checkRoundTrip(t, []string{"=evil"}, []Record{rec})
}

// endless yields a header and then one line without end.
type endless struct {
	head string
	fill string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for n < len(p) {
		n += copy(p[n:], e.fill)
	}
	e.read += n
	if e.read > 100<<20 {
		return 0, io.EOF
	}
	return n, nil
}

// TestLongLine is the last part of scenario J02.
func TestLongLine(t *testing.T) {
	for name, c := range map[string]struct {
		src   *endless
		limit int
		row   int
		read  func(io.Reader, ReadOptions) (*Reader, error)
	}{
		"cell":   {&endless{head: "Handle,Title\na,A\nb,", fill: "x"}, MaxRow, 3, ReadShopify},
		"cells":  {&endless{head: "Handle,Title\na,A\nb", fill: ","}, MaxRow, 3, ReadShopify},
		"quotes": {&endless{head: "Handle,Title\na,A\nb,\"", fill: "x\n"}, MaxRow, 3, ReadShopify},
		"json":   {&endless{head: "{}\n{\"title\":\"", fill: "x"}, MaxLine, 2, ReadJSONLines},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := c.read(c.src, usd)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = collect(r)
			fe, ok := errors.AsType[*FileError](err)
			if !ok || !errors.Is(err, ErrTooLong) || fe.Fault.Row != c.row {
				t.Fatalf("error = %v, want ErrTooLong in row %d", err, c.row)
			}
			if c.src.read > c.limit+128<<10 {
				t.Errorf("%d bytes read, want at most a buffer more than %d", c.src.read, c.limit)
			}
		})
	}
	if _, err := ReadShopify(&endless{fill: "x"}, usd); !errors.Is(err, ErrTooLong) {
		t.Errorf("endless header: %v, want ErrTooLong", err)
	}
}

func TestHeaderFaults(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no handle": "Title,Variant Price\nA,1\n", "no title": "Handle\na\n", "twice": "Handle,Title,title\n",
		"both names": "Handle,URL handle,Title\n", "twice unknown": "Handle,Title,x,x\n", "encoding": "Handle,Title,\xff\n", "quote": "Handle,Ti\"tle\n",
	} {
		if _, err := ReadShopify(strings.NewReader(text), usd); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: error = %v, want ErrHeader", name, err)
		}
	}
	if _, err := ReadShopify(strings.NewReader("Handle,Title\n"), ReadOptions{}); !errors.Is(err, ErrCurrency) {
		t.Errorf("without currency: %v, want ErrCurrency", err)
	}
	r := open(t, "Handle,Title\na,A\nb,\"never closed\n")
	recs, _, err := collect(r)
	if !errors.Is(err, ErrQuote) || len(recs) != 0 || !strings.Contains(err.Error(), `product "a"`) {
		t.Errorf("open quote: %v after %d products; want ErrQuote that names the product before it", err, len(recs))
	}
}

func TestHeaderOrder(t *testing.T) {
	got := export(t, []string{"zebra", "Apple", "cost per item", "zebra", "Gold"}, nil)
	if !strings.HasPrefix(got, "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,") ||
		!strings.HasSuffix(got, ",Variant Image,Variant Weight Unit,Variant Tax Code,Cost per item,Status,Apple,Gold,zebra\n") {
		t.Errorf("header = %s\nwant Shopify's columns, then Apple, Gold, zebra", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	price := func(c money.Currency) *money.Amount { return new(money.New(100, c)) }
	good := Record{Handle: "a", Title: "A", Variants: []Variant{{Price: price("USD")}}}
	for name, c := range map[string]struct {
		extra []string
		recs  []Record
		want  error
	}{
		"second currency": {nil, []Record{good, {Handle: "b", Title: "B", Variants: []Variant{{Price: price("EUR")}}}}, ErrCurrency},
		"field as column": {[]string{"Price"}, nil, ErrHeader},
		"too long":        {nil, []Record{{Handle: "a", Title: "A", BodyHTML: strings.Repeat("x", MaxRow), Variants: good.Variants}}, ErrTooLong},
	} {
		if err := WriteShopify(io.Discard, c.extra, each(c.recs)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	good.Metadata = map[string]string{"Mystery": "x"}
	if err := WriteShopify(io.Discard, nil, each([]Record{good})); err == nil || !strings.Contains(err.Error(), "Mystery") {
		t.Errorf("a column that was not announced: %v, want an error that names it", err)
	}
	good.Tags = []string{"a,b"}
	if _, ok := errors.AsType[*ProductError](WriteJSONLines(io.Discard, each([]Record{good}))); !ok {
		t.Error("a tag with a comma is written, want a *ProductError")
	}
	broken := func(yield func(Record, error) bool) { yield(Record{}, io.ErrUnexpectedEOF) }
	if err := WriteShopify(io.Discard, nil, broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("source fails: %v, want its error", err)
	}
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]Format{
		"Handle,Title\n": FormatShopify, "\uFEFF\"Title\", URL handle \n": FormatShopify, " \n{\"handle\":": FormatJSONLines,
	} {
		if got, err := Detect([]byte(text)); got != want || err != nil {
			t.Errorf("Detect(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"PK\x03\x04xl/": "XLSX", "\xD0\xCF\x11\xE0": "XLS", "\x1f\x8b": "gzip", "": "empty", "[{}]": "array", "<xml>": "XML",
		"\xff\xfeH\x00": "UTF-16", "Handle;Title\n": "semicolons", "Handle\tTitle": "tabs", "sku,price\n": `"Handle"`, "ab\x00": "binary",
	} {
		_, err := Detect([]byte(text))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "Shopify product CSV") {
			t.Errorf("Detect(%q): %v, want ErrFormat that says %s and what can be read", text, err, says)
		}
	}
	for text, want := range map[string]Format{"Handle,Title\na,A\n": FormatShopify, `{"handle":"a","title":"A","variants":[{}]}`: FormatJSONLines} {
		r, err := Read(strings.NewReader(text), usd)
		if err != nil || r.Format() != want || len(sound(t, r)) != 1 {
			t.Errorf("Read(%q): %v, want one product in %s", text, err, want)
		}
	}
	if _, err := Read(strings.NewReader("PK\x03\x04"), usd); !errors.Is(err, ErrFormat) {
		t.Errorf("Read of a workbook: %v, want ErrFormat", err)
	}
}

func TestReport(t *testing.T) {
	var r Report
	data, err := json.Marshal(r)
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("empty report = %s, %v; want no null", data, err)
	}
	r = Report{Created: 3, Updated: 1, Failed: 1, Rows: 12, Products: 5, Variants: 9, UnknownColumns: []string{"Mystery"}}
	r.AddFaults(Fault{Handle: "mug", Row: 7, Line: 9, Column: "Variant Price", Value: "12,50\x1b[31m", Message: "write a price"})
	r.AddChanges(Change{Handle: "mug", What: "price", From: "9.99", To: "12.50"})
	r.AddMissing("old-mug")
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	const want = `Rows         12
             PRODUCTS  VARIANTS
In the file  5         9
Created      3         0
Updated      1         0
Unchanged    0         0
Failed       1         0
Removed      0         0

Columns kept as metadata
  Mystery

Faults
  ROW  LINE  PRODUCT  COLUMN         VALUE            WHAT IS WANTED
  7    9     mug      Variant Price  "12,50\x1b[31m"  write a price

Changes
  PRODUCT  VARIANT  WHAT   FROM  TO
  mug      -        price  9.99  12.50

In the shop, not in the file
  old-mug
`
	if got := text.String(); got != want {
		t.Errorf("text =\n%s\nwant\n%s", got, want)
	}
	for range MaxReported {
		r.AddMissing("x")
	}
	if len(r.Missing) != MaxReported || r.MissingLeftOut != 1 {
		t.Errorf("%d missing listed, %d left out; want %d and 1", len(r.Missing), r.MissingLeftOut, MaxReported)
	}
	var table bytes.Buffer
	r.AddFaults(Fault{Value: "=x"})
	if err := r.WriteCSV(&table); err != nil || !strings.Contains(table.String(), ",'=x,") {
		t.Errorf("table = %s, %v; want the formula neutralized", table.String(), err)
	}
}

func TestChangesStayApart(t *testing.T) {
	var r Report
	long := "https://images.example.com/" + strings.Repeat("a", 60)
	r.AddChanges(Change{From: long + "/1.jpg", To: long + "/2.jpg"}, Change{From: long, To: ""})
	if c := r.Changes[0]; c.From != "…aaaaaaa/1.jpg" || c.To != "…aaaaaaa/2.jpg" {
		t.Errorf("%q and %q, want what differs", c.From, c.To)
	}
	if c := r.Changes[1]; !strings.HasPrefix(c.From, "https://") || c.To != "" {
		t.Errorf("%q and %q, want the beginning", c.From, c.To)
	}
}

func TestGenerate(t *testing.T) {
	var a, b, other bytes.Buffer
	for w, seed := range map[*bytes.Buffer]uint64{&a: 1, &b: 1, &other: 2} {
		if err := Generate(w, 2000, seed); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() != b.String() || a.String() == other.String() {
		t.Error("want the same bytes for the same seed, others for another")
	}
	r := open(t, a.String())
	recs := sound(t, r)
	if r.Rows() < 2000 || r.Rows() > 2011 {
		t.Errorf("%d rows, want 2000 and the rest of one product", r.Rows())
	}
	checkRoundTrip(t, r.Extra(), recs)
}
