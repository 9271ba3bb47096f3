-- lane, entry, worker → leaves an unreadable entry to a newer worker
local stream, id = STREAMS[ARGV[1]], ARGV[2]
if is_current(stream, id, ARGV[3], 1) then
  park(stream, id)
end
return 1
