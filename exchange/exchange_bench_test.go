package exchange

import (
	"testing"
	"time"
)

// BenchmarkExchange is what the record itself costs a request with one attempt.
func BenchmarkExchange(b *testing.B) {
	now, id := time.Unix(100, 0), []byte("4f1c09d2a7b3e86051d2c4f7a9b8e360")
	b.ReportAllocs()
	for b.Loop() {
		x := Acquire(now)
		x.SetID(id)
		x.NextAttempt("127.0.0.1:1", now).Status = 200
		x.Release()
	}
}
