package notification

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	text "text/template"
)

//go:embed templates
var embedded embed.FS

// fallback is the locale that has every kind.
const fallback = "en"

// Templates are the texts of mails in all locales.
type Templates struct {
	texts map[string]texts // by locale/kind
}

type texts struct {
	text *text.Template // the first line is the subject
	html *html.Template
}

// View is what templates are given. What comes from people is cleaned: one
// line, no control characters, none that turn the direction of writing.
type View struct {
	Shop   string
	Home   string // address of the storefront, "" when it is not known
	Locale string // of the template that was found
	Name   string // of the recipient, "" when it is not known or looks like an advertisement

	Code    string
	Link    string // with the code in its fragment; "" without a storefront
	Expires string // "2026-11-22 08:00 UTC", "" for never
	Email   string // the new address, masked

	Number   string // of the order
	Total    string // "EUR 24.99"
	Reason   string // of a cancelation: expired, customer, staff, payment_failed, fraud
	Tracking []Tracking
}

// Tracking says where a parcel can be followed.
type Tracking struct {
	Carrier string `json:"carrier"`
	Number  string `json:"number"`
	URL     string `json:"url"` // http or https, or ""
}

// sample is a View that reaches into every corner of a template.
var sample = View{Shop: "Shop", Home: "https://shop.example", Locale: "en", Name: "Ann", Code: "123456", Link: "https://shop.example/verify#code=123456",
	Expires: "2026-11-22 08:00 UTC", Email: "a…@example.com", Number: "1001", Total: "EUR 24.99", Reason: "customer",
	Tracking: []Tracking{{"Post", "123", "https://post.example/123"}, {"Post", "124", ""}}}

// ParseTemplates returns the texts that come with this package, those of custom
// in place of files with the same name, and the locales that custom adds:
// "<locale>/<kind>.txt", whose first line is the subject, "<locale>/<kind>.html",
// "<locale>/footer.html", and "layout.html", which is around all of those. It
// returns an error for a file that cannot be parsed or executed, and for a text
// without its HTML. nil is no custom files.
func ParseTemplates(custom fs.FS) (*Templates, error) {
	own, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	files := layers{own}
	if custom != nil {
		files = layers{custom, own}
	}
	layout, err := fs.ReadFile(files, "layout.html")
	if err != nil {
		return nil, err
	}
	t := &Templates{texts: map[string]texts{}}
	for _, name := range files.texts() {
		one, err := parse(files, name, string(layout))
		if err == nil {
			_, _, _, err = one.execute(sample)
		}
		if err != nil {
			return nil, fmt.Errorf("notification: template %s: %w", name, err)
		}
		t.texts[name] = one
	}
	return t, nil
}

// ownTemplates are those of this package.
var ownTemplates = sync.OnceValue(func() *Templates {
	t, err := ParseTemplates(nil)
	if err != nil {
		panic(err) // they are part of the program
	}
	return t
})

// layers are file systems, each in front of the next one.
type layers []fs.FS

// Open implements fs.FS.
func (l layers) Open(name string) (f fs.File, err error) {
	for _, one := range l {
		if f, err = one.Open(name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return f, err
}

// texts returns the names, without their ending, of all texts of known kinds.
func (l layers) texts() []string {
	names := map[string]bool{}
	for _, one := range l {
		for _, kind := range Kinds {
			found, _ := fs.Glob(one, "*/"+string(kind)+".txt") // the pattern is good
			for _, name := range found {
				names[strings.TrimSuffix(name, ".txt")] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// parse reads the text and the HTML of name ("<locale>/<kind>").
func parse(files fs.FS, name, layout string) (t texts, err error) {
	locale, _, _ := strings.Cut(name, "/")
	plain, err := fs.ReadFile(files, name+".txt")
	if err != nil {
		return t, err
	}
	if t.text, err = text.New(name).Parse(string(plain)); err != nil {
		return t, err
	}
	if t.html, err = html.New("layout").Funcs(helpers).Parse(layout); err != nil {
		return t, err
	}
	for part, file := range map[string]string{"content": name + ".html", "footer": locale + "/footer.html"} {
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return t, err
		}
		if _, err := t.html.New(part).Parse(string(data)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// fact is a line of a table of two columns.
type fact struct{ Name, Value string }

// helpers are the functions of templates: button makes the argument of the
// template "button", and facts that of "facts", of names and values in turn; a
// fact without a value is left out.
var helpers = html.FuncMap{
	"button": func(link, text string) map[string]string { return map[string]string{"Link": link, "Text": text} },
	"facts": func(pairs ...string) (all []fact) {
		for pair := range slices.Chunk(pairs, 2) {
			if len(pair) == 2 && pair[1] != "" {
				all = append(all, fact{pair[0], pair[1]})
			}
		}
		return all
	},
}

// execute returns the three texts of a mail.
func (t texts) execute(v View) (subject, plain, rich string, err error) {
	var b bytes.Buffer
	if err := t.text.Execute(&b, v); err != nil {
		return "", "", "", err
	}
	subject, plain, _ = strings.Cut(b.String(), "\n")
	subject, plain = strings.TrimSpace(subject), strings.TrimSpace(plain)+"\n"
	if subject == "" || len(plain) == 1 {
		return "", "", "", errors.New("the first line is the subject, after it comes the text")
	}
	b.Reset()
	if err := t.html.ExecuteTemplate(&b, "layout", v); err != nil {
		return "", "", "", err
	}
	return subject, plain, b.String(), nil
}

// render returns the three texts of a mail in the locale, its language, or the
// fallback.
func (t *Templates) render(kind Kind, v View) (subject, plain, rich string, err error) {
	language, _, _ := strings.Cut(strings.ToLower(v.Locale), "-")
	for _, locale := range []string{v.Locale, language, fallback} {
		if one, ok := t.texts[locale+"/"+string(kind)]; ok {
			v.Locale = locale
			return one.execute(v)
		}
	}
	return "", "", "", fmt.Errorf("notification: no template for %s", kind)
}
