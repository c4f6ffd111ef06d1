package listener

import (
	"math"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	quiesceTime = time.Second           // limits the wait for queued connections that are not accepted
	settleTime  = 50 * time.Millisecond // a queue that was empty for so long gets no more: handshakes have ended
)

// nowhere is the index of an interface that does not exist. A listening socket that is
// bound to it gets no new handshake: clients are refused at once, as if it were closed,
// while handshakes under way and queued connections continue.
const nowhere = math.MaxInt32

// quiesce refuses new connections and returns when all that the kernel has accepted, or is
// about to, were taken from the queue. Closing a listener would reset the queued ones, although
// their clients may have sent a whole request by then.
func quiesce(l net.Listener) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	err = raw.Control(func(fd uintptr) { // before Linux 5.7 it fails: then the queue is emptied all the same
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, nowhere)
	})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for now, busy := began, began; err == nil && now.Sub(busy) < settleTime && now.Sub(began) < quiesceTime; now = <-tick.C {
		if waiting(raw) {
			busy = now
		}
	}
}

// waiting reports whether the listener's queue holds a connection.
func waiting(raw syscall.RawConn) (yes bool) {
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		yes = err == nil && n > 0
	})
	return yes
}
