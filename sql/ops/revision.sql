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
    insert (revision, recorded_at, clock_at) values (this_one.revision, this_one.recorded_at, this_one.clock_at)
