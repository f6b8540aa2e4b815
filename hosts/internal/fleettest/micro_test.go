package fleettest_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/mercer-commerce/mercer/commerce"
	"github.com/mercer-commerce/mercer/commerce/ident"
	"github.com/mercer-commerce/mercer/commerce/op"
	"github.com/mercer-commerce/mercer/commerce/outbox"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

var semantic = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?$`)

// services asks all services how they are, as the gateway and an operator do:
// each operation is an endpoint of the service that it is at home in, and of no
// other.
func (p running) services(t *testing.T) {
	nc := p.fleet.Login("gateway")
	infos, pings, stats := everybody[micro.Info](t, nc, micro.InfoVerb), everybody[micro.Ping](t, nc, micro.PingVerb), everybody[micro.Stats](t, nc, micro.StatsVerb)
	served := map[string][]string{} // services, by operation
	for id, in := range infos {
		identity(t, in.ServiceIdentity, in.Type, micro.InfoResponseType)
		if pings[id].ServiceIdentity.Name != in.Name || stats[id].Name != in.Name || len(stats[id].Endpoints) != len(in.Endpoints) || stats[id].Started.IsZero() {
			t.Errorf("%s: ping %+v, stats %+v", in.Name, pings[id], stats[id])
		}
		identity(t, pings[id].ServiceIdentity, pings[id].Type, micro.PingResponseType)
		identity(t, stats[id].ServiceIdentity, stats[id].Type, micro.StatsResponseType)
		for _, e := range in.Endpoints {
			name := strings.TrimPrefix(e.Subject, "mercer.v1.")
			engine, _, _ := strings.Cut(name, ".")
			if e.QueueGroup != "mercer" || e.Subject == name || in.Name != "mercer-"+engine {
				t.Errorf("%s: endpoint %+v", in.Name, e)
			}
			served[name] = append(served[name], in.Metadata["service"])
		}
	}
	if len(pings) != len(infos) || len(stats) != len(infos) {
		t.Errorf("%d services say who they are, %d that they are there, %d what they did", len(infos), len(pings), len(stats))
	}
	want := operations()
	if len(want) < 100 {
		t.Fatalf("%d operations: this test looks at too few", len(want))
	}
	for _, name := range want {
		var by []string // none: the gateway does it itself
		if service := boot.ServiceOf(name); service != "" {
			by = []string{service}
		}
		if got := served[name]; !slices.Equal(got, by) {
			t.Errorf("%s is served by %v, want %v", name, got, by)
		}
		delete(served, name)
	}
	if len(served) > 0 {
		t.Errorf("served beyond that: %v", served)
	}
	if a := p.want(t, 200, "GET /v1/admin/outbox", "", "Authorization", "Bearer "+p.key); strings.Contains(string(a.body), `"error"`) {
		t.Errorf("outboxes: %s", a.body)
	}
}

// identity looks at what each answer of a service begins with.
func identity(t *testing.T, s micro.ServiceIdentity, kind, want string) {
	t.Helper()
	if kind != want || s.ID == "" || !semantic.MatchString(s.Version) || !slices.Contains(boot.ServiceNames(), s.Metadata["service"]) {
		t.Errorf("%s: %+v", kind, s)
	}
}

// operations are those of a shop, with those of the outboxes by the names of the
// engines that they are beside.
func operations() (all []string) {
	list := op.RegistrarFunc(func(h op.Handler) { all = append(all, h.Name) })
	shop := commerce.Remote(nil)
	outboxes := shop.Outbox
	shop.Outbox = nil
	commerce.Register(list, shop)
	for _, engine := range commerce.EngineNames {
		outbox.Register(outbox.Under(engine, list), outboxes)
	}
	return all
}

// everybody asks all services and returns what they answer, by their ids.
func everybody[T any](t *testing.T, nc *nats.Conn, verb micro.Verb) map[string]T {
	t.Helper()
	subject, err := micro.ControlSubject(verb, "", "")
	if err != nil {
		t.Fatal(err)
	}
	inbox := natsrpc.WatchInbox("gateway") + "." + ident.NewID("x")
	sub, err := nc.SubscribeSync(inbox)
	if err = errors.Join(err, nc.PublishRequest(subject, inbox, nil)); err != nil {
		t.Fatal(err)
	}
	all := map[string]T{}
	for {
		m, err := sub.NextMsg(time.Second)
		if errors.Is(err, nats.ErrTimeout) && len(all) > 0 {
			return all
		}
		if err != nil {
			t.Fatal(subject, err)
		}
		var id struct{ ID string }
		var v T
		if err := errors.Join(json.Unmarshal(m.Data, &id), json.Unmarshal(m.Data, &v)); err != nil {
			t.Fatalf("%v in %s", err, m.Data)
		}
		all[id.ID] = v
	}
}
