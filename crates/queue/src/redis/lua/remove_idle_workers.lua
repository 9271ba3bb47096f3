-- idle time in ms → removes the workers that were idle for longer and hold no job
for _, stream in pairs(STREAMS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, GROUP)
  for _, consumer in ipairs(consumers.err and {} or consumers) do
    local of = {}
    for i = 1, #consumer, 2 do
      of[consumer[i]] = consumer[i + 1]
    end
    if of.pending == 0 and of.idle >= tonumber(ARGV[1]) then
      redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, of.name)
    end
  end
end
return 1
