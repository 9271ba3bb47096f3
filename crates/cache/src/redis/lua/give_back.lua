-- seconds per minute, price in seconds
local left, at = stored()
if left then
  store(math.min(PER_MINUTE, left + tonumber(ARGV[2])), at)
end
return 1
