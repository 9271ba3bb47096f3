-- new epoch, used if the queue is incomplete → the epoch
ensure_complete(ARGV[1])
return redis.call('GET', EPOCH)
