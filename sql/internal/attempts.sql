-- One row per delivered file that was begun in its present state and is not finished.
create table if not exists internal.attempts (
    name varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    attempts integer not null,
    failed_reads integer not null,
    waits_for varchar
);
comment on table internal.attempts is 'One row per delivered file that was begun in its present state and is not finished.';
comment on column internal.attempts.attempts is 'how often it was begun and never ended; counted before it is opened';
comment on column internal.attempts.failed_reads is 'how often it could not be taken';
comment on column internal.attempts.waits_for is 'why not; null: whoever began it has not come back';

-- name: begin
-- One row per delivered file that was begun in its present state and is not finished. Reads seen_files.
merge into internal.attempts as known
using seen_files as begun
    on
        known.name = begun.name
        and known.bytes = begun.bytes
        and known.changed_ns = begun.changed_ns
when matched then update set attempts = known.attempts + 1
when not matched then
    insert (name, bytes, changed_ns, attempts, failed_reads)
    values (begun.name, begun.bytes, begun.changed_ns, 1, 0);

-- name: release
-- The last attempt at some files does not count: it ended for a reason that has nothing to do with them. Reads
-- seen_files.
update internal.attempts as known
set attempts = known.attempts - 1
from seen_files as begun
where known.name = begun.name and known.bytes = begun.bytes and known.changed_ns = begun.changed_ns;

-- name: record_failed_read
-- The attempt at a file has ended: it could not be taken, and will be read again.
update internal.attempts
set attempts = 0, failed_reads = failed_reads + 1, waits_for = $waits_for
where name = $name and bytes = $bytes and changed_ns = $changed_ns;

-- name: finish
-- Nothing is left of the attempts at files that have been taken.
delete from internal.attempts
where name in (select unnest($names::varchar[]));

-- name: count_gone
-- One row: how many begun files are gone or have changed since. Reads seen_files.
select count(*) as gone
from internal.attempts
anti join seen_files using (name, bytes, changed_ns);

-- name: remove_gone
-- Nothing is left of the attempts at files that are gone or have changed since. Reads seen_files.
delete from internal.attempts
where not exists (
    from seen_files as seen
    where seen.name = attempts.name and seen.bytes = attempts.bytes and seen.changed_ns = attempts.changed_ns
);

-- name: of_seen_files
-- One row per file in seen_files that was begun in its present state and is not finished.
select
    seen.place,
    known.attempts,
    known.failed_reads
from seen_files as seen
inner join internal.attempts as known using (name, bytes, changed_ns);
