package program

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// FreeAddresses returns n different loopback addresses, "127.0.0.1:port", without a listener when it
// looks: it keeps none of them. Their ports are below those
// that the system gives to clients, so that no client takes one. It returns nil and an error
// when there are fewer, and nil for n of zero.
func FreeAddresses(n int) ([]string, error) {
	const first, last = 10000, 32000
	var all []string
	at := rand.IntN(last - first) // another run beside this one looks elsewhere
	for i := 0; i < last-first && len(all) < n; i++ {
		port := first + (at+i)%(last-first)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		ln, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		defer func() { _ = ln.Close() }() // all are held until all are found
		all = append(all, address)
	}
	if len(all) < n {
		return nil, fmt.Errorf("only %d of %d ports from %d to %d are free", len(all), n, first, last)
	}
	return all, nil
}
