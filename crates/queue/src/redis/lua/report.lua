-- key: workers; worker, report, TTL in ms
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
