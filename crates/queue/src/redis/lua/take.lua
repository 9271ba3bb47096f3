-- epoch of a new life, worker, lease in ms, version known, 1 to take what was lost, lanes …
-- → lane, entry, deliveries, job; or nothing
local worker, lease, known_version, takes_lost = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local AT_ONCE, LONGEST_LEASE = 16, 60000

-- Each delivery before doubles the lease; the same rule as `lease.rs`.
local function stretched(deliveries)
  local doubled = lease * 2 ^ math.max(deliveries - 1, 0)
  return math.min(doubled, math.max(LONGEST_LEASE, lease))
end

local function promote_due()
  local due = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now_ms(), 'LIMIT', 0, 100)
  for _, member in ipairs(due) do
    local lane, job = string.match(member, '^(%a+) (.*)$')
    -- A lane that only a newer version has is left to its workers.
    if lane and STREAMS[lane] then
      add(STREAMS[lane], job)
      redis.call('ZREM', DELAYED, member)
    end
  end
end

local function take_lost(stream)
  local from = '-'
  while true do
    local pending = redis.call('XPENDING', stream, GROUP, 'IDLE', ARGV[3], from, '+', AT_ONCE)
    for _, lost in ipairs(pending) do
      local id, idle, deliveries = lost[1], lost[3], lost[4]
      from = '(' .. id
      if idle >= stretched(deliveries) then
        local entry = redis.call('XRANGE', stream, id, id)[1]
        if not entry then
          redis.call('XACK', stream, GROUP, id)
        elseif is_readable(job_of(entry), known_version) then
          redis.call('XCLAIM', stream, GROUP, worker, 0, id)
          return id, deliveries + 1, job_of(entry)
        end
      end
    end
    if #pending < AT_ONCE then
      return nil
    end
  end
end

local function take_new(stream)
  for _ = 1, AT_ONCE do
    local read = redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', 1, 'STREAMS', stream, '>')
    local entry = read and read[1] and read[1][2][1]
    if not entry then
      return nil
    end
    if is_readable(job_of(entry), known_version) then
      return entry[1], 1, job_of(entry)
    end
    park(stream, entry[1])
  end
end

revive(ARGV[1])
promote_due()
for i = 6, #ARGV do
  local stream = STREAMS[ARGV[i]]
  local id, deliveries, job
  if takes_lost then
    id, deliveries, job = take_lost(stream)
  end
  if not id then
    id, deliveries, job = take_new(stream)
  end
  if id then
    return { ARGV[i], id, deliveries, job }
  end
end
return false
