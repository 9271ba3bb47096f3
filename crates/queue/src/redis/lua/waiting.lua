-- new epoch, max → for each lane: the subjects of at most that many jobs that no worker has claimed, in their order
ensure_complete(ARGV[1])
local max = tonumber(ARGV[2])

local function waiting(lane)
  local stream, subjects = STREAMS[lane], {}
  for _, entry in ipairs(redis.call('XRANGE', stream, '(' .. last_delivered(stream), '+', 'COUNT', max) or {}) do
    subjects[#subjects + 1] = string.match(job_of(entry) or '', '"subject":"([^"]*)"')
  end
  if lane == 'long' and #subjects < max then
    for _, member in ipairs(redis.call('ZRANGE', WAITING, 0, max - #subjects - 1)) do
      subjects[#subjects + 1] = string.match(member, '^(%S+) ')
    end
  end
  return subjects
end

return { waiting('short'), waiting('medium'), waiting('long') }
