-- epoch of a new life, subject, lane, job → 1 if it was added, 0 if it was there
revive(ARGV[1])
if redis.call('SADD', QUEUED, ARGV[2]) == 0 then
  return 0
end
add(STREAMS[ARGV[3]], ARGV[4])
return 1
