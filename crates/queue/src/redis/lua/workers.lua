-- key: workers; TTL in ms → the reports that have not expired
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
local all, current = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local reported, report = string.match(all[i + 1], '^(%d+) (.*)$')
  if reported and tonumber(reported) > oldest then
    current[#current + 1] = report
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return current
