-- Who queued unfinished work: an IPv4 address or the /64 network of an IPv6 address. Null once the calculation ends, and
-- in what older versions queued.
alter table calculations add column submitter text;
