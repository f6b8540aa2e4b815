package demo

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/money"
)

func TestCatalogIsSound(t *testing.T) {
	c := read()
	if len(c.Products) < 40 {
		t.Errorf("%d products, want about 40", len(c.Products))
	}
	categories := map[string]bool{"": true}
	for _, k := range c.Categories {
		if !categories[k.Parent] {
			t.Errorf("category %s stands before its parent", k.Slug)
		}
		categories[k.Slug] = true
	}
	skus, slugs := map[string]bool{}, map[string]bool{}
	for _, p := range c.Products {
		if !categories[p.Category] || slugs[p.Slug] || p.Text == "" || p.Price <= 0 || p.CompareAt != 0 && p.CompareAt <= p.Price {
			t.Errorf("product %s is not sound", p.Slug)
		}
		slugs[p.Slug] = true
		for _, v := range p.Variants {
			if v.SKU == "" || skus[v.SKU] || len(v.Values) != len(p.Options) {
				t.Errorf("variant %q of %s is not sound", v.SKU, p.Slug)
			}
			skus[v.SKU] = true
		}
	}
}

func TestEveryProductHasAPicture(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("GET /demo/{picture}", Pictures())
	seen := map[string]string{}
	for _, p := range read().Products {
		if shapes[p.Category] == "" {
			t.Errorf("category %s has no shape", p.Category)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/"+p.Slug+".svg", nil))
		body := w.Body.String()
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || wellFormed(body) != nil || strings.Contains(body, "FIELD") {
			t.Errorf("picture of %s: %d %s", p.Slug, w.Code, body)
		}
		if other := seen[body]; other != "" {
			t.Errorf("%s looks like %s", p.Slug, other)
		}
		seen[body] = p.Slug
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/demo/nope.svg", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a picture of nothing: %d", w.Code)
	}
}

func wellFormed(text string) error {
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestMinor(t *testing.T) {
	for c, want := range map[money.Currency]int64{"USD": 1800, "JPY": 1800, "KWD": 18000} {
		if got := minor(1800, c); got != want {
			t.Errorf("18.00 in %s is %d, want %d", c, got, want)
		}
	}
}
