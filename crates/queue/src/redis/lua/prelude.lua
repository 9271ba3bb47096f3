-- Precedes every script of the queue. All of them get the same keys.

local EPOCH, QUEUED, DELAYED = KEYS[1], KEYS[2], KEYS[3]
local STREAMS = { short = KEYS[4], medium = KEYS[5], long = KEYS[6] }
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

local function add(stream, job)
  return redis.call('XADD', stream, '*', 'job', job)
end

local function job_of(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'job' then
      return fields[i + 1]
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
