//go:build unix

package boot

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks f for this process, or reports that another has it. The lock
// ends with the process, however it ends.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
