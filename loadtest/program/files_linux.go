package program

import "syscall"

// RaiseFileLimit lets this process and those that it starts open as many files as may be;
// Go has raised only our own limit. A hard limit below want is raised too where that is
// permitted, as it is to root; that it is not permitted is no error. It returns the limit in force,
// which may be below or above want. The error is that of the system; the
// limit is unchanged then, and the number has no meaning.
func RaiseFileLimit(want uint64) (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if limit.Max < want && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: want}) == nil {
		return want, nil
	}
	limit.Cur = limit.Max
	return limit.Cur, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
