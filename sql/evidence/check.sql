-- One row per check of the evidence.
insert into ops.evidence_checks
select
    $checked_through::timestamptz as checked_through,
    $changes as changes,
    count(*) as differences,
    $run_id as run_id
from underivable_changes
