-- Sends 1 MiB to /upload, GETs everywhere else, and prints what `run` reads: one line of
-- numbers, durations in microseconds.

if wrk.path == "/upload" then
  wrk.method = "POST"
  wrk.body = string.rep("x", 1024 * 1024)
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end
