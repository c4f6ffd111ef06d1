-- What wrk sends in a comparison, told by words of the form name=value behind "--":
--   kind    one (the same request again and again), cycle (prefix0, prefix1, ...),
--           random (of prefix0 ... prefix<count-1>), mixed
--   path    of kind one, and the prefix of the others
--   suffix  behind every path
--   count   how many paths there are
--   body    bytes of a POST; without it a GET
--   close   1: each request asks for the end of its connection
--   seed    of the random ones; different seeds have different misses
-- The last line of the output is for the program that started it.

local given = {}

local function get(n)
  return wrk.format("GET", given.path .. n .. given.suffix)
end

-- cycle asks for each path in turn; the requests are made once.
local function cycle(count)
  local requests, at = {}, 0
  for n = 1, count do
    requests[n] = get(n - 1 .. "/x")
  end
  return function()
    at = at % count + 1
    return requests[at]
  end
end

-- cut splits a request around its number, so that one for any number is two joins.
local function cut()
  local whole = get("\1")
  local at = whole:find("\1", 1, true)
  return whole:sub(1, at - 1), whole:sub(at + 1)
end

local function random(count)
  local head, tail = cut()
  return function()
    return head .. math.random(0, count - 1) .. tail
  end
end

-- mixed: 80 of 100 for something stored, 15 for what nobody has asked for, 5 posts.
local function mixed(count)
  local head, tail = cut()
  local post = wrk.format("POST", "/upload" .. given.suffix, nil, string.rep("p", 10240))
  local new = 0
  return function()
    local dice = math.random(100)
    if dice <= 80 then
      return head .. math.random(0, count - 1) .. tail
    elseif dice <= 95 then
      new = new + 1
      return head .. "new-" .. given.seed .. "-" .. new .. tail
    end
    return post
  end
end

function init(args)
  for _, word in ipairs(args) do
    local name, value = word:match("^(%w+)=(.*)$")
    given[name] = value
  end
  given.suffix = given.suffix or ""
  math.randomseed(tonumber(given.seed or "1"))
  local count = tonumber(given.count or "1")
  if given.kind == "cycle" then
    request = cycle(count)
  elseif given.kind == "random" then
    request = random(count)
  elseif given.kind == "mixed" then
    request = mixed(count)
  else
    wrk.path = given.path .. given.suffix
    if given.body then
      wrk.method = "POST"
      wrk.body = string.rep("p", tonumber(given.body))
    end
    if given.close then
      wrk.headers["Connection"] = "close"
    end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,' ..
    '"p50_us":%.1f,"p99_us":%.1f,"p999_us":%.1f,"max_us":%.1f}\n',
    summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.timeout, e.status,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end
