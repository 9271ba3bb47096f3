-- epoch of a new life, announcement, how many to keep
revive(ARGV[1])
redis.call('XADD', EVENTS, 'MAXLEN', '~', ARGV[3], text_of(last_number() + 1) .. '-1', 'a', ARGV[2])
return 1
