package importer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// M05: numbers that no amount can be, among other faults.
func TestFaults(t *testing.T) {
	const variants = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value\n"
	for name, c := range map[string]struct {
		text string
		want []string // "row column value", or a part of it with the message
	}{
		"comma in price":     {"Handle,Title,Variant Price\na,A,\"12,50\"\n", []string{`row 2, Variant Price "12,50": write a price in USD from 0`}},
		"exponent":           {"Handle,Title,Variant Price\na,A,1e3\n", []string{`row 2, Variant Price "1e3": write a price`}},
		"negative price":     {"Handle,Title,Variant Price\na,A,-1\n", []string{`row 2, Variant Price "-1": write a price`}},
		"too many decimals":  {"Handle,Title,Variant Compare At Price\na,A,1.005\n", []string{`row 2, Variant Compare At Price "1.005": write a price`}},
		"huge price":         {"Handle,Title,Variant Price\na,A,1000000000\n", []string{`to 999999999.99`}},
		"20 digits":          {"Handle,Title,Variant Price\na,A,99999999999999999999\n", []string{`Variant Price`}},
		"boolean":            {"Handle,Title,Published\na,A,yes\n", []string{`row 2, Published "yes": write true or false`}},
		"integer":            {"Handle,Title,Variant Inventory Qty\na,A,1.5\n", []string{`row 2, Variant Inventory Qty "1.5": write a whole number`}},
		"huge integer":       {"Handle,Title,Variant Inventory Qty\na,A,1000000001\n", []string{`Variant Inventory Qty`}},
		"grams":              {"Handle,Title,Variant Grams\na,A,1kg\n", []string{`row 2, Variant Grams "1kg": write grams`}},
		"policy":             {"Handle,Title,Variant Inventory Policy\na,A,stop\n", []string{`Variant Inventory Policy "stop": write deny or continue`}},
		"status":             {"Handle,Title,Status\na,A,hidden\n", []string{`Status "hidden": write active, draft or archived`}},
		"weight unit":        {"Handle,Title,Variant Weight Unit\na,A,stone\n", []string{`Variant Weight Unit "stone": write g, kg, oz or lb`}},
		"fourth option":      {"Handle,Title,Option4 Name,Option4 Value\na,A,Fit,\n", []string{`Option4 "Fit": a product has at most 3 options`}},
		"same values":        {variants + "a,A,Size,S,,\na,,,M,,\na,,,S,,\n", []string{`row 4, Option1 Value "S": variant 1 in row 2 has the same`}},
		"missing value":      {variants + "a,A,Size,S,Color,Red\na,,,M,,\n", []string{`row 3, Option2 Value: every variant needs a value of the option "Color"`}},
		"value without name": {variants + "a,A,Size,S,,Red\n", []string{`row 2, Option2 Value "Red": the first row of the product names no option 2`}},
		"name twice":         {variants + "a,A,Size,S,Size,M\n", []string{`row 2, Option2 Name "Size": each option`}},
		"other name later":   {variants + "a,A,Size,S,,\na,,Color,M,,\n", []string{`row 3, Option1 Name "Color": row 2, the first of the product, says "Size"`}},
		"no options":         {"Handle,Title,Variant SKU\na,A,1\na,,2\n", []string{`row 3, Option1 Value: a second variant needs an option that tells it from the one in row 2`}},
		"no title":           {"Handle,Title\na,\n", []string{`row 2, Title: the first row of a product needs a title`}},
		"no handle":          {"Handle,Title\n,A\n", []string{`row 2, Handle: every row needs the handle`}},
		"handle left out":    {variants + "a,A,Size,S,,\n,,,M,,\n", []string{`row 3, Handle: every row needs the handle`}},
		"handle":             {"Handle,Title\nOcean Blue!,A\n", []string{`row 2, Handle "Ocean Blue!": a handle is at most 255 bytes of lower-case letters, digits, - and _, for example "ocean-blue"`}},
		"other title later":  {variants + "a,A,Size,S,,\na,B,,M,,\n", []string{`row 3, Title "B": row 2`}},
		"position twice":     {"Handle,Title,Image Src,Image Position\na,A,u1,1\na,,u2,1\n", []string{`row 3, Image Position "1": image 1 in row 2 has the same position`}},
		"position":           {"Handle,Title,Image Src,Image Position\na,A,u1,0\n", []string{`row 2, Image Position "0": write a whole number from 1`}},
		"alt without image":  {"Handle,Title,Image Src,Image Alt Text\na,A,,text\n", []string{`row 2, Image Alt Text "text"`}},
		"empty row":          {"Handle,Title\na,A\na,\n", []string{`row 3: the row holds neither a variant nor an image`}},
		"encoding":           {"Handle,Title,Vendor\na,A,caf\xe9\n", []string{`row 2, Vendor "caf` + "\uFFFD" + `": the text is not UTF-8`}},
		"too few cells":      {"Handle,Title,Vendor\na,A\n", []string{`row 2: the row has 2 cells, the header 3`}},
		"too many cells":     {"Handle,Title\na,A,\n", []string{`row 2: the row has 3 cells, the header 2`}},
		"cell without name":  {"Handle,Title,\na,A,x\n", []string{`row 2 "x": column 3 has no name`}},
		"quote":              {"Handle,Title\na,12\" ruler\n", []string{`row 2: a cell with a quote in it stands in quotes`}},
		"text after quote":   {"Handle,Title\na,\"x\"y\"\n", []string{`row 2: a cell with a quote`}},
		"handle comes back":  {"Handle,Title\na,A\nb,B\na,A\n", []string{`row 4, Handle "a": the rows of a product stand together: the one that begins in row 2`}},
		"lines":              {"Handle,Title,Body (HTML),Variant Price\na,A,\"x\ny\",1\nb,B,,x\n", []string{`row 3 (line 4), Variant Price "x"`}},
		"all at once":        {"Handle,Title,Variant Price,Published\nA B,,x,y\n", []string{`Published "y"`, `Variant Price "x"`, `Handle "A B"`, `Title`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults, err := collect(open(t, c.text))
			if err != nil || len(faults) != len(c.want) {
				t.Fatalf("faults = %v, error = %v; want %q", faults, err, c.want)
			}
			for i, want := range c.want {
				if got := faults[i].String(); !strings.Contains(got, want) {
					t.Errorf("fault = %s\nwant   %s", got, want)
				}
			}
		})
	}
}

func TestFaultsSkipProduct(t *testing.T) {
	const text = "Handle,Title,Option1 Name,Option1 Value,Variant Price\na,A,,,1\nb,B,Size,S,x\nb,,,M,y\nc,C,,,3\n"
	var got []string
	for rec, err := range open(t, text).Records() {
		if pe, ok := errors.AsType[*ProductError](err); ok {
			got = append(got, fmt.Sprintf("%s failed: row %d, %d rows, %d faults", pe.Handle, pe.Row, pe.Rows, len(pe.Faults)))
			continue
		}
		got = append(got, rec.Handle)
	}
	if want := "a|b failed: row 3, 2 rows, 2 faults|c"; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestZeroDecimalCurrency(t *testing.T) {
	const text = "Handle,Title,Variant Price\na,A,1980\nb,B,19.80\n"
	r, err := ReadShopify(strings.NewReader(text), ReadOptions{Currency: "JPY"})
	if err != nil {
		t.Fatal(err)
	}
	recs, faults, _ := collect(r)
	if len(recs) != 1 || recs[0].Variants[0].Price.Minor != 1980 || len(faults) != 1 || !strings.Contains(faults[0].Message, "like 1250") {
		t.Errorf("products %+v, faults %v; want 1980 yen and a fault for 19.80", recs, faults)
	}
}

func TestGrams(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "453.59237": 454, "113.3980925": 113, "200.0": 200, "0.5": 1} {
		if got, err := parseGrams(s); got != want || err != nil {
			t.Errorf("parseGrams(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-1", ".5", "5.", "1e3", "1000000001", "99999999999999999999"} {
		if n, err := parseGrams(s); err == nil {
			t.Errorf("parseGrams(%q) = %d, want an error", s, n)
		}
	}
}

func TestProductLimits(t *testing.T) {
	var variants, images, bytes strings.Builder
	variants.WriteString("Handle,Title,Option1 Name,Option1 Value\na,A,Size,0\n")
	for i := range MaxVariants {
		fmt.Fprintf(&variants, "a,,,%d\n", i+1)
	}
	images.WriteString("Handle,Title,Image Src\na,A,u\n")
	for i := range MaxImages {
		fmt.Fprintf(&images, "a,,u%d\n", i)
	}
	bytes.WriteString("Handle,Title,Option1 Name,Option1 Value,Variant Tax Code\na,A,Size,0,\n")
	for i := range 10 {
		fmt.Fprintf(&bytes, "a,,,%d,%s\n", i+1, strings.Repeat("x", MaxRow-100))
	}
	for text, want := range map[string]string{
		variants.String(): "at most 2000 variants", images.String(): "at most 250 images", bytes.String(): "at most 8388608 bytes",
	} {
		recs, faults, err := collect(open(t, text+"b,B"+strings.Repeat(",", strings.Count(text[:strings.Index(text, "\n")], ",")-1)+"\n"))
		if err != nil || len(faults) != 1 || !strings.Contains(faults[0].Message, want) || len(recs) != 1 {
			t.Errorf("%d products, faults %v, %v; want one fault %q and the product after it", len(recs), faults, err, want)
		}
	}
}

// TestProductStopsGrowing holds a product of many tiny rows to its limits.
func TestProductStopsGrowing(t *testing.T) {
	var text strings.Builder
	text.WriteString("Handle,Title,Option1 Name,Option1 Value,Image Src\na,A,Size,0,\n")
	for i := range 3 * MaxVariants {
		fmt.Fprintf(&text, "a,,,%d,\n", i+1)
	}
	text.WriteString("b,B,,,u\n" + strings.Repeat("b,,,,u\n", 3*MaxImages))
	for rec, err := range open(t, text.String()).Records() {
		if err == nil || len(rec.Variants) > MaxVariants || len(rec.Images) > MaxImages {
			t.Errorf("%s holds %d variants and %d images, error %v; want a fault and no more than the limits", rec.Handle, len(rec.Variants), len(rec.Images), err)
		}
	}
}

func TestJSONLinesFaults(t *testing.T) {
	for line, want := range map[string]string{
		`{"handle":"a","title":"A","variants":[{}],"color":1}`: `line 3, color: a product has no such member`,
		`{"handle":"a","title":"A","variants":[{"color":1}]}`:  `color: a product has no such member`,
		`{"handle":"a","title":5}`:                             `title "number": write text`,
		`{"handle":"a",`:                                       `not JSON`,
		`{"handle":"a","title":"A","variants":[{}]} {}`:        `one product and nothing else`,
		`{"handle":"a","title":"A"}`:                           `at least one variant`,
		`{"handle":"a","title":"A","options":["Size"],"variants":[{"options":["S"]},{"options":["S"]}]}`:                             `variants[1].options[0] "S"`,
		`{"handle":"a","title":"A","options":["Size"],"variants":[{}]}`:                                                              `variants[0].options[0]: every variant needs`,
		`{"handle":"a","title":"A","options":["a","b","c","d"],"variants":[{"options":["1","2","3","4"]}]}`:                          `options[3] "d": a product has at most 3`,
		`{"handle":"a","title":"A","variants":[{"options":["1"]}]}`:                                                                  `has 0 option names`,
		`{"handle":"a","title":"A","variants":[{"price":{"amount":-1,"currency":"USD"}}]}`:                                           `variants[0].price "-0.01"`,
		`{"handle":"a","title":"A","variants":[{"price":{"amount":1,"currency":"EUR"}}]}`:                                            `prices are in USD`,
		`{"handle":"a","title":"A","variants":[{"price":{"amount":1,"currency":"XXY"}}]}`:                                            `XXY`,
		`{"handle":"a","title":"A","variants":[{"price":{"amount":1.5,"currency":"USD"}}]}`:                                          `write a whole number`,
		`{"handle":"a","title":"A","variants":[{}],"images":[{"url":"u","position":1},{"url":"v","position":1}]}`:                    `images[1].position "1"`,
		`{"handle":"a","title":"A","variants":[{}],"images":[{"url":""}]}`:                                                           `images[0].url`,
		`{"handle":"a","title":"A","variants":[{}],"metadata":{"Title":"x"}}`:                                                        `metadata "Title"`,
		`{"handle":"a","title":"A","tags":["x,y"],"variants":[{}]}`:                                                                  `tags "x,y"`,
		`{"handle":"ok","title":"A","variants":[{}]}`:                                                                                `handle "ok": line 1 has this handle too`,
		"{\"handle\":\"a\",\"title\":\"\xff\"}":                                                                                      `not UTF-8`,
		`{"handle":"a","title":"A","variants":[{"price":{"amount":1,"currency":"USD"},"compare_at":{"amount":2,"currency":"EUR"}}]}`: `compare_at`,
	} {
		text := `{"handle":"ok","title":"OK","variants":[{"price":{"amount":5,"currency":"USD"}}]}` + "\n\n" + line + "\n" +
			`{"handle":"next","title":"Next","variants":[{}]}`
		r, err := ReadJSONLines(strings.NewReader(text), usd)
		if err != nil {
			t.Fatal(err)
		}
		recs, faults, err := collect(r)
		if err != nil || len(recs) != 2 || len(faults) != 1 || !strings.Contains("line "+strings.TrimPrefix(faults[0].String(), "row "), want) {
			t.Errorf("%s\n%d products, faults %v, %v; want %s", line, len(recs), faults, err, want)
		}
		if len(faults) > 0 && faults[0].Line != 3 {
			t.Errorf("%s: fault in line %d, want 3", line, faults[0].Line)
		}
	}
}

func TestJSONLinesDefaults(t *testing.T) {
	r, err := ReadJSONLines(strings.NewReader("\uFEFF"+`{"handle":"a","title":"A","variants":[{}]}`+"\r\n"), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rec := sound(t, r)[0]
	v := rec.Variants[0]
	if !rec.Published || rec.Status != StatusActive || !v.RequiresShipping || !v.Taxable || v.Policy != PolicyDeny || v.Price != nil || v.Quantity != nil {
		t.Errorf("product = %+v, want the defaults of empty cells", rec)
	}
}
