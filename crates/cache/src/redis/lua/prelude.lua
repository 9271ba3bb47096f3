-- Comes before the scripts of the announcements. Both are given the same keys.

local EPOCH, EVENTS = KEYS[1], KEYS[2]

-- Begins a new life if the old one is gone. Its first entry only makes the stream, which is never empty after.
local function revive(epoch)
  if redis.call('EXISTS', EPOCH, EVENTS) == 2 then
    return
  end
  redis.call('DEL', EPOCH, EVENTS)
  redis.call('XADD', EVENTS, '0-1', 'a', '')
  redis.call('SET', EPOCH, epoch)
end

local function number_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function last_number()
  return number_of(redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1])
end

-- Lua itself would write large numbers with an exponent.
local function text_of(number)
  return string.format('%.0f', number)
end
