-- new epoch, worker, leases in ms after 0, 1, … losses, known version, 1 to take expired deliveries,
-- max short jobs, lanes … → lane, and of each job: entry, deliveries, job; or nothing
local worker, known_version, reclaims = ARGV[2], tonumber(ARGV[4]), ARGV[5] == '1'
local max_short = tonumber(ARGV[6])
local BATCH = 16

local leases = {}
for ms in string.gmatch(ARGV[3], '%d+') do
  leases[#leases + 1] = tonumber(ms)
end

local function lease_of(deliveries)
  return leases[math.min(math.max(deliveries, 1), #leases)]
end

local function promote_due()
  local due = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now_ms(), 'LIMIT', 0, 100)
  for _, member in ipairs(due) do
    local lane, job = string.match(member, '^(%a+) (.*)$')
    -- A job of a lane that only a newer version knows is left to newer workers.
    if lane and STREAMS[lane] then
      add(lane, string.match(job, '"subject":"([^"]*)"'), job)
      redis.call('ZREM', DELAYED, member)
    end
  end
end

local function take_expired(stream)
  local from = '-'
  while true do
    local pending = redis.call('XPENDING', stream, GROUP, 'IDLE', leases[1], from, '+', BATCH)
    for _, delivery in ipairs(pending) do
      local id, idle, deliveries = delivery[1], delivery[3], delivery[4]
      from = '(' .. id
      if idle >= lease_of(deliveries) then
        local entry = redis.call('XRANGE', stream, id, id)[1]
        if not entry then
          redis.call('XACK', stream, GROUP, id)
        elseif is_readable(job_of(entry), known_version) then
          redis.call('XCLAIM', stream, GROUP, worker, 0, id)
          return id, deliveries + 1, job_of(entry)
        end
      end
    end
    if #pending < BATCH then
      return nil
    end
  end
end

-- Appends new jobs to `taken` until there are `max`.
local function take_new(stream, taken, max)
  for _ = 1, BATCH do
    if stream == STREAMS.long and #taken < max and not has_unclaimed(stream) then
      let_in_next()
    end
    local count = max - #taken
    local read = count > 0 and redis.call('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', count, 'STREAMS', stream, '>')
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

ensure_complete(ARGV[1])
promote_due()
for i = 7, #ARGV do
  local lane, taken = ARGV[i], {}
  local id, deliveries, job
  if reclaims then
    id, deliveries, job = take_expired(STREAMS[lane])
  end
  if id then
    taken = { { id, deliveries, job } }
  else
    take_new(STREAMS[lane], taken, lane == 'short' and max_short or 1)
  end
  if #taken > 0 then
    return { lane, taken }
  end
end
return false
