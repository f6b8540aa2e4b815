package natsrpc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// User is what one process of a platform may do on NATS, and nothing else. Its
// connection has the option nats.CustomInboxPrefix(Inbox(Name)).
type User struct {
	Name   string   // letters, digits and dashes
	Serves []string // operations, by name; a name without a dot is all of that engine
	Calls  []string // operations, by name, that others serve

	// Stream is the JetStream stream of events, "" for a user who has nothing to
	// do with events. The user may look at it, and make it when it is not there.
	Stream    string
	Publishes []string // subjects of events
	Consumes  []string // durable consumers that are the user's own
	Repairs   bool     // may change the settings of the stream

	Watches bool // may ask all services how they are, also at once: see WatchInbox
}

// Inbox returns the prefix of the subjects on which a user gets answers. Nobody
// else may listen there.
func Inbox(user string) string { return "_INBOX_" + user }

// WatchInbox returns the prefix of the subjects on which a user who Watches gets
// the answers of all services at once ($SRV.PING and so on). To an inbox of its
// own each process may send one answer to a request, and may have several
// services.
func WatchInbox(user string) string { return "_WATCH_" + user }

// PasswordVariable returns the name of the environment variable in which the
// NATS server looks for the password of a user.
func PasswordVariable(user string) string {
	return "NATS_" + strings.ToUpper(strings.ReplaceAll(user, "-", "_")) + "_PASSWORD"
}

// Permissions returns the part of a configuration of nats-server that makes
// users, in their order. Nobody can connect without being one of them.
func Permissions(users []User) []byte {
	b := []byte("authorization {\n  users: [\n")
	var watched []string // inboxes
	for _, u := range users {
		if u.Watches {
			watched = append(watched, WatchInbox(u.Name)+".>")
		}
	}
	for _, u := range users {
		b = fmt.Appendf(b, "    {\n      user: %q, password: $%s\n      permissions: {\n", u.Name, PasswordVariable(u.Name))
		publish := u.publish()
		if len(u.Serves) > 0 {
			publish = append(publish, watched...)
		}
		b = allow(b, "publish", publish)
		b = allow(b, "subscribe", u.subscribe())
		if len(u.Serves) > 0 {
			b = fmt.Appendf(b, "        allow_responses: {max: 1, expires: \"%ds\"}\n", int(maxWait.Seconds()))
		}
		b = append(b, "      }\n    }\n"...)
	}
	return append(b, "  ]\n}\n"...)
}

// allow writes a list of subjects, sorted. An empty one allows nothing.
func allow(b []byte, what string, subjects []string) []byte {
	b = fmt.Appendf(b, "        %s: {allow: [\n", what)
	for _, s := range slices.Compact(slices.Sorted(slices.Values(subjects))) {
		b = fmt.Appendf(b, "          %q\n", s)
	}
	return append(b, "        ]}\n"...)
}

func (u User) publish() (all []string) {
	for _, op := range u.Calls {
		all = append(all, Subject(op))
	}
	all = append(all, u.Publishes...)
	if u.Watches {
		all = append(all, "$SRV.>")
	}
	if u.Stream == "" {
		return all
	}
	for _, verb := range []string{"INFO", "CREATE", "UPDATE"} {
		if verb != "UPDATE" || u.Repairs {
			all = append(all, "$JS.API.STREAM."+verb+"."+u.Stream)
		}
	}
	for _, c := range u.Consumes {
		c = u.Stream + "." + c
		all = append(all, "$JS.API.CONSUMER.CREATE."+c, "$JS.API.CONSUMER.CREATE."+c+".>", "$JS.API.CONSUMER.INFO."+c,
			"$JS.API.CONSUMER.MSG.NEXT."+c, "$JS.ACK."+c+".>")
	}
	return all
}

func (u User) subscribe() []string {
	all := []string{Inbox(u.Name) + ".>"}
	if u.Watches {
		all = append(all, WatchInbox(u.Name)+".>")
	}
	if len(u.Serves) > 0 {
		all = append(all, "$SRV.PING", "$SRV.INFO", "$SRV.STATS")
	}
	for _, name := range u.Serves {
		engine, op, _ := strings.Cut(name, ".")
		control := "$SRV.*." + serviceName(name)
		all = append(all, Subject(engine+"."+cmp.Or(op, "*")), control, control+".*")
	}
	return all
}
