-- One row: how many writing transactions this warehouse has committed.
create table if not exists ops.revision (
    revision bigint not null,
    recorded_at timestamptz not null,
    clock_at timestamptz
);
comment on table ops.revision is 'One row: how many writing transactions this warehouse has committed.';
comment on column ops.revision.recorded_at is 'when the last of them was recorded; no two share a time';
comment on column ops.revision.clock_at is 'what the clock said then; it may have been set back since';

-- name: advance
-- One row: how many writing transactions this warehouse has committed, and when the last. Part of each of them.
merge into ops.revision as revision
using (
    select
        1 as revision,
        $recorded_at::timestamptz as recorded_at,
        $clock::timestamptz as clock_at
) as this_one
    on true
when matched then
    update set
        revision = revision.revision + 1,
        recorded_at = this_one.recorded_at,
        clock_at = this_one.clock_at
when not matched then
    insert (revision, recorded_at, clock_at) values (this_one.revision, this_one.recorded_at, this_one.clock_at);

-- name: next_recorded_at
-- One row: when the transaction under way is recorded, later than all before it.
select greatest($clock::timestamptz, max(recorded_at) + interval 1 microsecond) as recorded_at
from ops.revision;

-- name: current
-- One row: the revision, 0 for a warehouse nothing was ever written to.
select coalesce(max(revision), 0) as revision
from ops.revision;

-- name: state
-- One row: the state of this file, by the number of its transactions and the time of the last.
select
    revision,
    recorded_at
from ops.revision;

-- name: clock
-- One row: what the clock said when something was recorded last.
select coalesce(clock_at, recorded_at) as clock_at
from ops.revision;

-- name: newest_record
-- One row: when something was recorded last.
select recorded_at
from ops.revision;
