package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/ident"
)

// Names of what Logs adds.
const (
	keyRequest = "request_id"
	keyTrace   = "trace_id"
	keySpan    = "span_id"
)

// Logs returns a handler that adds request_id, trace_id and span_id of the
// context to each record, where there are any and the record has not said them
// itself, and hands it to h. So the lines of all services for one request are
// found by one id. In a group they are in the group.
//
// It hides what must not be in a log: mail addresses but for their domain,
// secret keys, tokens and passwords, in messages, texts and errors.
func Logs(h slog.Handler) slog.Handler { return logs{next: h} }

type logs struct {
	next slog.Handler
	said []string // keys that With has set
}

// Enabled implements slog.Handler.
func (l logs) Enabled(ctx context.Context, level slog.Level) bool { return l.next.Enabled(ctx, level) }

// Handle implements slog.Handler.
func (l logs) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, hide(r.Message), r.PC)
	said := l.said
	r.Attrs(func(a slog.Attr) bool {
		if slices.Contains(added, a.Key) {
			said = append(slices.Clip(said), a.Key)
		}
		out.AddAttrs(hideAttr(a))
		return true
	})
	add := func(key, value string) {
		if value != "" && !slices.Contains(said, key) {
			out.AddAttrs(slog.String(key, value))
		}
	}
	add(keyRequest, ident.Request(ctx))
	if parent := ident.Trace(ctx); len(parent) >= 52 {
		add(keyTrace, parent[3:35])
		add(keySpan, parent[36:52])
	}
	return l.next.Handle(ctx, out)
}

var added = []string{keyRequest, keyTrace, keySpan}

// WithAttrs implements slog.Handler.
func (l logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	said := slices.Clip(l.said)
	for i, a := range attrs {
		hidden[i] = hideAttr(a)
		said = append(said, a.Key)
	}
	return logs{l.next.WithAttrs(hidden), said}
}

// WithGroup implements slog.Handler.
func (l logs) WithGroup(name string) slog.Handler { return logs{next: l.next.WithGroup(name)} }

const hidden = "***"

// secretKeys are names of what is hidden whatever it is.
var secretKeys = []string{"authorization", "cookie", "cart_token", "order_token", "password", "secret", "token"}

// hideAttr returns a without what must not be in a log.
func hideAttr(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	if slices.Contains(secretKeys, strings.ToLower(a.Key)) {
		return slog.String(a.Key, hidden)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(hide(a.Value.String()))
	case slog.KindGroup:
		var group []slog.Attr
		for _, in := range a.Value.Group() {
			group = append(group, hideAttr(in))
		}
		a.Value = slog.GroupValue(group...)
	case slog.KindAny:
		a.Value = hideAny(a.Value)
	default: // numbers, times and truth
	}
	return a
}

// hideAny leaves a value that has nothing to hide, and makes a text of another.
// Handlers write some values as JSON and some as text: both are looked at.
func hideAny(v slog.Value) slog.Value {
	text := fmt.Sprintf("%+v", v.Any())
	if _, failed := v.Any().(error); failed || hide(text) != text {
		return slog.StringValue(hide(text))
	}
	if data, err := json.Marshal(v.Any()); err == nil && hide(string(data)) != string(data) {
		return slog.StringValue(hide(string(data)))
	}
	return v
}

// forms are what is hidden wherever it stands, with what is left of it.
var forms = []struct {
	has  string // in every text that fits
	form *regexp.Regexp
	left string
}{
	{"://", regexp.MustCompile(`://([^\s/@:"]*):[^\s/"]*@`), "://$1:" + hidden + "@"},
	{"@tcp(", regexp.MustCompile(`:[^\s:"]*@tcp\(`), ":" + hidden + "@tcp("},
	{"@", regexp.MustCompile(`[^\s@"'<>()\[\]{},;:=\\/]+@((?:[\pL\pN-]+\.)+(?:xn--[a-z0-9-]+|\pL{2,}))`), hidden + "@$1"},
	{"sk_", regexp.MustCompile(`\bsk_[A-Za-z0-9_-]{16,}`), "sk_" + hidden},
	{"eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), hidden},
	{`":"`, regexp.MustCompile(`"(\w*(?:token|password|secret))":"[^"]+"`), `"$1":"` + hidden + `"`},
	{"earer ", regexp.MustCompile(`\b([Bb]earer) +[^\s"]+`), "$1 " + hidden},
}

// hide returns a text without what must not be in a log.
func hide(text string) string {
	for _, f := range forms {
		if strings.Contains(text, f.has) {
			text = f.form.ReplaceAllString(text, f.left)
		}
	}
	return text
}
