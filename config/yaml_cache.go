package config

import "penstock/options"

// tree prints how a route is cached; nil is off.
func (c *Cache) tree() *node {
	if c == nil {
		return plain("off")
	}
	n := tree().put("ttl", durationOrOff(c.TTL))
	if len(c.ByStatus) > 0 {
		all := flow(tree())
		for _, s := range c.ByStatus {
			all.put(s.statuses().String(), durationOrOff(s.TTL))
		}
		n.put("by_status", all)
	}
	onError := durationOrOff(c.StaleUnreachable)
	if c.StaleUnreachable != c.StaleServerError {
		onError = plain("on")
	}
	n.put("stale", durationOrOff(c.Stale)).put("stale_on_error", onError)
	n.put("key", flow(tree().
		put("query", c.Query.tree()).
		put("headers", texts(c.Headers)).
		put("cookies", texts(c.Cookies))))
	n.put("force", onOrOff(c.Force)).put("heuristic", onOrOff(c.Heuristic))
	n.put("vary", flow(tree().put("max", number(c.MaxVariants))))
	n.put("max_object", plain(options.FormatSize(c.MaxObject))).put("tags", textOrOff(c.Tags)).put("methods", texts(c.Methods))
	control := clientControlText[0]
	if c.ClientControl {
		control = clientControlText[1]
	}
	return n.put("client_control", plain(control)).
		put("store_set_cookie", onOrOff(c.StoreSetCookie)).
		put("targets", texts(c.Targets))
}

func (q *CacheQuery) tree() *node {
	switch q.Mode {
	case QueryOnly:
		return texts(q.Names)
	case QueryExcept:
		return flow(tree().put("except", texts(q.Names)))
	}
	return plain(q.Mode.String())
}
