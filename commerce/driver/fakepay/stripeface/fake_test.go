package stripeface_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay/stripeface"
	"github.com/mercer-commerce/mercer/commerce/internal/tooltest"
)

// statefulMock runs stripe-stateful-mock, somebody else's idea of Stripe, which
// knows charges, refunds and idempotency keys but no payment intents.
func statefulMock(t *testing.T) *server {
	t.Helper()
	const pkg = "stripe-stateful-mock"
	node, dir := tooltest.Node(t, pkg, "0.0.16")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(dir, "node_modules", pkg, "dist", "cli.js"))
	cmd.Env = append(os.Environ(), "PORT="+port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var rest sync.WaitGroup
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		rest.Wait()
		_ = cmd.Wait()
	})
	for lines.Scan() {
		if strings.Contains(lines.Text(), "started") {
			rest.Go(func() {
				for lines.Scan() { // or it would wait for a reader
				}
			})
			return &server{t: t, url: "http://127.0.0.1:" + port}
		}
	}
	t.Fatal("stripe-stateful-mock has ended")
	return nil
}

// TestAnotherFakeAgrees sends the same story to the face and to somebody else's
// fake of Stripe: each request has the same status, the same error, and the id
// of the same earlier answer, in both.
func TestAnotherFakeAgrees(t *testing.T) {
	ours, theirs := serve(t, stripeface.Options{}), statefulMock(t)
	type told struct {
		status            int
		kind, code, param string
		same              string // the first request that had this id
		message           string // of errors about keys
	}
	ids := map[*server]map[string]string{ours: {}, theirs: {}}
	charges := map[*server]string{}
	ask := func(s *server, name, what, form, key string) told {
		route := "POST /v1/charges"
		switch {
		case what == "refund":
			route, form = "POST /v1/refunds", form+"&charge="+charges[s]
		case what == "find":
			route = "GET /v1/charges/" + form
			form = ""
		case s == ours:
			route = create
			form = strings.NewReplacer("source=tok_", "confirm=true&payment_method=pm_card_").Replace(form) + "&expand[]=latest_charge"
		}
		r := s.get(route, form, key)
		if name == "first" {
			if charges[s] = r.ID; s == ours {
				charges[s] = idIn(string(r.Charge))
			}
		}
		out := told{status: r.http, kind: r.Error.Type, code: r.Error.Code, param: r.Error.Param}
		if r.ID != "" {
			if ids[s][r.ID] == "" {
				ids[s][r.ID] = name
			}
			out.same = ids[s][r.ID]
		}
		if out.kind == "idempotency_error" {
			out.message = r.Error.Message
		}
		return out
	}
	const good = "amount=2499&currency=eur&source=tok_visa"
	for _, c := range []struct{ name, what, form, key string }{
		{"first", "charge", good, "a"},
		{"again", "charge", good, "a"},
		{"other amount", "charge", "amount=2500&currency=eur&source=tok_visa", "a"},
		{"other currency", "charge", "amount=2499&currency=usd&source=tok_visa", "a"},
		{"the first once more", "charge", good, "a"},
		{"another key", "charge", good, "b"},
		{"no key", "charge", good, ""},
		{"declined", "charge", "amount=1000&currency=eur&source=tok_chargeDeclined", "c"},
		{"declined again", "charge", "amount=1000&currency=eur&source=tok_chargeDeclined", "c"},
		{"the key of a decline", "charge", good, "c"},
		{"no amount", "charge", "currency=eur&source=tok_visa", ""},
		{"too small", "charge", "amount=1&currency=usd&source=tok_visa", ""},
		{"nobody's", "find", "ch_none", ""},
		{"refund", "refund", "amount=1000", "r"},
		{"refund again", "refund", "amount=1000", "r"},
		{"refund, other amount", "refund", "amount=1001", "r"},
		{"refund of too much", "refund", "amount=1500", "s"},
		{"refund of the rest", "refund", "amount=1499", "u"},
		{"refund of nothing", "refund", "amount=1", "v"},
	} {
		got, want := ask(ours, c.name, c.what, c.form, c.key), ask(theirs, c.name, c.what, c.form, c.key)
		if got != want {
			t.Errorf("%s:\nours   %+v\ntheirs %+v", c.name, got, want)
		}
	}
}

// idIn returns the id of an object.
func idIn(object string) string {
	_, rest, _ := strings.Cut(object, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}
