-- lane, entry, worker → leaves to a newer worker what was read and cannot be understood
local stream, id = STREAMS[ARGV[1]], ARGV[2]
if is_held(stream, id, ARGV[3], 1) then
  park(stream, id)
end
return 1
