package gateway

import "penstock/conn"

// holdSlow has the request count among those of which half of limits.requests may be slow, until
// releaseSlow. It is called when a body is streamed to or from the client, which p measures;
// small requests never are.
func (s *shares) holdSlow(p *conn.Pace, l *conn.SlowLimit) {
	if s.pace == nil {
		s.pace = p
		p.Hold(l)
	}
}

func (s *shares) releaseSlow(l *conn.SlowLimit) {
	if s.pace != nil {
		s.pace.Release(l)
		s.pace = nil
	}
}
