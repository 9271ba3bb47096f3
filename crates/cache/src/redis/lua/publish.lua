-- new epoch, how many to keep, then the events
ensure_complete(ARGV[1])
local number = last_number()
for i = 3, #ARGV do
  number = number + 1
  redis.call('XADD', EVENTS, 'MAXLEN', '~', ARGV[2], text_of(number) .. '-1', 'a', ARGV[i])
end
return 1
