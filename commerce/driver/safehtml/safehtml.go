// Package safehtml makes HTML that people wrote safe to show: a catalog.Sanitizer
// on bluemonday. It keeps what descriptions are written with (headings,
// paragraphs, lists, tables, links, pictures) and drops scripts, event handlers,
// styles, frames, forms and addresses other than http, https and mailto.
package safehtml

import (
	"github.com/microcosm-cc/bluemonday"

	"github.com/mercer-commerce/mercer/commerce/catalog"
)

// Sanitizer cleans HTML. It is safe for concurrent use.
type Sanitizer struct{ policy *bluemonday.Policy }

var _ catalog.Sanitizer = Sanitizer{}

// New returns a Sanitizer for texts of the shop itself: links to other sites
// are followed by search engines.
func New() Sanitizer {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	return Sanitizer{policy: p}
}

// Sanitize implements catalog.Sanitizer.
func (s Sanitizer) Sanitize(html string) string { return s.policy.Sanitize(html) }
