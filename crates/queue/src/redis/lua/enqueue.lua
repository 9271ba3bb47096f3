-- new epoch, then of each job: subject, lane, job, submitter, work in ms → for each job: 1 if it was added, 0 if its
-- subject was in the queue
ensure_complete(ARGV[1])
local added = {}
for i = 2, #ARGV, 5 do
  local subject, lane = ARGV[i], ARGV[i + 1]
  local is_new = not is_queued(subject)
  if is_new then
    add(lane, subject, ARGV[i + 2], lane == 'long' and charge(ARGV[i + 3], tonumber(ARGV[i + 4])))
  end
  added[#added + 1] = is_new and 1 or 0
end
return added
