-- new epoch → for each lane: waiting, claimed, age of the oldest waiting job in ms or -1
ensure_complete(ARGV[1])
local now = now_ms()
local delayed = { short = 0, medium = 0, long = 0 }
for _, member in ipairs(redis.call('ZRANGE', DELAYED, 0, -1)) do
  local lane = string.match(member, '^(%a+) ')
  if delayed[lane or ''] then
    delayed[lane] = delayed[lane] + 1
  end
end

local function depth(lane)
  local stream = STREAMS[lane]
  local pending = redis.call('XPENDING', stream, GROUP)
  local claimed = pending[1]
  for _, consumer in ipairs(pending[4] or {}) do
    if consumer[1] == NEWER then
      claimed = claimed - tonumber(consumer[2])
    end
  end
  local waiting = redis.call('XLEN', stream) - claimed + delayed[lane]
  local oldest = redis.call('XRANGE', stream, '(' .. last_delivered(stream), '+', 'COUNT', 1)[1]
  -- An entry id begins with the time it was added.
  local since = oldest and tonumber(string.match(oldest[1], '^%d+'))
  if lane == 'long' then
    waiting = waiting + redis.call('ZCARD', WAITING)
    local first = redis.call('ZRANGE', SINCE, 0, 0, 'WITHSCORES')[2]
    since = math.min(since or math.huge, tonumber(first or math.huge))
    since = since < math.huge and since or nil
  end
  return { waiting, claimed, since and math.max(now - since, 0) or -1 }
end

return { depth('short'), depth('medium'), depth('long') }
