-- Precedes every script of the queue. All of them get the same keys.

local EPOCH, QUEUED, DELAYED = KEYS[1], KEYS[2], KEYS[3]
local STREAMS = { short = KEYS[4], medium = KEYS[5], long = KEYS[6] }
-- The long lane is shared between submitters by start-time fair queueing: see FINISH and `charge`.
local WAITING, SINCE, FINISH = KEYS[7], KEYS[8], KEYS[9]
-- The member of FINISH whose score is the virtual time: the start of the job that was let in last.
local NOW = '(now)'
local GROUP = 'workers'
-- The consumer that holds entries which this version cannot read, until a newer worker takes them.
local NEWER = '(newer)'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function is_complete()
  if redis.call('EXISTS', EPOCH, KEYS[4], KEYS[5], KEYS[6]) < 4 then
    return false
  end
  for i = 4, 6 do
    -- The cheapest command that fails without a group.
    if redis.pcall('XPENDING', KEYS[i], GROUP).err then
      return false
    end
  end
  return true
end

-- Deletes all jobs and begins a new epoch.
local function reset(epoch)
  redis.call('DEL', unpack(KEYS))
  for i = 4, 6 do
    redis.call('XGROUP', 'CREATE', KEYS[i], GROUP, '0', 'MKSTREAM')
  end
  redis.call('SET', EPOCH, epoch)
end

-- Resets the queue if a key is missing: the rest may hold jobs that would never be delivered.
local function ensure_complete(epoch)
  if not is_complete() then
    reset(epoch)
  end
end

local function is_queued(subject)
  return redis.call('SISMEMBER', QUEUED, subject) == 1 or redis.call('ZSCORE', SINCE, subject) ~= false
end

-- Returns whether a stream has entries that no worker has claimed.
local function has_unclaimed(stream)
  return redis.call('XLEN', stream) > redis.call('XPENDING', stream, GROUP)[1]
end

local function has_waiting_long_jobs()
  return redis.call('ZCARD', WAITING) > 0 or has_unclaimed(STREAMS.long)
end

local function virtual_time()
  return tonumber(redis.call('ZSCORE', FINISH, NOW) or 0)
end

-- Returns the start of new work of a submitter, and moves the end of all its work by it. While no job waits, there is
-- nothing to share.
local function charge(submitter, work_ms)
  if not has_waiting_long_jobs() then
    redis.call('DEL', FINISH)
  end
  local start = math.max(virtual_time(), tonumber(redis.call('ZSCORE', FINISH, submitter) or 0))
  redis.call('ZADD', FINISH, start + math.max(work_ms, 1), submitter)
  return start
end

-- Adds a job to its lane. Long jobs wait in WAITING, and one at most in the stream, where it wakes a claim: it is let in
-- when no other waits. `subject` is nil if the job does not say it in a way that this version can read.
local function add(lane, subject, job, start)
  if lane == 'long' and subject and has_waiting_long_jobs() then
    redis.call('SREM', QUEUED, subject)
    redis.call('ZADD', WAITING, start or virtual_time(), subject .. ' ' .. job)
    redis.call('ZADD', SINCE, now_ms(), subject)
  else
    if subject then
      redis.call('SADD', QUEUED, subject)
    end
    redis.call('XADD', STREAMS[lane], '*', 'job', job)
  end
end

-- Moves the waiting long job with the smallest start into the stream.
local function let_in_next()
  while true do
    local first = redis.call('ZRANGE', WAITING, 0, 0, 'WITHSCORES')
    if #first == 0 then
      return
    end
    local member, start = first[1], first[2]
    redis.call('ZREM', WAITING, member)
    -- What ended before the virtual time makes no difference to a submitter.
    redis.call('ZREMRANGEBYSCORE', FINISH, '-inf', '(' .. start)
    redis.call('ZADD', FINISH, start, NOW)
    local subject, job = string.match(member, '^(%S+) (.*)$')
    if subject then
      redis.call('ZREM', SINCE, subject)
      -- A process of an earlier version may have added the same subject to the stream.
      if redis.call('SADD', QUEUED, subject) == 1 then
        redis.call('XADD', STREAMS.long, '*', 'job', job)
        return
      end
    end
  end
end

local function job_of(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'job' then
      return fields[i + 1]
    end
  end
end

-- Returns the id of the entry that was delivered last: those after it are unclaimed. XINFO alternates names and values.
local function last_delivered(stream)
  local group = redis.call('XINFO', 'GROUPS', stream)[1]
  for i = 1, #group, 2 do
    if group[i] == 'last-delivered-id' then
      return group[i + 1]
    end
  end
end

-- Every version writes its number first, so no JSON has to be decoded here.
local function is_readable(job, known_version)
  local version = job and tonumber(string.match(job, '^{"v":(%d+)'))
  return version ~= nil and version <= known_version
end

-- A delivery is current until its entry is delivered again.
local function is_current(stream, id, worker, deliveries)
  local pending = redis.pcall('XPENDING', stream, GROUP, id, id, 1)
  local entry = pending[1]
  return entry ~= nil and not pending.err and entry[2] == worker and entry[4] == tonumber(deliveries)
end

local function remove(stream, id)
  redis.call('XACK', stream, GROUP, id)
  redis.call('XDEL', stream, id)
end

-- Makes an entry look undelivered, and idle for an hour, so that a newer worker takes it at once.
local function park(stream, id)
  redis.call('XCLAIM', stream, GROUP, NEWER, 0, id, 'IDLE', 3600000, 'RETRYCOUNT', 0, 'JUSTID')
end
