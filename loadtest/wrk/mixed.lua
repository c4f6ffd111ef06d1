-- A day's traffic in small: quick JSON, cacheable pages, bodies of several
-- sizes sized and chunked, and now and then an upload. The same seed gives the
-- same sequence; each thread has its own.

local thread_count = 0

function setup(thread)
  thread_count = thread_count + 1
  thread:set("seed", thread_count)
end

local function upload()
  return wrk.format("POST", "/upload", { ["Content-Type"] = "text/plain" }, string.rep("penstock", 512))
end

function init(args)
  math.randomseed(seed)
  requests = {}
  local function add(share, request)
    for _ = 1, share do
      requests[#requests + 1] = request
    end
  end
  add(50, wrk.format("GET", "/json"))
  for n = 1, 20 do
    add(1, wrk.format("GET", "/pages/" .. n))
  end
  add(15, wrk.format("GET", "/any?size=1KiB"))
  add(8, wrk.format("GET", "/any?size=64KiB"))
  add(4, wrk.format("GET", "/any?size=64KiB&chunked=1"))
  add(1, wrk.format("GET", "/any?size=1MiB"))
  add(2, upload())
end

function request()
  return requests[math.random(#requests)]
end
