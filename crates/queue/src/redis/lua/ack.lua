-- lane, entry, worker, deliveries, subject → 1 if the job has ended, 0 if the delivery is stale
local stream, id = STREAMS[ARGV[1]], ARGV[2]
if not is_current(stream, id, ARGV[3], ARGV[4]) then
  return 0
end
remove(stream, id)
redis.call('SREM', QUEUED, ARGV[5])
return 1
