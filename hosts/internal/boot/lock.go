package boot

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mercer-commerce/mercer/commerce/fault"
)

// ErrServed says that another server has the database.
var ErrServed = fault.New(fault.Conflict, "boot.served", "another server serves this database")

// lock takes the right to serve the SQLite file at path. Closing gives it back.
// The file beside it stays: to remove it would let two processes lock two files
// of one name.
func lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err != nil || !ok {
		data, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("lock %s.lock: %w", path, err)
		}
		return nil, served(path, strings.TrimSpace(string(data)))
	}
	_ = f.Truncate(0) // what is in it is for people only
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return f, nil
}

func served(path, pid string) error {
	who := "another server"
	if pid != "" {
		who += " (process " + pid + ")"
	}
	return ErrServed.Saying(who + " serves " + path + ": stop it first, or give this one its own data with MERCER_DATA=./data2")
}
