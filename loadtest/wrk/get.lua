-- One small GET again and again: the cost of passing a request through.
-- The path is the first argument after "--"; /json without one.

function init(args)
  wrk.path = args[1] or "/json"
  request_bytes = wrk.format("GET")
end

function request()
  return request_bytes
end
