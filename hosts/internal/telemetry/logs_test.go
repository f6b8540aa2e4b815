package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/hosts/internal/telemetry"
)

func TestLogsIsAHandler(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return telemetry.Logs(slog.NewJSONHandler(&b, nil))
	}, func(t *testing.T) map[string]any {
		out := map[string]any{}
		if err := json.Unmarshal(b.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out
	})
}

func TestLogsNameTheRequest(t *testing.T) {
	traced := ident.WithTrace(ident.WithRequest(context.Background(), "req_1"), "00-"+givenTrace+"-"+givenParent+"-01")
	for name, tc := range map[string]struct {
		say  func(*slog.Logger)
		want string
	}{
		"nothing known": {func(l *slog.Logger) { l.Info("x") }, `{"msg":"x"}`},
		"a request":     {func(l *slog.Logger) { l.InfoContext(ident.WithRequest(context.Background(), "req_1"), "x") }, `{"msg":"x","request_id":"req_1"}`},
		"traced": {func(l *slog.Logger) { l.InfoContext(traced, "x") },
			`{"msg":"x","request_id":"req_1","trace_id":"` + givenTrace + `","span_id":"` + givenParent + `"}`},
		"said already": {func(l *slog.Logger) { l.InfoContext(traced, "x", "request_id", "req_2", "trace_id", "t") },
			`{"msg":"x","request_id":"req_2","trace_id":"t","span_id":"` + givenParent + `"}`},
		"said by With": {func(l *slog.Logger) {
			l.With("request_id", "req_2").InfoContext(traced, "x", "trace_id", "t", "span_id", "s")
		},
			`{"msg":"x","request_id":"req_2","trace_id":"t","span_id":"s"}`},
		"no trace": {func(l *slog.Logger) { l.InfoContext(ident.WithTrace(context.Background(), "short"), "x") }, `{"msg":"x"}`},
	} {
		if got := logged(tc.say); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// logged returns the line that say makes, without time and level.
func logged(say func(*slog.Logger)) string {
	var b bytes.Buffer
	say(slog.New(telemetry.Logs(slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))))
	return strings.TrimSpace(b.String())
}

func TestLogsHide(t *testing.T) {
	key := "sk_" + strings.Repeat("hunter2", 6)
	for name, tc := range map[string]struct {
		say  func(*slog.Logger)
		left string // what must be there
	}{
		"address in the message": {func(l *slog.Logger) { l.Info("mail to hunter2@shop.example is lost") }, "mail to ***@shop.example is lost"},
		"address in a text":      {func(l *slog.Logger) { l.Info("x", "to", "Ann <hunter2+x@mail.shop.example>") }, "***@mail.shop.example"},
		"address of far away":    {func(l *slog.Logger) { l.Info("x", "to", "hunter2é@müller.example") }, "***@müller.example"},
		"duplicate entry": {func(l *slog.Logger) {
			l.Info("x", "err", fmt.Errorf("save: %w", errors.New("Error 1062: Duplicate entry 'hunter2@shop.example' for key 'email'")))
		}, "Error 1062"},
		"secret key":        {func(l *slog.Logger) { l.Info("x", "bearer", "got "+key+".") }, "got sk_***."},
		"bearer":            {func(l *slog.Logger) { l.Info("x", "header", "Authorization: Bearer hunter2") }, "Bearer ***"},
		"access token":      {func(l *slog.Logger) { l.Info("x", "got", "eyJhbGciOiJFZERTQSJ9.hunter2.hunter2_-") }, `"got":"***"`},
		"named token":       {func(l *slog.Logger) { l.Info("x", "Cart_Token", "hunter2") }, `"Cart_Token":"***"`},
		"named secret, any": {func(l *slog.Logger) { l.Info("x", "password", []byte("hunter2")) }, `"password":"***"`},
		"database":          {func(l *slog.Logger) { l.Info("x", "db", "mysql://shop:hunter2@db:3306/shop") }, "mysql://shop:***@db:3306/shop"},
		"database, @ in it": {func(l *slog.Logger) { l.Info("x", "db", "mysql://shop:hunter2@hunter2@db:3306/shop") }, "@db:3306/shop"},
		"driver's own name": {func(l *slog.Logger) { l.Info("x", "db", "shop:hunter2@tcp(db:3306)/shop") }, "shop:***@tcp(db:3306)/shop"},
		"a group":           {func(l *slog.Logger) { l.Info("x", slog.Group("g", "to", "hunter2@shop.example")) }, "***@shop.example"},
		"With":              {func(l *slog.Logger) { l.With("to", "hunter2@shop.example").Info("x") }, "***@shop.example"},
		"a struct":          {func(l *slog.Logger) { l.Info("x", "who", ident.Actor{Email: "hunter2@shop.example"}) }, "***@shop.example"},
		"a token in it":     {func(l *slog.Logger) { l.Info("x", "who", ident.Actor{CartToken: "hunter2"}) }, `cart_token`},
		"LogValuer":         {func(l *slog.Logger) { l.Info("x", "v", valuer{}) }, "***@shop.example"},
	} {
		got := logged(tc.say)
		if strings.Contains(got, "hunter2") || !strings.Contains(got, tc.left) {
			t.Errorf("%s: %s, want %s", name, got, tc.left)
		}
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.StringValue("hunter2@shop.example") }

func TestLogsLeaveTheRest(t *testing.T) {
	for _, text := range []string{
		"/root/go/pkg/mod/github.com/x/otel@v1.47.0/trace/provider.go:12", "GET /v1/products/{slug}", "sk_short", "http://localhost:3001/docs", "5 @ 10.00", "nats://bus:4222", "a@b",
	} {
		if got := logged(func(l *slog.Logger) { l.Info("x", "v", text) }); !strings.Contains(got, `"v":"`+text+`"`) {
			t.Errorf("%s became %s", text, got)
		}
	}
	if got := logged(func(l *slog.Logger) { l.Info("x", "v", map[string]int{"a": 1}) }); got != `{"msg":"x","v":{"a":1}}` {
		t.Errorf("a map became %s", got)
	}
}
