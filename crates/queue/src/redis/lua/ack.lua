-- lane, worker, then of each delivery: entry, deliveries, subject → for each: 1 if the job has ended, 0 if it is stale
local stream, worker = STREAMS[ARGV[1]], ARGV[2]

-- One look at what the worker holds instead of one for each entry. Entries between these that other slots of the worker
-- hold may crowd some out; those are looked up one by one.
local held = {}
if #ARGV > 5 then
  local pending = redis.pcall('XPENDING', stream, GROUP, ARGV[3], ARGV[#ARGV - 2], #ARGV, worker)
  for _, entry in ipairs(pending.err and {} or pending) do
    held[entry[1]] = entry[4]
  end
end

local ended, ids, subjects = {}, {}, {}
for i = 3, #ARGV, 3 do
  local id, deliveries = ARGV[i], tonumber(ARGV[i + 1])
  if held[id] == deliveries or not held[id] and is_current(stream, id, worker, deliveries) then
    ids[#ids + 1], subjects[#subjects + 1] = id, ARGV[i + 2]
    ended[#ended + 1] = 1
  else
    ended[#ended + 1] = 0
  end
end
if #ids > 0 then
  redis.call('XACK', stream, GROUP, unpack(ids))
  redis.call('XDEL', stream, unpack(ids))
  redis.call('SREM', QUEUED, unpack(subjects))
  if stream == STREAMS.long and redis.call('XLEN', stream) + redis.call('ZCARD', WAITING) == 0 then
    -- Nobody's share is kept longer than somebody else can wait for it.
    redis.call('DEL', FINISH)
  end
end
return ended
