//go:build !unix

package main

import "errors"

// child is for the tests that kill it, which need signals.
func child() error { return errors.ErrUnsupported }
