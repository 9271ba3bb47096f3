-- new epoch, then of each job: subject, lane, job → for each job: 1 if it was added, 0 if its subject was in the queue
ensure_complete(ARGV[1])
local added = {}
for i = 2, #ARGV, 3 do
  local is_new = redis.call('SADD', QUEUED, ARGV[i])
  if is_new == 1 then
    add(STREAMS[ARGV[i + 1]], ARGV[i + 2])
  end
  added[#added + 1] = is_new
end
return added
