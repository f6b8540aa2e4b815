package jobtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/mercer-commerce/mercer/commerce/driver/memstore"
	"github.com/mercer-commerce/mercer/commerce/internal/guardtest"
	"github.com/mercer-commerce/mercer/commerce/job"
	"github.com/mercer-commerce/mercer/commerce/job/jobtest"
)

// store is a store without one of its guards.
type store struct {
	memstore.Jobs
	without string
}

func (s store) Claim(ctx context.Context, name, owner string, now, until time.Time, force bool) (job.Status, bool, error) {
	st, ok, err := s.Jobs.Claim(ctx, name, owner, now, until, force || s.without == "NotBeforeNext")
	switch s.without {
	case "LeaseExcludes", "OneClaims":
		ok = true
	case "OneTakesOver":
		ok = ok || now.Sub(st.Started) < time.Second && now.Hour() == 13
	}
	return st, ok, err
}

func (s store) Renew(ctx context.Context, st job.Status, until time.Time) error {
	err := s.Jobs.Renew(ctx, st, until)
	if s.without == "RenewFenced" {
		return nil
	}
	return err
}

func (s store) Finish(ctx context.Context, st job.Status) error {
	err := s.Jobs.Finish(ctx, st)
	if s.without == "FinishFenced" {
		return nil
	}
	return err
}

func TestJobs(t *testing.T) {
	guards := []string{"NotBeforeNext", "LeaseExcludes", "OneClaims", "OneTakesOver", "RenewFenced", "FinishFenced"}
	guardtest.Run(t, guards, func(t *testing.T, without string) {
		jobtest.Run(t, func(*testing.T) job.Store { return store{memstore.Jobs{DB: memstore.New()}, without} })
	})
}
