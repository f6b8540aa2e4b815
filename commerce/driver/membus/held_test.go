package membus_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mercer-commerce/mercer/commerce/driver/membus"
	"github.com/mercer-commerce/mercer/commerce/event"
)

// TestHeld holds that nothing moves by itself, that what is refused stays before
// what comes after it, and that one Key does not wait for another.
func TestHeld(t *testing.T) {
	bus := membus.NewHeld(quiet)
	var got []string
	errNo := errors.New("no")
	refuse := true
	_, err := bus.Subscribe(t.Context(), "g", []string{"*"}, func(_ context.Context, e event.Envelope) error {
		got = append(got, e.ID)
		if refuse && e.ID == "a1" {
			return errNo
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Publish(t.Context(), event.Envelope{ID: "b1", Key: "b"}, event.Envelope{ID: "a1", Key: "a"}, event.Envelope{ID: "a2", Key: "a"}); err != nil {
		t.Fatal(err)
	}
	waiting := func() (ids []string) {
		for _, n := range bus.Waiting() {
			ids = append(ids, n.Group+" "+n.ID)
		}
		return ids
	}
	if want := []string{"g a1", "g b1"}; len(got) > 0 || !slices.Equal(waiting(), want) {
		t.Fatalf("took %v, waiting %v, want none and %v", got, waiting(), want)
	}
	first := bus.Waiting()[0]
	if err := bus.Deliver(t.Context(), first); !errors.Is(err, errNo) {
		t.Errorf("err = %v, want %v", err, errNo)
	}
	refuse = false
	for range 2 { // the second time it is not there any more
		if err := bus.Deliver(t.Context(), first); err != nil {
			t.Error(err)
		}
	}
	for len(bus.Waiting()) > 0 {
		if err := bus.Deliver(t.Context(), bus.Waiting()[0]); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a1", "a1", "a2", "b1"}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if err := bus.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
