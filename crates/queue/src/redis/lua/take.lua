-- epoch of a new life, worker, lease in ms, version known, 1 to take what was lost, how many short ones, lanes …
-- → lane, and of each job: entry, deliveries, job; or nothing
local worker, lease, known_version, takes_lost = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local most_short = tonumber(ARGV[6])
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

-- Adds to `taken` what is new, until those are so many.
local function take_new(stream, taken, most)
  for _ = 1, AT_ONCE do
    local wanted = most - #taken
    local read = wanted > 0 and redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', wanted, 'STREAMS', stream, '>')
    local entries = read and read[1] and read[1][2] or {}
    if #entries == 0 then
      return
    end
    for _, entry in ipairs(entries) do
      if is_readable(job_of(entry), known_version) then
        taken[#taken + 1] = { entry[1], 1, job_of(entry) }
      else
        park(stream, entry[1])
      end
    end
  end
end

revive(ARGV[1])
promote_due()
for i = 7, #ARGV do
  local lane, taken = ARGV[i], {}
  local id, deliveries, job
  if takes_lost then
    id, deliveries, job = take_lost(STREAMS[lane])
  end
  if id then
    taken = { { id, deliveries, job } }
  else
    take_new(STREAMS[lane], taken, lane == 'short' and most_short or 1)
  end
  if #taken > 0 then
    return { lane, taken }
  end
end
return false
