-- new epoch, subject, lane, job → 1 if the job was added, 0 if its subject was in the queue
ensure_complete(ARGV[1])
if redis.call('SADD', QUEUED, ARGV[2]) == 0 then
  return 0
end
add(STREAMS[ARGV[3]], ARGV[4])
return 1
