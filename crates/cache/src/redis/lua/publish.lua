-- new epoch, event, how many to keep
ensure_complete(ARGV[1])
redis.call('XADD', EVENTS, 'MAXLEN', '~', ARGV[3], text_of(last_number() + 1) .. '-1', 'a', ARGV[2])
return 1
