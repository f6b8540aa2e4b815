package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxPending is how many events of a group are under way at a time, those that
// wait to come again among them.
const maxPending = 256

// wanted returns the configuration of m's consumer. A consumer of an empty group
// begins behind m.last, as far as the stream has it.
func (m *member) wanted(s jetstream.Stream) jetstream.ConsumerConfig {
	cfg := jetstream.ConsumerConfig{
		Durable: m.group, FilterSubjects: m.filters, AckPolicy: jetstream.AckExplicitPolicy, AckWait: m.bus.opts.AckWait,
		MaxDeliver: -1, MaxAckPending: maxPending, DeliverPolicy: jetstream.DeliverAllPolicy,
	}
	if m.group != "" {
		return cfg
	}
	cfg.InactiveThreshold = 5 * time.Minute
	if stored := s.CachedInfo().State.LastSeq; stored >= m.last.Load() { // it was not made anew
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, m.last.Load()+1
	}
	return cfg
}

// consumer makes the consumer of m, or holds the one that is there against what
// is wanted.
func (m *member) consumer(ctx context.Context) (jetstream.Consumer, error) {
	s, err := m.bus.stream(ctx)
	if err != nil {
		return nil, err
	}
	if m.group == "" {
		c, err := s.CreateConsumer(ctx, m.wanted(s))
		if err != nil {
			return nil, fmt.Errorf("natsbus: consumer: %w", err)
		}
		return c, nil
	}
	c, err := s.Consumer(ctx, m.group)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		// Another process may be doing the same: with the same configuration both succeed.
		c, err = s.CreateOrUpdateConsumer(ctx, m.wanted(s))
	}
	if err != nil {
		return nil, fmt.Errorf("natsbus: consumer %s: %w", m.group, err)
	}
	cfg := c.CachedInfo().Config
	repaired, err := settle(consumerSettings(cfg, m.wanted(s)), &cfg)
	if err != nil {
		return nil, fmt.Errorf("consumer %s: %w", m.group, err)
	}
	for _, r := range repaired {
		m.bus.opts.Log.WarnContext(ctx, "natsbus: the consumer is repaired", "consumer", m.group, "setting", r.name, "found", r.found, "now", r.want)
	}
	if repaired == nil {
		return c, nil
	}
	if c, err = s.UpdateConsumer(ctx, cfg); err != nil {
		return nil, fmt.Errorf("natsbus: repair consumer %s: %w", m.group, err)
	}
	return c, nil
}

func consumerSettings(c, w jetstream.ConsumerConfig) []setting[jetstream.ConsumerConfig] {
	type cfg = jetstream.ConsumerConfig
	filters := c.FilterSubjects
	if c.FilterSubject != "" {
		filters = []string{c.FilterSubject}
	}
	return []setting[cfg]{
		{"ack_policy", c.AckPolicy, w.AckPolicy, c.AckPolicy == w.AckPolicy, nil},
		{"deliver_subject", c.DeliverSubject, "none", c.DeliverSubject == "", nil},
		{"headers_only", c.HeadersOnly, false, !c.HeadersOnly, func(c *cfg) { c.HeadersOnly = false }},
		{"max_deliver", c.MaxDeliver, w.MaxDeliver, c.MaxDeliver <= 0, func(c *cfg) { c.MaxDeliver = w.MaxDeliver }},
		{"backoff", c.BackOff, "none", len(c.BackOff) == 0, func(c *cfg) { c.BackOff = nil }},
		{"ack_wait", c.AckWait, w.AckWait, c.AckWait >= w.AckWait, func(c *cfg) { c.AckWait = w.AckWait }},
		{"max_ack_pending", c.MaxAckPending, w.MaxAckPending, c.MaxAckPending == w.MaxAckPending, func(c *cfg) { c.MaxAckPending = w.MaxAckPending }},
		{"inactive_threshold", c.InactiveThreshold, "none", c.InactiveThreshold == 0, func(c *cfg) { c.InactiveThreshold = 0 }},
		{"filter_subjects", filters, w.FilterSubjects, sameSet(filters, w.FilterSubjects), func(c *cfg) {
			c.FilterSubject, c.FilterSubjects = "", w.FilterSubjects
		}},
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
