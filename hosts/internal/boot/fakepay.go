package boot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/fakepay"
)

// postEvery is how often the test payment provider posts what is new.
const postEvery = 500 * time.Millisecond

// fakepay opens the test payment provider, and has it post its notices where c
// says so and this process serves. stop ends both.
func (c Config) fakepay(serves bool) (p *fakepay.Provider, stop func() error, err error) {
	opts := &fakepay.Options{}
	if c.FakepayURL != "" {
		opts.Deliver = fakepay.Post(c.FakepayURL)
	}
	p, shut, err := fakepay.Open(c.Fakepay, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("MERCER_FAKEPAY: %w", err)
	}
	if !serves || opts.Deliver == nil {
		return p, shut, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() { p.Run(ctx, postEvery) })
	return p, func() error {
		cancel()
		posting.Wait()
		return shut()
	}, nil
}

// fakepayFaults says what is wrong with the settings of test payments together.
func (l *loader) fakepayFaults(c Config) {
	if c.FakepayURL != "" && c.Fakepay == "" {
		l.fault("MERCER_FAKEPAY", "is missing beside MERCER_FAKEPAY_URL")
	}
}
