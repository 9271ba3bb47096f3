-- The record of a distributed Abaci.
--
-- Points in time are milliseconds since 1970 UTC as whole numbers, as in the embedded record: both are then
-- read by the same code, and no session's time zone can move them. Lengths are bytes, durations milliseconds.
-- Words (status, lane, reasons) are those of the HTTP contract, so that a person with a SQL shell can read
-- the table; they are not enumerated in checks, because a newer version that was rolled back may have left
-- words in here which this one does not know.

create table calculations (
    -- Order of first asking; what cursors are made of. Gaps mean nothing.
    id bigint generated always as identity primary key,
    -- The key, as canonical text: F(1000).
    subject text not null unique,
    -- The signed index of F(n) as a number. Other kinds of subject have none, and that is how a version which
    -- only knows F(n) tells them.
    idx bigint,

    status text not null,
    lane text not null,
    -- Decimal digits of |value|, known before the value is.
    digits bigint not null,

    -- Approximate: counted in memory and added in batches.
    asked bigint not null default 1,
    -- First asked for. Stays when a row is queued again.
    asked_at bigint not null,
    -- Last entered into the queue: what a wait is measured from.
    queued_at bigint not null,
    started_at bigint,
    finished_at bigint,

    -- Beginnings under a lease since it was last queued; hand-backs are taken off again.
    attempt bigint not null default 0,
    -- Attempts that ended in an error since it was last queued.
    errors bigint not null default 0,
    -- Leases lost in a row since it was last queued.
    lost_leases bigint not null default 0,
    -- Rises with every lease and never falls: whoever reports with an older one is stale.
    fence bigint not null default 0,
    -- End of the lease by this database's clock; null when nobody holds one.
    lease_until bigint,
    -- By how much a renewal prolongs it.
    lease_ms bigint,
    worker text,
    -- Share done, 0 to 1.
    progress double precision,
    remaining_ms bigint,
    waiting_for text,

    failure text,
    failure_attempts bigint,

    -- Facts of a value. They outlive its text: when it is computed again, it must agree with them.
    first_digits text,
    last_digits text,
    -- 32 bytes: the hash of the decimal text, sign included.
    sha256 bytea,
    size_bytes bigint,
    compute_ms bigint,
    -- inline, object, evicted; null before the value was ever known.
    value_state text,
    -- Texts up to 1,000 digits, which are part of every answer. They lie in the row because a page of the
    -- list would otherwise look up each of them in another table; at 1 KB they are not moved out of it.
    short_text text,
    -- Last read; only kept up for objects, which are evicted by it.
    read_at bigint,

    -- Whether somebody asked without a token. Such an ask can't be withdrawn, so the work is never
    -- cancelled by the last token.
    unwithdrawable boolean not null,
    traceparent text
)
-- Room for a lease to be renewed twice a second without touching an index.
with (fillfactor = 85);

-- What waits or runs: the sweep goes through it by id, the backlog is counted in the index alone.
create index calculations_unfinished on calculations (id, status, lane, queued_at)
    where status in ('queued', 'running');

-- What can be evicted, least recently read first, and the sum of its bytes from the index alone.
create index calculations_objects on calculations (read_at, size_bytes)
    where value_state = 'object';

-- Texts above 1,000 digits and up to 64 KiB. A table of its own, so that lists never read past them.
create table value_texts (
    calculation_id bigint primary key references calculations (id),
    text text not null
);

-- Who may withdraw. Only the hash of a token is kept: a copy of this table cancels nothing.
create table asks (
    calculation_id bigint not null references calculations (id),
    -- 32 bytes.
    token_sha256 bytea not null,
    primary key (calculation_id, token_sha256)
);
