package fleettest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/mercer-commerce/mercer/commerce/driver/bunstore/buntest"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
	"github.com/mercer-commerce/mercer/transport/natsrpc"
)

// Ear is a user of NATS who may hear and say everything, for tests alone.
const Ear = "ear"

// Prepare returns a platform of which nothing runs yet.
func Prepare(t testing.TB, o Options) *Fleet {
	t.Helper()
	f := prepare(t, o)
	f.addNATS(f.permissions())
	for _, name := range f.services() {
		f.addService(name)
	}
	files := "MERCER_FILES_URL=http://" + f.procs[f.process("product")].addr
	f.URL = "http://" + f.add("gateway", "gateway", append(f.settings("gateway"), files)).addr
	return f
}

// databases names the database of each service.
func (f *Fleet) databases() {
	f.t.Helper()
	shared, both := f.opts.DSN, ""
	if f.opts.OneDB {
		shared = buntest.Name(f.t, f.opts.Server)
	}
	for _, name := range boot.ServiceNames() {
		dsn := shared
		if dsn == "" && slices.Contains(f.opts.Together, name) {
			dsn = both
		}
		if dsn == "" {
			dsn = buntest.Name(f.t, f.opts.Server)
		}
		if f.DSN[name] = dsn; slices.Contains(f.opts.Together, name) {
			both = dsn
		}
	}
}

// services returns the names of the processes of services.
func (f *Fleet) services() (names []string) {
	for _, name := range boot.ServiceNames() {
		names = append(names, f.process(name))
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// process returns the name of the process in which a service is.
func (f *Fleet) process(service string) string {
	if slices.Contains(f.opts.Together, service) {
		return strings.Join(f.opts.Together, "-")
	}
	return service
}

func enginesOf(services []string) (engines []string) {
	for _, name := range services {
		engines = append(engines, boot.EnginesOf(name)...)
	}
	return engines
}

// Names returns the processes of the platform but for NATS, the gateway last.
func (f *Fleet) Names() []string { return append(f.services(), "gateway") }

// Data returns the directory of a process.
func (f *Fleet) Data(name string) string { return filepath.Join(f.dir, name) }

// Set changes settings of a process, for its next start.
func (f *Fleet) Set(name string, env ...string) {
	f.procs[name].env = append(f.procs[name].env, env...)
}

// Said returns everything that a process has said.
func (f *Fleet) Said(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(f.procs[name].log.Name())
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

// Login connects to NATS as a process does, or as Ear.
func (f *Fleet) Login(user string) *nats.Conn {
	f.t.Helper()
	nc, err := nats.Connect("nats://"+user+":"+password(user)+"@"+f.NATS, nats.CustomInboxPrefix(natsrpc.Inbox(user)))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(nc.Close)
	return nc
}
