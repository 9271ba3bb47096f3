-- epoch of a new life → the epoch of the present one
revive(ARGV[1])
return redis.call('GET', EPOCH)
