-- The checksum of the numbers of a row that change: its counts and times, with its id. What is computed has request_check
-- and value_check; the rest are words. Each number counts by its remainder modulo a prime, so that one changed bit of any
-- of them is noticed; null counts as -1.
--
-- The database itself keeps it, because older versions do not know it. An update of a row that does not have its checksum
-- leaves the checksum as it is. Null means that the row was last changed before this migration.
alter table calculations add column row_check integer;

create trigger calculations_inserted after insert on calculations
begin
    update calculations set row_check =
        new.id % 2147483659 + 3 * (new.asked % 2147483659) + 5 * (new.asked_at % 2147483659) +
        7 * (new.queued_at % 2147483659) + 11 * (coalesce(new.started_at, -1) % 2147483659) +
        13 * (coalesce(new.finished_at, -1) % 2147483659) + 17 * (new.attempt % 2147483659) +
        19 * (coalesce(new.failure_attempts, -1) % 2147483659) + 23 * (coalesce(new.compute_ms, -1) % 2147483659)
        where id = new.id;
end;

create trigger calculations_updated
    after update of id, asked, asked_at, queued_at, started_at,
        finished_at, attempt, failure_attempts, compute_ms
    on calculations when new.row_check is null or new.row_check =
        old.id % 2147483659 + 3 * (old.asked % 2147483659) + 5 * (old.asked_at % 2147483659) +
        7 * (old.queued_at % 2147483659) + 11 * (coalesce(old.started_at, -1) % 2147483659) +
        13 * (coalesce(old.finished_at, -1) % 2147483659) + 17 * (old.attempt % 2147483659) +
        19 * (coalesce(old.failure_attempts, -1) % 2147483659) + 23 * (coalesce(old.compute_ms, -1) % 2147483659)
begin
    update calculations set row_check =
        new.id % 2147483659 + 3 * (new.asked % 2147483659) + 5 * (new.asked_at % 2147483659) +
        7 * (new.queued_at % 2147483659) + 11 * (coalesce(new.started_at, -1) % 2147483659) +
        13 * (coalesce(new.finished_at, -1) % 2147483659) + 17 * (new.attempt % 2147483659) +
        19 * (coalesce(new.failure_attempts, -1) % 2147483659) + 23 * (coalesce(new.compute_ms, -1) % 2147483659)
        where id = new.id;
end;
