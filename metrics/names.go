package metrics

// kind is the type of a metric family as the text format spells it.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

// family is one metric name and its meaning. The unit is "seconds", "bytes" or "" for plain
// numbers; it ends the name, or comes before _total.
type family struct {
	name string
	kind kind
	unit string
	help string
}

// The families of one route.
var (
	requests      = family{"penstock_requests_total", counter, "", "Requests finished, by route, status code and its class; code \"none\" when nothing was sent."}
	duration      = family{"penstock_request_duration_seconds", histogram, "seconds", "From the request head to the end of the response; tunnels are left out."}
	inFlight      = family{"penstock_requests_in_flight", gauge, "", "Requests that have begun and not finished, tunnels included."}
	requestBytes  = family{"penstock_request_body_bytes_total", counter, "bytes", "Request body bytes read from clients."}
	responseBytes = family{"penstock_response_body_bytes_total", counter, "bytes", "Response body bytes written to client connections."}
	faults        = family{"penstock_faults_total", counter, "", "Requests that ended in a fault, by its name."}
)

// The families of the response cache, of routes that have one and then of the store.
var (
	cacheRequests   = family{"penstock_cache_requests_total", counter, "", "Requests of routes with a cache, by outcome: hit, stale, revalidated, collapsed, miss or bypass."}
	cacheForwarded  = family{"penstock_cache_forwarded_total", counter, "", "Requests that the cache sent on to the origin, by the reason of RFC 9211."}
	cacheStored     = family{"penstock_cache_stored_total", counter, "", "Responses of the origin that could have been stored, by result: stored, else the reason why not."}
	cacheServed     = family{"penstock_cache_served_body_bytes_total", counter, "bytes", "Response body bytes that did not come from the origin for this request."}
	cacheFill       = family{"penstock_cache_fill_duration_seconds", histogram, "seconds", "From the request to the origin to the last byte, of responses that were stored."}
	cacheConfigured = family{"penstock_cache_configured_bytes", gauge, "bytes", "Upper limit of the store's size."}
	cacheUsed       = family{"penstock_cache_used_bytes", gauge, "bytes", "Memory that the store has taken so far; it is never given back."}
	cacheOverhead   = family{"penstock_cache_overhead_bytes", gauge, "bytes", "Memory of the store for other purposes: index (estimated), purges, admission."}
	cacheRecords    = family{"penstock_cache_records", gauge, "", "Records in the store, estimated: responses, and each segment of a large body."}
	cacheEvictions  = family{"penstock_cache_evictions_total", counter, "", "Records pushed out by newer ones, estimated; not those that were replaced or deleted."}
	cacheVanished   = family{"penstock_cache_vanished_total", counter, "", "Bodies of which a segment was overwritten before the body was read completely."}
	cacheDamaged    = family{"penstock_cache_damaged_total", counter, "", "Records whose checksum was wrong; they are never used."}
	cacheCollisions = family{"penstock_cache_collisions_total", counter, "", "Lookups that found another key with the same hash; each counts as a miss."}
	cachePurges     = family{"penstock_cache_purges_total", counter, "", "Purges of every scope, those by unsafe methods included."}
	cacheFlights    = family{"penstock_cache_fetches_in_flight", gauge, "", "Fetches under way that other requests may join."}
	cacheWaiters    = family{"penstock_cache_requests_waiting", gauge, "", "Requests that wait for the fetch of another request, or read from it."}
	cacheSaved      = family{"penstock_cache_last_save_timestamp_seconds", gauge, "seconds", "When the store was last saved to cache.path, as Unix time; 0 before."}
)

// The families of rate limits. A limit of all routes has the route "" where it has one figure.
var (
	rateLimited   = family{"penstock_rate_limited_total", counter, "", "Requests that a rate limit refused, by route and name of the limit."}
	rateKeys      = family{"penstock_rate_limit_keys", gauge, "", "Keys of a rate limit that have used some of their burst."}
	rateForgotten = family{"penstock_rate_limit_forgotten_total", counter, "", "Keys that a full table of a rate limit forgot, so that they began anew with a whole burst."}
)

// The families of upstreams and their backends.
var (
	backendRequests   = family{"penstock_backend_requests_total", counter, "", "Attempts sent to a backend, by the route of the request."}
	attempts          = family{"penstock_backend_attempts_total", counter, "", "Attempts by result: ok, else the name of the fault."}
	reused            = family{"penstock_backend_reused_attempts_total", counter, "", "Attempts on a connection that had been used before."}
	queueTime         = family{"penstock_backend_queue_duration_seconds", histogram, "seconds", "Time spent waiting for a free connection; only attempts that waited."}
	connectTime       = family{"penstock_backend_connect_duration_seconds", histogram, "seconds", "TCP and TLS set-up; only attempts that opened a connection."}
	firstByteTime     = family{"penstock_backend_first_byte_duration_seconds", histogram, "seconds", "From the pick of the backend to its response head."}
	sentBytes         = family{"penstock_backend_sent_body_bytes_total", counter, "bytes", "Request body bytes written to the backend."}
	receivedBytes     = family{"penstock_backend_received_body_bytes_total", counter, "bytes", "Response body bytes read from the backend."}
	ejections         = family{"penstock_backend_ejections_total", counter, "", "How often the backend was ejected, by reason: connect, errors, silent or slow."}
	ejectRefused      = family{"penstock_backend_ejections_refused_total", counter, "", "How often the backend was not ejected, because eject.at_most of its upstream were already."}
	healthChecks      = family{"penstock_backend_health_checks_total", counter, "", "Active health checks of the backend, by result: success or failure."}
	healthTime        = family{"penstock_backend_health_check_duration_seconds", gauge, "seconds", "How long the latest active health check of the backend took."}
	breakerOpened     = family{"penstock_backend_breaker_opened_total", counter, "", "How often the breaker of the backend has opened."}
	backendUp         = family{"penstock_backend_up", gauge, "", "1 while the state of the backend is up or warming, else 0."}
	backendState      = family{"penstock_backend_state", gauge, "", "1 for the state that the backend is in: up, warming, checking, down, ejected, open, half-open or drained."}
	backendInFlight   = family{"penstock_backend_requests_in_flight", gauge, "", "Attempts under way at the backend."}
	connections       = family{"penstock_backend_connections", gauge, "", "Connections to the backend, by state: active or idle."}
	waiting           = family{"penstock_backend_requests_waiting", gauge, "", "Requests that wait for a connection to the backend."}
	retries           = family{"penstock_upstream_retries_total", counter, "", "Attempts after the first, by the fault of the attempt before; cause \"status\" when it got a response."}
	upstreamPanic     = family{"penstock_upstream_panic", gauge, "", "1 while so few backends can be used that requests go to those too that are ejected or whose health checks fail, else 0."}
	retriesRefused    = family{"penstock_upstream_retries_refused_total", counter, "", "Retries that the retry budget did not allow."}
	slowEnded         = family{"penstock_slow_ended_total", counter, "", "Transfers that were ended as the slowest of too many slow ones: by pool.slow of the upstream, or with upstream \"\" by half of limits.requests."}
	concurrencyLimit  = family{"penstock_backend_concurrency_limit", gauge, "", "Attempts at the backend that may wait for a response head at the same time; with concurrency: watch it is not enforced."}
	concurrencyBase   = family{"penstock_backend_concurrency_base_seconds", gauge, "seconds", "Median time to the response head without a queue in the backend; 0 until it is known."}
	concurrencyMedian = family{"penstock_backend_concurrency_median_seconds", gauge, "seconds", "Median time to the response head of the latest attempts; 0 until it is known."}
	queueWaiting      = family{"penstock_queue_waiting", gauge, "", "Requests that wait because no backend of the upstream has room, by priority."}
	queueDuration     = family{"penstock_queue_duration_seconds", histogram, "seconds", "Time spent waiting for a backend with room, of requests that had to wait, also of those that were refused then."}
	shed              = family{"penstock_shed_total", counter, "", "Requests refused because no backend of the upstream had room, by priority and reason: queue-full or queue-timeout."}
)

// The families of the whole process.
var (
	clientConnections = family{"penstock_client_connections", gauge, "", "Open client connections on the public listeners."}
	bufferedBodies    = family{"penstock_buffered_body_bytes", gauge, "bytes", "Buffers for request bodies that are read before a backend is chosen; at most limits.buffered_bodies."}
	clientsParked     = family{"penstock_client_connections_parked", gauge, "", "Of the open client connections, those that were idle for a second and have released their buffers until the next request."}
	clientsResting    = family{"penstock_client_connections_resting", gauge, "", "Deprecated: the old name of penstock_client_connections_parked."}
	clientsRefused    = family{"penstock_client_connections_refused_total", counter, "", "Client connections refused by limits.connections."}
	tunnels           = family{"penstock_tunnels_open", gauge, "", "Open tunnels (WebSocket and other upgrades)."}
	reloadOK          = family{"penstock_config_last_reload_successful", gauge, "", "1 when the last load of the configuration worked, else 0."}
	reloadTime        = family{"penstock_config_last_reload_timestamp_seconds", gauge, "seconds", "When the configuration in use was loaded, as Unix time."}
	reloads           = family{"penstock_config_reloads_total", counter, "", "Loads of the configuration, by result: success or failure."}
	generations       = family{"penstock_config_generations_live", gauge, "", "Snapshots of the configuration still in use; slow requests keep old ones in use."}
	accessDropped     = family{"penstock_access_log_lines_dropped_total", counter, "", "Access log lines lost to a full queue or a failed write."}
	logDropped        = family{"penstock_log_lines_dropped_total", counter, "", "Process log lines lost because standard error was not read or could not be written."}
	unattributed      = family{"penstock_backend_requests_unattributed_total", counter, "", "Attempts at backends that are no longer configured, or that are above the limit of counted backends."}
	omitted           = family{"penstock_metrics_series_omitted", gauge, "", "Series that this page leaves out because it would have more than 50000; histograms are left out first."}
	buildInfo         = family{"penstock_build_info", gauge, "", "Always 1; the labels contain the version."}
	uptime            = family{"penstock_uptime_seconds", gauge, "seconds", "Time since the process began to serve."}
)

// families lists every name.
func families() []family {
	return []family{
		requests, duration, inFlight, requestBytes, responseBytes, faults,
		backendRequests, cacheRequests, cacheForwarded, cacheStored, cacheServed, cacheFill, attempts, reused, queueTime, connectTime, firstByteTime,
		sentBytes, receivedBytes, ejections, ejectRefused, healthChecks, healthTime, breakerOpened, backendUp, backendState, backendInFlight, connections,
		waiting, concurrencyLimit, concurrencyBase, concurrencyMedian, queueWaiting, queueDuration, shed, upstreamPanic, retries, retriesRefused, slowEnded, rateLimited, rateKeys, rateForgotten,
		cacheConfigured, cacheUsed, cacheOverhead, cacheRecords, cacheEvictions, cacheVanished, cacheDamaged,
		cacheCollisions, cachePurges, cacheFlights, cacheWaiters, cacheSaved,
		clientConnections, clientsParked, clientsResting, bufferedBodies, clientsRefused, tunnels, reloadOK, reloadTime, reloads,
		generations, accessDropped, logDropped, unattributed, buildInfo, uptime, omitted,
	}
}
