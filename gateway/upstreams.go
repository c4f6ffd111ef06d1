package gateway

import (
	"time"

	"penstock/config"
	"penstock/lb"
	"penstock/metrics"
	"penstock/ratelimit"
	"penstock/upstream"
)

// pooledUpstream is one upstream of a snapshot: the cluster of its backends and
// what all routes share of it.
type pooledUpstream struct {
	name      string
	config    *config.Upstream
	cluster   *upstream.Cluster
	queue     *queue            // nil when no request waits for room
	budget    *ratelimit.Budget // nil when retries are not bounded
	hashName  []byte            // field or cookie that the hash is taken from
	fixedHost []byte
	metrics   *metrics.Upstream
}

// countRequest adds a request to the retry budget.
func (u *pooledUpstream) countRequest(now time.Time) {
	if u.budget != nil {
		u.budget.Request(now.UnixNano())
	}
}

// mayRetry takes one retry from the budget; false means that retries are already
// too large a share of the upstream's requests.
func (u *pooledUpstream) mayRetry(now time.Time) bool {
	if u.budget == nil || u.budget.TryRetry(now.UnixNano()) {
		return true
	}
	u.metrics.RetryRefused()
	return false
}

// hostField is the Host that the backend sees. A client of HTTP/1.0 may have sent
// none; then the backend's own name is the best there is.
func (u *pooledUpstream) hostField(j *journey, m *upstream.Member) []byte {
	switch {
	case u.config.Host.Mode == config.HostFixed:
		return u.fixedHost
	case u.config.Host.Mode == config.HostUpstream || len(j.request.Host) == 0:
		return m.Host
	}
	return j.cache.Host(j.request.Host)
}

// hashKey is what consistent hashing sees of the request; 0 for other methods. A
// request without the field or cookie hashes the client's address instead.
func (u *pooledUpstream) hashKey(j *journey) uint64 {
	if u.config.Balance.Method != config.Hash {
		return 0
	}
	switch u.config.Balance.HashOn {
	case config.HashPath:
		return lb.Hash(j.request.Path)
	case config.HashHeader:
		if value := j.request.Head.Lookup(u.hashName); len(value) > 0 {
			return lb.Hash(value)
		}
	case config.HashCookie:
		if value, _ := j.request.Head.Cookie(u.config.Balance.HashName); len(value) > 0 {
			return lb.Hash(value)
		}
	}
	address := j.x.Client.As16()
	return lb.Hash(address[:])
}
