package lb

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// loaded makes a pool with uneven weights, some load and some latency.
func loaded(n int, m Method) (*Pool, []*Backend) {
	g, list := backends(n, EjectOptions{Failures: 5})
	weights := make([]int, n)
	for i, b := range list {
		weights[i] = 1 + i%7
		for range i % 3 {
			b.Begin()
		}
		b.latency.add(time.Duration(1+i%11)*time.Millisecond, t0)
	}
	return NewPool(g, weights, nil, Options{Method: m}), list
}

func BenchmarkPick(b *testing.B) {
	for m := range methodCount {
		for _, n := range []int{1, 3, 16, 1000} {
			b.Run(fmt.Sprintf("%v/%d", m, n), func(b *testing.B) {
				p, _ := loaded(n, m)
				var tried Set
				now := t0.UnixNano()
				b.ReportAllocs()
				for key := uint64(0); b.Loop(); key++ {
					if p.Pick(key, &tried, now) == nil {
						b.Fatal("got no backend")
					}
				}
			})
		}
	}
}

// BenchmarkPickOthers is a pick while one backend is out and one was tried.
func BenchmarkPickOthers(b *testing.B) {
	for m := range methodCount {
		for _, n := range []int{3, 16} {
			b.Run(fmt.Sprintf("%v/%d", m, n), func(b *testing.B) {
				p, list := loaded(n, m)
				eject(list[1])
				var tried Set
				tried.Add(list[0])
				now := t0.UnixNano()
				b.ReportAllocs()
				for key := uint64(0); b.Loop(); key++ {
					if p.Pick(key, &tried, now) == nil {
						b.Fatal("got no backend")
					}
				}
			})
		}
	}
}

func BenchmarkPickParallel(b *testing.B) {
	for m := range methodCount {
		b.Run(m.String(), func(b *testing.B) {
			p, _ := loaded(3, m)
			now := t0.UnixNano()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for key := uint64(0); pb.Next(); key++ {
					p.Pick(key, nil, now).Begin()
				}
			})
		})
	}
}

// BenchmarkBeginEnd is what an attempt costs, without ejection, with only that by failures
// in a row, and with all that is on by default.
func BenchmarkBeginEnd(b *testing.B) {
	for name, rule := range map[string]EjectOptions{
		"off": {}, "row": {Failures: 5}, "standard": standard(rand.New(rand.NewPCG(1, 1))),
	} {
		b.Run(name, func(b *testing.B) {
			_, list := backends(3, rule)
			now := t0
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Microsecond)
				list[0].Begin()
				list[0].End(Success, time.Millisecond, now)
			}
		})
	}
}

func BenchmarkSequenceNext(b *testing.B) {
	for name, weights := range map[string][]int{"period": {5, 3, 1}, "above-limit": {9973, 5000, 1}} {
		b.Run(name, func(b *testing.B) {
			s := NewSequence(weights, 0)
			b.ReportAllocs()
			for b.Loop() {
				s.Next()
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	key := []byte("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
	b.ReportAllocs()
	b.SetBytes(int64(len(key)))
	for b.Loop() {
		Hash(key)
	}
}

func BenchmarkNewPool(b *testing.B) {
	for _, m := range []Method{RoundRobin, ConsistentHash} {
		for _, n := range []int{3, 16, 1000} {
			b.Run(fmt.Sprintf("%v/%d", m, n), func(b *testing.B) {
				g, _ := backends(n, EjectOptions{})
				for b.Loop() {
					NewPool(g, nil, nil, Options{Method: m})
				}
			})
		}
	}
}
