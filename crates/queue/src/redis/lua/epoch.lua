-- new epoch, used if the queue is incomplete or has lost jobs → the epoch
ensure_complete(ARGV[1])

-- Every queued subject has one entry in a stream or among the delayed jobs, and claimed entries stay in theirs. Fewer
-- entries mean that some were lost, and their subjects could never be enqueued again. Waiting long jobs are in two sets.
local entries = redis.call('ZCARD', DELAYED)
for i = 4, 6 do
  entries = entries + redis.call('XLEN', KEYS[i])
end
-- A user made for an earlier version may not count the set; then this check is left out.
local subjects = redis.pcall('SCARD', QUEUED)
local is_lost = type(subjects) == 'number' and subjects > entries
if is_lost or redis.call('ZCARD', WAITING) ~= redis.call('ZCARD', SINCE) then
  reset(ARGV[1])
end
return redis.call('GET', EPOCH)
