// Package guardtest proves that a conformance suite names each guard that a
// store lacks: a suite that has never been seen to fail promises nothing.
//
// A suite fails through its *testing.T, so the proof runs the test binary again,
// once per guard, with MERCER_WITHOUT set to the guard, and reads what failed.
package guardtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	env   = "MERCER_WITHOUT"
	limit = 2 * time.Minute // of one child
)

// Run runs suite on a whole store, where it must pass, and in a process of its
// own on a store without each of guards, where the case of the suite that has
// the guard's name must fail. suite makes the store; without is the guard to
// leave out, "" for none. One test calls Run once and does nothing else.
func Run(t *testing.T, guards []string, suite func(t *testing.T, without string)) {
	if guard := os.Getenv(env); guard != "" {
		suite(t, guard)
		return
	}
	name := t.Name()
	t.Run("whole", func(t *testing.T) { suite(t, "") })
	for _, guard := range guards {
		t.Run("without "+guard, func(t *testing.T) {
			if err := missed(t.Context(), name, guard); err != nil {
				t.Error(err)
			}
		})
	}
}

// missed runs the named test without guard and returns an error unless it fails
// in the case of that name.
func missed(ctx context.Context, name, guard string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run="+exactly(name), "-test.count=1", "-test.timeout="+limit.String())
	cmd.Env = append(os.Environ(), env+"="+guard)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("without %s the suite does not end:\n%s", guard, out)
	}
	if err == nil {
		return fmt.Errorf("without %s the suite passes:\n%s", guard, out)
	}
	failed := failures(string(out))
	for _, test := range failed {
		if path.Base(test) == guard {
			return nil
		}
	}
	return fmt.Errorf("without %s the suite fails in %q, not in a case of that name:\n%s", guard, failed, out)
}

// exactly returns the -test.run pattern of the test and its subtests.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

var failLine = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+) \(`)

// failures returns the tests that failed according to the output of a binary.
func failures(out string) (names []string) {
	for _, m := range failLine.FindAllStringSubmatch(out, -1) {
		names = append(names, m[1])
	}
	return names
}
