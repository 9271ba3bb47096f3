-- lane, entry, worker, deliveries, job, delay in ms → 1 if it is given back, 0 if it is not theirs
local lane, id, job, delay_ms = ARGV[1], ARGV[2], ARGV[5], tonumber(ARGV[6])
local stream = STREAMS[lane]
if not is_held(stream, id, ARGV[3], ARGV[4]) then
  return 0
end
remove(stream, id)
if delay_ms > 0 then
  redis.call('ZADD', DELAYED, now_ms() + delay_ms, lane .. ' ' .. job)
else
  add(stream, job)
end
return 1
