-- lane, entry, worker, deliveries, subject, job, delay in ms → 1 if the job is back in the queue, 0 if the delivery is
-- stale
local lane, id, subject, job, delay_ms = ARGV[1], ARGV[2], ARGV[5], ARGV[6], tonumber(ARGV[7])
local stream = STREAMS[lane]
if not is_current(stream, id, ARGV[3], ARGV[4]) then
  return 0
end
remove(stream, id)
if delay_ms > 0 then
  redis.call('ZADD', DELAYED, now_ms() + delay_ms, lane .. ' ' .. job)
else
  add(lane, subject, job)
end
return 1
