package guardtest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// shelf is a toy store with two guards.
type shelf struct {
	without string
	have    map[string]int
}

func (s *shelf) put(key string, n int) bool {
	if n < 0 && s.without != "NoNegative" {
		return false
	}
	if _, ok := s.have[key]; ok && s.without != "NoTwice" {
		return false
	}
	s.have[key] = n
	return true
}

func suite(t *testing.T, without string) {
	open := func() *shelf { return &shelf{without, map[string]int{}} }
	t.Run("NoNegative", func(t *testing.T) {
		if open().put("a", -1) {
			t.Error("took a negative number")
		}
	})
	t.Run("NoTwice", func(t *testing.T) {
		s := open()
		if s.put("a", 1); s.put("a", 2) {
			t.Error("took a key twice")
		}
	})
}

func TestRun(t *testing.T) { Run(t, []string{"NoNegative", "NoTwice"}, suite) }

func TestRunInSubtest(t *testing.T) {
	t.Run("shelf (toy)", func(t *testing.T) { Run(t, []string{"NoTwice"}, suite) })
}

// TestChild is what TestMissed starts.
func TestChild(t *testing.T) {
	switch os.Getenv(env) {
	case "Seen":
		t.Run("Seen", func(t *testing.T) { t.Error("seen") })
	case "Panics":
		t.Run("Panics", func(*testing.T) { panic("seen") })
	case "Elsewhere":
		t.Run("NotElsewhere", func(t *testing.T) { t.Log("--- FAIL: TestChild/Elsewhere") })
		t.Run("Other", func(t *testing.T) { t.Error("not here") })
	case "Outside":
		t.Error("before any case")
	}
}

func TestMissed(t *testing.T) {
	if os.Getenv(env) != "" {
		t.Fatal("a child runs more than its own test")
	}
	for guard, want := range map[string]string{
		"Seen": "", "Panics": "",
		"Unseen":    "without Unseen the suite passes",
		"Elsewhere": `fails in ["TestChild" "TestChild/Other"]`,
		"Outside":   `fails in ["TestChild"]`,
	} {
		err := missed(t.Context(), "TestChild", guard)
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q in it", guard, err, want)
		}
	}
}

func TestFailures(t *testing.T) {
	out := "=== RUN TestA\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/one (0.00s)\n    --- PASS: TestA/two (0.00s)\nnote: --- FAIL: TestB (0s)\n"
	if got, want := failures(out), []string{"TestA", "TestA/one"}; !slices.Equal(got, want) {
		t.Errorf("failures = %q, want %q", got, want)
	}
	if got, want := exactly("TestA/a.b"), `^TestA$/^a\.b$`; got != want {
		t.Errorf("exactly = %s, want %s", got, want)
	}
}
