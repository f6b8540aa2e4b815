package natsbus

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mercer-commerce/mercer/commerce/event"
)

// Stream is the stream of all events.
const Stream = "MERCER_EVENTS"

const (
	prefix   = "mercer.events."
	rejected = "nats.rejected" // name of messages that are no events
)

// Headers of an event: the attributes of CloudEvents 1.0, with its extensions
// sequence and distributed tracing, and one of our own, the version of the type.
const (
	headerSpec    = "ce-specversion"
	headerID      = "ce-id"
	headerType    = "ce-type"
	headerSource  = "ce-source"
	headerSubject = "ce-subject"
	headerTime    = "ce-time"
	headerSeq     = "ce-sequence"
	headerVersion = "ce-schemaversion"
	headerTrace   = "ce-traceparent"
	headerContent = "content-type"
)

var (
	nameForm = regexp.MustCompile(`^[a-z0-9_]+\.[a-z0-9_]+$`)
	tokenBad = regexp.MustCompile(`[^A-Za-z0-9_-]`)
	valueBad = regexp.MustCompile(`[^!#$&-~]`) // what CloudEvents wants escaped in headers
)

// Subject returns the subject of the events of a name with a Key: bytes of the
// Key that a subject cannot hold are escaped as in a URL.
func Subject(name, key string) string {
	return prefix + name + "." + escape(tokenBad, key)
}

// filters returns the subjects of the events of names, where "*" is all.
func filters(names []string) (subjects []string, err error) {
	for _, name := range names {
		switch {
		case name == "*":
			return []string{prefix + ">"}, nil
		case !nameForm.MatchString(name):
			return nil, fmt.Errorf("natsbus: %q is no name of an event", name)
		}
		subjects = append(subjects, prefix+name+".*")
	}
	slices.Sort(subjects)
	return slices.Compact(subjects), nil
}

func escape(bad *regexp.Regexp, s string) string {
	if s == "" {
		return "%"
	}
	return bad.ReplaceAllStringFunc(s, func(c string) string {
		out := ""
		for i := range len(c) {
			out += fmt.Sprintf("%%%02X", c[i])
		}
		return out
	})
}

func encode(e event.Envelope) (*nats.Msg, error) {
	if !nameForm.MatchString(e.Name) || e.ID == "" || e.Key == "" {
		return nil, fmt.Errorf("natsbus: event %q needs an id, a key and a name as engine.past_tense; it is %q of %q", e.ID, e.Name, e.Key)
	}
	engine, _, _ := strings.Cut(e.Name, ".")
	m := nats.NewMsg(Subject(e.Name, e.Key))
	for name, v := range map[string]string{
		headerSpec: "1.0", headerID: e.ID, headerType: e.Name, headerSource: "/mercer/" + engine, headerSubject: e.Key,
		headerTime: e.At.UTC().Format(time.RFC3339Nano), headerSeq: strconv.FormatInt(e.Seq, 10),
		headerVersion: strconv.Itoa(e.Version), headerTrace: e.Trace, headerContent: "application/json",
	} {
		if v != "" {
			m.Header.Set(name, escape(valueBad, v))
		}
	}
	m.Data = e.Data
	return m, nil
}

// decode returns the event in a message, or an error for one that is no event
// of ours. Who may publish what is decided by subjects: an event that lies on
// another one than its own is a forgery.
func decode(subject string, h nats.Header, data []byte) (e event.Envelope, err error) {
	get := func(name string) string {
		v, bad := url.PathUnescape(h.Get(name))
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", name, bad))
		}
		return v
	}
	if v := get(headerSpec); v != "1.0" {
		return e, fmt.Errorf("no CloudEvent 1.0: %s is %q", headerSpec, v)
	}
	e.ID, e.Name, e.Key, e.Trace = get(headerID), get(headerType), get(headerSubject), get(headerTrace)
	if !nameForm.MatchString(e.Name) || e.ID == "" || e.Key == "" {
		return e, fmt.Errorf("no event of ours: %s %q, %s %q, %s %q", headerID, e.ID, headerType, e.Name, headerSubject, e.Key)
	}
	if own := Subject(e.Name, e.Key); subject != own {
		return e, fmt.Errorf("a forgery: on %s is an event whose subject is %s", subject, own)
	}
	var errs [3]error
	e.Version, errs[0] = strconv.Atoi(get(headerVersion))
	e.Seq, errs[1] = strconv.ParseInt(get(headerSeq), 10, 64)
	e.At, errs[2] = time.Parse(time.RFC3339Nano, get(headerTime))
	if err = errors.Join(append(errs[:], err)...); err != nil {
		return e, err
	}
	e.At = e.At.UTC()
	if len(data) == 0 {
		return e, nil
	}
	if !json.Valid(data) { // or nested too deep to be read
		return e, errors.New("the payload is no JSON")
	}
	e.Data = data
	return e, nil
}

// wrapped returns a message that is no event as one that can be kept.
func wrapped(m jetstream.Msg, meta *jetstream.MsgMetadata) event.Envelope {
	doc := map[string]any{"subject": m.Subject(), "headers": m.Headers()}
	if data := m.Data(); utf8.Valid(data) {
		doc["text"] = string(data)
	} else {
		doc["base64"] = data
	}
	data, err := json.Marshal(doc)
	if err != nil {
		panic("natsbus: " + err.Error()) // strings and bytes
	}
	at := meta.Timestamp.UTC().Truncate(time.Microsecond)
	return event.Envelope{ID: fmt.Sprintf("nats_%d_%d", at.UnixMicro(), meta.Sequence.Stream), Name: rejected, Version: 1, Key: Stream, At: at, Data: data}
}
