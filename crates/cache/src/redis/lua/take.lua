-- seconds per minute, price in seconds, now in ms → the seconds that are missing; '0' if the price was taken
local price, now = tonumber(ARGV[2]), tonumber(ARGV[3])
local left, at = stored()
if left then
  left = math.min(PER_MINUTE, left + math.max(0, now - at) * PER_MINUTE / 60000)
  now = math.max(now, at)
else
  left = PER_MINUTE
end
local needed = math.min(price, PER_MINUTE)
if left < needed then
  return string.format('%.6f', needed - left)
end
store(left - price, now)
return '0'
