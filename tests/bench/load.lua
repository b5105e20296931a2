-- For wrk: the same requests in turn as load.py sends, and the same JSON object at the end.

local raw, at = {}, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   for request in file:read("*a"):gmatch("[^%z]+") do
      raw[#raw + 1] = request
   end
   file:close()
end

function request()
   at = at % #raw + 1
   return raw[at]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"count":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"errors":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
