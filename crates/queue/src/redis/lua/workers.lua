-- key: workers; ms until forgotten → the reports that are younger
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
local all, young = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local said, report = string.match(all[i + 1], '^(%d+) (.*)$')
  if said and tonumber(said) > oldest then
    young[#young + 1] = report
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return young
