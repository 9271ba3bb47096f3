-- lane, entry, worker, deliveries → 1 if it is kept for another lease, 0 if it is not theirs
local stream, id = STREAMS[ARGV[1]], ARGV[2]
if not is_held(stream, id, ARGV[3], ARGV[4]) then
  return 0
end
-- With JUSTID the idle time begins anew and the deliveries are not counted up.
redis.call('XCLAIM', stream, GROUP, ARGV[3], 0, id, 'JUSTID')
return 1
