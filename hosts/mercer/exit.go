package main

import (
	"errors"
	"fmt"

	"github.com/mercer-commerce/mercer/commerce/fault"
	"github.com/mercer-commerce/mercer/hosts/internal/boot"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitConflict    = 4
	exitDenied      = 5
	exitUnavailable = 6
)

// usageError says that a command line, or a setting, is wrong.
type usageError string

func (e usageError) Error() string { return string(e) }

func usage(text string) error { return usageError(text) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// code returns the exit code for err.
func code(err error) int {
	if err == nil {
		return exitOK
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[boot.Faults](err); ok {
		return exitUsage
	}
	if errors.Is(err, boot.ErrLeftOut) {
		return exitFailed
	}
	switch fault.KindOf(err) {
	case fault.Malformed, fault.Invalid, fault.TooLarge, fault.WrongType:
		return exitUsage
	case fault.NotFound:
		return exitNotFound
	case fault.Conflict, fault.Refused, fault.Stale:
		return exitConflict
	case fault.Unauthenticated, fault.Denied:
		return exitDenied
	case fault.Unavailable, fault.Throttled:
		return exitUnavailable
	default:
		return exitFailed
	}
}

// fail says what went wrong and returns the exit code.
func (w *world) fail(err error) int {
	if err == nil {
		return exitOK
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		w.note("mercer: %v", err)
		return code(err)
	}
	text := f.Text
	if f.Param != "" {
		text = f.Param + ": " + text
	}
	w.note("mercer: %s (%s)", text, f.Code)
	for _, it := range f.Errors {
		w.note("  %s: %s", it.Param, it.Message)
	}
	if len(f.Meta) > 0 && string(f.Meta) != "null" {
		w.note("  %s", f.Meta)
	}
	if cause := errors.Unwrap(error(f)); cause != nil {
		w.note("  %v", cause)
	}
	return code(err)
}
