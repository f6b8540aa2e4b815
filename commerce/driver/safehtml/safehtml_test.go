package safehtml_test

import (
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/safehtml"
)

func TestSanitize(t *testing.T) {
	for in, want := range map[string]string{
		``:                                               ``,
		`plain text`:                                     `plain text`,
		`<p>Grey &amp; <b>black</b>.</p>`:                `<p>Grey &amp; <b>black</b>.</p>`,
		`<script>alert(1)</script>a`:                     `a`,
		`<ScRiPt src=//x.example>`:                       ``,
		`<img src=x onerror=alert(1)>`:                   `<img src="x">`,
		`<a href="javascript:alert(1)">x</a>`:            `x`,
		`<a href="jav&#x09;ascript:alert(1)">x</a>`:      `x`,
		`<a href="https://x.example/?a=1&amp;b=2">x</a>`: `<a href="https://x.example/?a=1&amp;b=2">x</a>`,
		`<p style="background:url(javascript:1)" onclick="x">a</p>`: `<p>a</p>`,
		`<iframe src="https://x.example"></iframe>`:                 ``,
		`<svg><script>alert(1)</script></svg>`:                      ``,
		`<svg onload=alert(1)>`:                                     ``,
		`<img src="data:text/html;base64,PHNjcmlwdD4=">`:            ``,
		`<form action="/x"><input name=a></form>`:                   ``,
		`{{.Secret}} {{template "x"}}`:                              `{{.Secret}} {{template &#34;x&#34;}}`,
		`<table><tr><td>1</td></tr></table>`:                        `<table><tr><td>1</td></tr></table>`,
		`<b>never closed`:                                           `<b>never closed`,
		`<!-- c --><style>p{}</style>x`:                             `x`,
		`日本 é 👩‍🚀`:                                                  `日本 é 👩‍🚀`,
	} {
		if got := safehtml.New().Sanitize(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// An import that is run again must find nothing to change.
func FuzzSanitizeTwice(f *testing.F) {
	for _, s := range []string{`<p>a &lt;b&gt; "c" 'd' &amp;amp;</p>`, `<a href='/x?a=1&b=2'>x</a>`, `<<p>>`, `<p title="&quot;">`, "a\r\nb\x00c", `<li><ul>`} {
		f.Add(s)
	}
	s := safehtml.New()
	f.Fuzz(func(t *testing.T, in string) {
		once := s.Sanitize(in)
		if twice := s.Sanitize(once); twice != once {
			t.Errorf("%q became %q, then %q", in, once, twice)
		}
		if low := strings.ToLower(once); strings.Contains(low, "<script") || strings.Contains(low, "href=\"javascript:") {
			t.Errorf("%q became %q", in, once)
		}
	})
}
