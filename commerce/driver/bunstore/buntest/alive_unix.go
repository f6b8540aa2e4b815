//go:build unix

package buntest

import "syscall"

// alive reports whether a process of this machine runs.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
