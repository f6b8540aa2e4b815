package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrWeak says that the stream, or a consumer in it, could lose events and that
// this cannot be repaired from here. The text names each setting.
var ErrWeak = errors.New("natsbus: events could be lost")

const (
	keptFor = 14 * 24 * time.Hour
	maxSize = 64 << 10
)

func (b *Bus) wanted() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: Stream, Description: "Events of the shop, CloudEvents 1.0", Subjects: []string{prefix + ">"},
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxAge: keptFor, MaxMsgSize: maxSize, Replicas: b.opts.Replicas, Duplicates: 2 * time.Minute,
		DenyDelete: true, DenyPurge: true,
	}
}

// stream makes the stream, or holds the one that is there against what is
// wanted.
func (b *Bus) stream(ctx context.Context) (jetstream.Stream, error) {
	s, err := b.js.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, b.wanted())
		switch {
		case err == nil:
			b.opts.Log.WarnContext(ctx, "natsbus: the stream is made; if there was one before, its events are lost: republish them", "stream", Stream)
			return s, nil
		case errors.Is(err, jetstream.ErrStreamNameAlreadyInUse): // by another process, just now
			s, err = b.js.Stream(ctx, Stream)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("natsbus: stream %s: %w", Stream, err)
	}
	cfg := s.CachedInfo().Config
	repaired, err := settle(b.streamSettings(cfg), &cfg)
	if err != nil || repaired == nil {
		return s, err
	}
	for _, r := range repaired {
		b.opts.Log.WarnContext(ctx, "natsbus: the stream is repaired", "stream", Stream, "setting", r.name, "found", r.found, "now", r.want)
	}
	if s, err = b.js.UpdateStream(ctx, cfg); err != nil {
		return nil, fmt.Errorf("natsbus: repair stream %s: %w", Stream, err)
	}
	return s, nil
}

// setting is one value of a configuration.
type setting[C any] struct {
	name        string
	found, want any
	good        bool
	repair      func(*C) // nil: cannot be, or would be somebody's decision undone
}

// settle repairs the settings in cfg that are not good and returns them, or
// ErrWeak with those that cannot be repaired.
func settle[C any](settings []setting[C], cfg *C) (repaired []setting[C], err error) {
	weak := ""
	for _, s := range settings {
		switch {
		case s.good:
		case s.repair == nil:
			weak += fmt.Sprintf("; %s is %v, want %v", s.name, s.found, s.want)
		default:
			s.repair(cfg)
			repaired = append(repaired, s)
		}
	}
	if weak != "" {
		return nil, fmt.Errorf("%w%s", ErrWeak, weak)
	}
	return repaired, nil
}

func (b *Bus) streamSettings(c jetstream.StreamConfig) []setting[jetstream.StreamConfig] {
	type cfg = jetstream.StreamConfig
	w := b.wanted()
	return []setting[cfg]{
		{"storage", c.Storage, w.Storage, c.Storage == w.Storage, nil},
		{"retention", c.Retention, w.Retention, c.Retention == w.Retention, nil},
		{"discard", c.Discard, w.Discard, c.Discard == w.Discard, nil},
		{"max_age", c.MaxAge, fmt.Sprintf("at least %v", w.MaxAge), c.MaxAge == 0 || c.MaxAge >= w.MaxAge, nil},
		{"max_msgs_per_subject", c.MaxMsgsPerSubject, -1, c.MaxMsgsPerSubject <= 0 || c.DiscardNewPerSubject, nil},
		{"persist_mode", c.PersistMode, w.PersistMode, c.PersistMode == w.PersistMode, nil},
		{"no_ack", c.NoAck, false, !c.NoAck, nil},
		{"sealed", c.Sealed, false, !c.Sealed, nil},
		{"subject_transform", c.SubjectTransform != nil, false, c.SubjectTransform == nil, nil},
		{"mirror", c.Mirror != nil, false, c.Mirror == nil, nil},
		{"subjects", c.Subjects, w.Subjects, slices.ContainsFunc(c.Subjects, all), func(c *cfg) {
			c.Subjects = append(slices.DeleteFunc(slices.Clone(c.Subjects), within), w.Subjects...)
		}},
		{"max_msg_size", c.MaxMsgSize, w.MaxMsgSize, c.MaxMsgSize <= 0 || c.MaxMsgSize >= w.MaxMsgSize, func(c *cfg) { c.MaxMsgSize = w.MaxMsgSize }},
		{"num_replicas", c.Replicas, w.Replicas, c.Replicas >= w.Replicas, func(c *cfg) { c.Replicas = w.Replicas }},
		{"duplicate_window", c.Duplicates, w.Duplicates, c.Duplicates >= w.Duplicates, func(c *cfg) { c.Duplicates = w.Duplicates }},
		{"deny_delete", c.DenyDelete, true, c.DenyDelete, func(c *cfg) { c.DenyDelete = true }},
		{"deny_purge", c.DenyPurge, true, c.DenyPurge, func(c *cfg) { c.DenyPurge = true }},
	}
}

// within reports whether a subject is one of events.
func within(subject string) bool { return strings.HasPrefix(subject, prefix) }

// all reports whether a subject stands for all events.
func all(subject string) bool {
	return slices.Contains([]string{">", "mercer.>", prefix + ">"}, subject)
}
