-- Precedes both scripts of the buckets. A bucket is '<seconds left> <ms since 1970>'; one that is missing is full.

local BUCKET, PER_MINUTE = KEYS[1], tonumber(ARGV[1])

-- Returns the seconds left and when, or nothing.
local function stored()
  local left, at = string.match(redis.call('GET', BUCKET) or '', '^(%S+) (%S+)$')
  return tonumber(left), tonumber(at)
end

-- Stores a bucket until it is full again.
local function store(left, at)
  local full_in_ms = (PER_MINUTE - left) * 60000 / PER_MINUTE
  if full_in_ms < 1 then
    redis.call('DEL', BUCKET)
  else
    redis.call('SET', BUCKET, string.format('%.6f %.0f', left, at), 'PX', string.format('%.0f', math.ceil(full_in_ms)))
  end
end
