package demo

import (
	"fmt"
	"hash/fnv"
	"html"
	"net/http"
	"strings"
)

// Pictures serves the drawing of each product under its slug and ".svg". The
// pattern that it is registered under has the wildcard "picture".
func Pictures() http.Handler {
	drawn := map[string]string{}
	for _, p := range read().Products {
		drawn[p.Slug+".svg"] = draw(p)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		svg, ok := drawn[r.PathValue("picture")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "image/svg+xml")
		h.Set("Cache-Control", "public, max-age=86400")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // front ends live elsewhere
		_, _ = w.Write([]byte(svg))
	})
}

// shapes are what products of a category look like, on a field of 400 by 400.
var shapes = map[string]string{
	"mugs":        `<path d="M130 150h110v110a40 40 0 0 1-40 40h-30a40 40 0 0 1-40-40z"/><path d="M240 175h20a30 30 0 0 1 0 70h-20" fill="none" stroke-width="18"/>`,
	"table":       `<ellipse cx="200" cy="250" rx="120" ry="36"/><ellipse cx="200" cy="222" rx="100" ry="28" opacity=".7"/><ellipse cx="200" cy="198" rx="80" ry="22" opacity=".5"/>`,
	"kitchen":     `<rect x="120" y="120" width="120" height="180" rx="14"/><circle cx="180" cy="145" r="9" fill="FIELD"/><path d="M275 130v170" stroke-width="16"/><ellipse cx="275" cy="140" rx="20" ry="32"/>`,
	"candles":     `<rect x="150" y="190" width="100" height="120" rx="10"/><path d="M200 190v-20" stroke-width="5"/><path d="M200 110q28 36 0 60q-28-24 0-60z" opacity=".7"/>`,
	"textiles":    `<rect x="110" y="140" width="180" height="45" rx="14"/><rect x="110" y="192" width="180" height="45" rx="14" opacity=".75"/><rect x="110" y="244" width="180" height="45" rx="14" opacity=".5"/>`,
	"home":        `<circle cx="200" cy="180" r="72"/><path d="M200 252v52M160 306h80" stroke-width="12"/>`,
	"paper":       `<rect x="130" y="115" width="140" height="180" rx="6"/><path d="M155 155h90M155 185h90M155 215h60" stroke="FIELD" stroke-width="8"/>`,
	"garden":      `<path d="M140 210h120l-16 90h-88z"/><path d="M200 210v-70q-50-4-54-44q50 0 54 44q4-48 54-52q0 48-54 58" opacity=".7"/>`,
	"tops":        `<path d="M150 120l-60 45 28 42 22-14v112h120v-112l22 14 28-42-60-45q-50 34-100 0z"/>`,
	"accessories": `<path d="M130 190h140v110a10 10 0 0 1-10 10h-120a10 10 0 0 1-10-10z"/><path d="M160 190v-20a40 40 0 0 1 80 0v20" fill="none" stroke-width="12"/>`,
	"pantry":      `<rect x="145" y="150" width="110" height="150" rx="22"/><rect x="155" y="118" width="90" height="26" rx="6"/><rect x="160" y="200" width="80" height="50" fill="FIELD"/>`,
}

// draw returns the picture of a product: its category's shape in colors of its
// own, the same each time.
func draw(p product) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.Slug))
	hue := h.Sum32() % 360
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="%s">`, html.EscapeString(p.Title))
	fmt.Fprintf(&b, `<rect width="400" height="400" fill="hsl(%d 45%% 92%%)"/>`, hue)
	fmt.Fprintf(&b, `<g fill="hsl(%d 38%% 46%%)" stroke="hsl(%d 38%% 46%%)" stroke-width="0" stroke-linecap="round">%s</g>`, hue, hue,
		strings.ReplaceAll(shapes[p.Category], "FIELD", fmt.Sprintf("hsl(%d 45%% 92%%)", hue)))
	fmt.Fprintf(&b, `<text x="200" y="362" text-anchor="middle" font-family="Georgia, serif" font-size="24" fill="hsl(%d 40%% 24%%)">%s</text></svg>`,
		hue, html.EscapeString(p.Title))
	return b.String()
}
