-- Uploads of one size: what a request body costs. The size in KiB is the first
-- argument after "--"; 4 without one. Bodies above 64 KiB are streamed.

function init(args)
  local kib = tonumber(args[1] or 4)
  local body = string.rep("penstock", kib * 128)
  request_bytes = wrk.format("POST", "/upload", { ["Content-Type"] = "application/octet-stream" }, body)
end

function request()
  return request_bytes
end
