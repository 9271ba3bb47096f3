-- new epoch, max → the subjects of long jobs that no worker has claimed, in their order
ensure_complete(ARGV[1])
local stream, max, subjects = STREAMS.long, tonumber(ARGV[2]), {}
for _, entry in ipairs(redis.call('XRANGE', stream, '(' .. last_delivered(stream), '+', 'COUNT', max) or {}) do
  subjects[#subjects + 1] = string.match(job_of(entry) or '', '"subject":"([^"]*)"')
end
if #subjects < max then
  for _, member in ipairs(redis.call('ZRANGE', WAITING, 0, max - #subjects - 1)) do
    subjects[#subjects + 1] = string.match(member, '^(%S+) ')
  end
end
return subjects
