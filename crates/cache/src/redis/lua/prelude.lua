-- Precedes every script of the event channel. All of them get the same keys.

local EPOCH, EVENTS = KEYS[1], KEYS[2]

-- Begins a new epoch if a key is missing. The first entry is no event: it creates the stream, which is never empty.
local function ensure_complete(epoch)
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
