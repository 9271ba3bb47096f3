-- new epoch; optionally the epoch and number of an event id, and how many events at most
-- → epoch, last number, 1 if there is a gap, the events after the id with their numbers
ensure_complete(ARGV[1])
local epoch, last = redis.call('GET', EPOCH), last_number()
if #ARGV == 1 then
  return { epoch, text_of(last), 0, {} }
end

local after = tonumber(ARGV[3])
local first = number_of(redis.call('XRANGE', EVENTS, '-', '+', 'COUNT', 1)[1])
if ARGV[2] ~= epoch or after > last or after + 1 < first then
  return { epoch, text_of(last), 1, {} }
end

local events = {}
for _, entry in ipairs(redis.call('XRANGE', EVENTS, '(' .. ARGV[3] .. '-1', '+', 'COUNT', ARGV[4])) do
  events[#events + 1] = { text_of(number_of(entry)), entry[2][2] }
end
return { epoch, text_of(last), 0, events }
