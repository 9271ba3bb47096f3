-- lane, entry, worker, deliveries → 1 if the lease was restarted, 0 if the delivery is stale
local stream, id = STREAMS[ARGV[1]], ARGV[2]
if not is_current(stream, id, ARGV[3], ARGV[4]) then
  return 0
end
-- JUSTID resets the idle time without counting a delivery.
redis.call('XCLAIM', stream, GROUP, ARGV[3], 0, id, 'JUSTID')
return 1
